"""`ask --why`: a question by the usual steps, each of which says what it found and why there is an answer or none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from bot.bootstrap import House
from bot.channels.web_chat.words import Words
from bot.commands.faults import CommandError
from bot.commands.lines import print_line
from bot.console.words import load_words
from intake.reading.sensitive import without_numbers
from rag.explaining import Candidate, Explained, explain
from rag.models import Question

BAR = 20
SHOWN = 8


def tell_why(house: House, text: str, district: str | None, as_of: date | None) -> None:
    """Raises CommandError before the first release."""
    found = explain(house.pipeline, Question(without_numbers(text), district=district, as_of=as_of))
    words = load_words()["zh"]
    if found is None:
        raise CommandError(words("why.no_release"))
    for line in _lines(found, words):
        print_line(line)


def _lines(found: Explained, words: Words) -> Iterator[str]:
    answer = found.answer
    status = f"why.status.{answer.status}"
    yield f"{words('why.outcome')}：{words(status) if words.has(status) else answer.status}"
    if found.refused:
        yield f"    {words(f'why.reason.{found.refused}')}"
    if answer.approved:
        yield f"    {words('why.approved', number=answer.approved.id)}"
    yield f"    {words('why.release')} {(answer.release or '—')[:12]} · {words('why.day')} {found.day}"
    yield "    " + " · ".join(f"{words(f'why.step.{s.name}')} {s.seconds * 1000:.1f} ms" for s in found.steps)
    if found.rewritten:
        yield from _understood(found, words)
        yield from _filtered(found, words)
    yield from _tests(found, words)
    if found.candidates:
        yield words("why.candidates", count=min(len(found.candidates), SHOWN))
        yield f"    {_fusion(found, words)}"
    for number, one in enumerate(found.candidates[:SHOWN], start=1):
        yield from _candidate(number, one, words)


def _understood(found: Explained, words: Words) -> Iterator[str]:
    wants = "、".join(words(f"why.want.{want}") for want in found.wants)
    yield words("why.understood")
    yield f"    {words('why.rewritten')}：{found.rewritten}{words('why.followed') if found.followed else ''}"
    shown = (("core", found.core), ("subject", found.subject), ("related", "、".join(found.related)), ("wants", wants))
    for key, value in (*shown, ("unknown", "、".join(found.unknown)), ("uncovered", "、".join(found.uncovered))):
        if value:
            yield f"    {words(f'why.{key}')}：{value}"


def _filtered(found: Explained, words: Words) -> Iterator[str]:
    counts = {"documents": found.documents, "reachable": found.reachable, "retired": found.retired}
    yield f"{words('why.filters')}：{'、'.join(found.places) or words('why.nowhere')}"
    yield f"    {words('why.reachable', **counts)}"
    if found.left:
        yield f"    {words('why.left')}"
    for left in found.left:
        yield f"    - 《{left.title}》（{left.place}）{left.score:.3f}"


def _tests(found: Explained, words: Words) -> Iterator[str]:
    if found.tests:
        yield words("why.tests")
    for test in found.tests:
        mark = words("why.passed" if test.passed else "why.failed")
        values = {"value": f"{test.value or 0:.3f}", "threshold": f"{test.threshold or 0:.3f}"}
        told = f"（{words('why.against', **values)}）" if test.value is not None else ""
        yield f"    {mark}  {words(f'why.test.{test.name}')}{told}"
    for name, value in found.evidence.items():
        yield f"    {_bar(value)} {value:.3f} {words(f'why.evidence.{name}')}"
    if (writing := found.answer.writing) is not None:
        dropped = f"：{', '.join(writing.dropped)}" if writing.dropped else ""
        yield f"    {words('why.writing', kept=writing.kept, dropped=len(writing.dropped))}{dropped}"


def _fusion(found: Explained, words: Words) -> str:
    if not found.dense_weight:
        return words("why.lexical_only")
    shares = {"lexical": round(100 * (1 - found.dense_weight)), "dense": round(100 * found.dense_weight)}
    return words("why.fusion", **shares)


def _candidate(number: int, one: Candidate, words: Words) -> Iterator[str]:
    marks = [one.state.value if one.state else ""]
    marks += [words("why.quoted")] if one.quoted else [words("why.chosen")] if one.chosen else []
    marks += [words("why.contradicts")] if one.contradicts else []
    marks += [] if one.holds else [words("why.lacks")]
    yield f"{number}. 《{one.title}》{one.passage.article or ''}（{'；'.join(filter(None, marks))}）"
    yield f"    {_bar(one.lexical / 1.4)} {one.lexical:.3f} {words('why.lexical')} · {_rank(one.lexical_rank, words)}"
    if one.dense is not None and one.dense_rank is not None:
        yield f"    {_bar(one.dense)} {one.dense:.3f} {words('why.dense')} · {_rank(one.dense_rank, words)}"
    factor = f" × {one.factor:.2f}" if one.factor != 1 else ""
    named = f" + {one.named:.3f}" if one.named else ""
    yield f"    {_bar(one.fused)} {one.fused:.3f} {words('why.fused')}{factor}{named}"
    yield f"    {_bar(one.score)} {one.score:.3f} {words('why.score')}"


def _rank(rank: int, words: Words) -> str:
    return words("why.rank", rank=rank)


def _bar(value: float) -> str:
    full = round(BAR * min(max(value, 0.0), 1.0))
    return "█" * full + "·" * (BAR - full)
