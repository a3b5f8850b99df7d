"""What a model wrote → claims that are proven, and why the others fell. Pure.

Start here for what a written claim must pass: quotes exact, figures in its own quotes, words of its own clauses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from rag.citations import locate, verified
from rag.model_answers.bearing import Ground, bears, keeps_bounds, keeps_polarity
from rag.model_answers.quantities import quantities, stated
from rag.model_answers.roles import Standing, keeps_roles
from rag.model_answers.support import (
    folded,
    is_plain_text,
    lures,
    may_be_repeated,
    speaks_to_the_model,
)
from rag.models import Claim, Passage, Quote

MOST_CLAIMS = 6
LONGEST_CLAIM = 160
SHORTEST_QUOTE = 4
LONGEST_SHOWN = 320

Why = Literal[
    "no quote", "quote not verbatim", "markup", "number", "role", "words", "bound", "negation", "too long", "again"
]
WHY: Mapping[Why, str] = {
    "no quote": "没有引文，或编号不对",
    "quote not verbatim": "引文与条款不是一字不差",
    "markup": "含有网址、标记符号，或不是中文",
    "number": "句子里的数字、金额、比例或日期不在自己的引文里",
    "role": "数字与它所说的对象、条件对不上，或起止颠倒",
    "words": "句子用了条款里没有的说法",
    "bound": "丢了“最高”“不低于”一类的限定词",
    "negation": "肯定与否定和引文不一致",
    "too long": "句子太长",
    "again": "重复",
}


class WrittenQuote(BaseModel):
    model_config = ConfigDict(extra="ignore")
    passage: Annotated[str, Field(max_length=20, description="条款编号，如 P1")]
    quote: Annotated[str, Field(max_length=2000, description="从该条 text 中一字不差抄下的一段")]


class WrittenClaim(BaseModel):
    model_config = ConfigDict(extra="ignore")
    text: Annotated[str, Field(max_length=2000, description="一句中文")]
    quotes: Annotated[list[WrittenQuote], Field(max_length=8)]


class Written(BaseModel):
    """The shape that a model is asked for."""

    model_config = ConfigDict(extra="ignore")
    completeness: Literal["complete", "partial", "none"]
    claims: Annotated[list[WrittenClaim], Field(max_length=20)]
    missing: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=8)] = []


@dataclass(frozen=True, slots=True)
class Checked:
    """Claims that are proven, the others with why they fell, and what of the question stays unanswered."""

    claims: tuple[Claim, ...]
    dropped: tuple[tuple[str, Why], ...]
    missing: tuple[str, ...]


def check(written: Written, passages: Mapping[str, Passage], question: str, synonyms: Sequence[str] = ()) -> Checked:
    """`passages` by the handle that the model was given. `synonyms` stand for words of the clauses (高企)."""
    kept: list[Claim] = []
    dropped: list[tuple[str, Why]] = []
    for claim in written.claims[:MOST_CLAIMS]:
        found = _proven(claim, passages, synonyms)
        if isinstance(found, str):
            dropped.append((claim.text[:LONGEST_CLAIM], found))
        elif any(found.text == other.text for other in kept):
            dropped.append((found.text, "again"))
        else:
            kept.append(found)
    given = " ".join(f"{' '.join(each.path)} {each.lead} {each.text}" for each in passages.values())
    return Checked(tuple(kept), tuple(dropped), _missing(written.missing, question, given))


def _proven(written: WrittenClaim, passages: Mapping[str, Passage], synonyms: Sequence[str]) -> Claim | Why:
    text = written.text.strip()
    quoted = [(passages.get(each.passage.strip()), each.quote) for each in written.quotes]
    if not text or not quoted or any(passage is None for passage, _ in quoted):
        return "no quote"
    if len(text) > LONGEST_CLAIM:
        return "too long"
    found = [(passage, locate(quote.strip(), passage)) for passage, quote in quoted if passage is not None]
    exact = [(passage, quote) for passage, quote in found if quote is not None]
    if len(exact) < len(found) or any(_too_short(quote, passage) for passage, quote in exact):
        return "quote not verbatim"
    if not is_plain_text(text):
        return "markup"
    # A clause that tells its reader what to say is no clause: nothing in it proves anything.
    if lures(text) or any(speaks_to_the_model(said) for said in (text, *(passage.text for passage, _ in exact))):
        return "words"
    return _kept_to(text, exact, synonyms)


def _kept_to(text: str, exact: Sequence[tuple[Passage, Quote]], synonyms: Sequence[str]) -> Claim | Why:
    quotes = [quote.quote for _, quote in exact]
    numbers = [quantity for quote in quotes for quantity in quantities(quote)]
    claim = Claim(text, tuple(quote for _, quote in exact))
    if not verified(claim, {passage.id: passage for passage, _ in exact}):
        return "number"
    if not all(stated(quantity, numbers) for quantity in quantities(text)):
        return "number"
    shown = list(dict.fromkeys(_shown(quote, passage) for passage, quote in exact))
    whole = [_clause(quote, passage) for passage, quote in exact]
    if any(lures(quote.quote) for quote in shown):
        return "words"
    if not keeps_bounds(text, whole):
        return "bound"
    if not keeps_polarity(text, whole):
        return "negation"
    if not bears(text, [_ground(passage, shown) for passage, _ in exact], synonyms):
        return "words"
    if not keeps_roles(text, [_standing(quote, passage) for passage, quote in exact]):
        return "role"
    return Claim(text, tuple(shown))


def _standing(quote: Quote, passage: Passage) -> Standing:
    over = f"{' '.join(passage.path)} {passage.lead}"
    return Standing(passage.text, over, quote.start, quote.start + len(quote.quote))


def proves(claim: Claim, passages: Sequence[Passage | None]) -> bool:
    """Whether the quotes of a claim, as stored, hold its words and figures: `check` once more, on what is shown."""
    known = {passage.id: passage for passage in passages if passage is not None}
    if not verified(claim, known):
        return False
    numbers = [quantity for quote in claim.quotes for quantity in quantities(quote.quote)]
    standing = [_standing(quote, known[quote.passage]) for quote in claim.quotes]
    return all(stated(q, numbers) for q in quantities(claim.text)) and keeps_roles(claim.text, standing)


def _ground(passage: Passage, shown: Sequence[Quote]) -> Ground:
    """A clause as far as it is quoted. A row's cells are read under the names of its columns."""
    own = " ".join(quote.quote for quote in shown if quote.passage == passage.id)
    return Ground(f"{passage.lead} {own}" if passage.kind == "row" else own, f"{' '.join(passage.path)} {passage.lead}")


