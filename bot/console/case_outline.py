"""An AI outline as a case's page, its print and the terminal show it: lines with proofs, always with the label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.needs import Needs
from bot.outlining import NotMade, Outlining
from bot.phrases import Lang, Phrases
from intake.cases import Actor, Case
from intake.outlines import OWN, Line, Outline

_CASE, _PARTY = "case:", "party:"


@dataclass(frozen=True, slots=True)
class ShownOutline:
    """`alike`: the line about a like need by its number, about a party by its id. `why` is there where no button is."""

    label: str
    own: Outline | None = None
    alike: Mapping[str, Line] = field(default_factory=dict)
    may: bool = False
    why: str = ""
    model: str = ""


def shown_outline(outlining: Outlining, needs: Needs, actor: Actor, case: Case, lang: Lang) -> ShownOutline:
    """What is kept of it, and whether this person may have one drafted."""
    kept = outlining.kept(actor, case)
    refused = outlining.refusal(actor, case)
    alike = {key: outline.lines[0] for about, outline in kept.items() if (key := _of(needs, about)) and outline.lines}
    own = kept.get(OWN)
    why = "" if refused is None else why_not(refused, lang)
    model = own.model if own else outlining.model
    return ShownOutline(Phrases(lang, PART).say("outline.label"), own, alike, refused is None, why, model)


PART = "console_outline"


def why_not(refused: NotMade, lang: Lang) -> str:
    """Why nothing was drafted, as a sentence."""
    book = Phrases(lang, PART)
    if refused.why != "fault":
        return book.say(f"outline.why.{refused.why}")
    key = f"outline.why.fault.{refused.fault}"
    return book.say(key) if book.has(key) else book.say("outline.why.fault.other", fault=refused.fault)


def marked(line: Line, lang: Lang) -> str:
    """A line with its label and proofs, where there is no markup to carry them."""
    book = Phrases(lang, PART)
    proofs = "；".join(book.say("outline.quote", label=proof.label, quote=proof.quote) for proof in line.proofs)
    return book.say("outline.mark", text=line.text, proofs=proofs)


def cell(outline: Outline, lang: Lang) -> str:
    """An outline in one cell of a sheet."""
    return Phrases(lang, PART).say("outline.cell", text="\n".join(line.text for line in outline.lines))


def _of(needs: Needs, about: str) -> str:
    if about.startswith(_PARTY):
        return about.removeprefix(_PARTY)
    other = needs.cases.by_id(about.removeprefix(_CASE)) if about.startswith(_CASE) else None
    return other.reference if other else ""