def _clause(quote: Quote, passage: Passage) -> str:
    """The quote out to the ends of its clause, so that no 「不得」 or 「最高」 is cut off in front of it."""
    ends = "，,。；;：:\n|"
    start, end = quote.start, quote.start + len(quote.quote)
    while start > 0 and passage.text[start - 1] not in ends:
        start -= 1
    while end < len(passage.text) and passage.text[end - 1] not in ends and passage.text[end] not in ends:
        end += 1
    return passage.text[start:end]


def _too_short(quote: Quote, passage: Passage) -> bool:
    return len(quote.quote.strip()) < SHORTEST_QUOTE and quote.quote.strip() != passage.text.strip()


def _shown(quote: Quote, passage: Passage) -> Quote:
    """The quote out to the ends of its sentence, as it is shown: half a sentence reads badly and may mislead."""
    if passage.kind == "row" and len(passage.text) <= LONGEST_SHOWN:
        return Quote(passage.id, passage.text, 0)
    start = max((match.end() for match in re.finditer(r"[。；;\n]", passage.text[: quote.start])), default=0)
    after = quote.start + len(quote.quote)
    if passage.text[after - 1] in "。；;\n":
        end = after
    else:
        stop = re.search(r"[。；;\n]", passage.text[after:])
        end = after + stop.end() if stop else len(passage.text)
    start += len(passage.text[start:end]) - len(passage.text[start:end].lstrip())
    end -= len(passage.text[start:end]) - len(passage.text[start:end].rstrip())
    whole = passage.text[start:end]
    return Quote(passage.id, whole, start) if len(quote.quote) <= len(whole) <= LONGEST_SHOWN else quote


def _missing(parts: Sequence[str], question: str, given: str) -> tuple[str, ...]:
    """Only words of the question itself are repeated as unanswered: a model may not say anything there, either; and
    only those that the clauses know, or that name what is asked for: a question may hold somebody's errand."""
    asked = folded(question)
    said = [part.strip() for part in parts]
    fit = [part for part in said if 2 <= len(part) <= 20 and folded(part) in asked and may_be_repeated(part, given)]
    return tuple(dict.fromkeys(fit))[:3]
