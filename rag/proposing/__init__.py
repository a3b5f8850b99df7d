"""What a document says about itself: START HERE. Text → proposals with the spans they were read from. Pure.

Nothing is guessed silently: what the text does not say is None, and what was reckoned from it says how. Rules, not a
model: each value can be pointed at on the page.
"""

from __future__ import annotations

from rag.proposing.about import audience_of, categories_of, place_of
from rag.proposing.days import days_in
from rag.proposing.effect import effect_of, expiry_of, repeals_of
from rag.proposing.head import Head, Made, issuer_of, makings, number_of, read_head, signed_on, title_of
from rag.proposing.models import RECKONED, Proposals, Proposed, Remark, Repeal, Why

__all__ = ["RECKONED", "Proposals", "Proposed", "Remark", "Repeal", "Why", "propose"]


def propose(text: str, title_hint: str = "") -> Proposals:
    """Read a document's text (Markdown or plain, as `rag.reading.normalise` leaves it).

    `title_hint` is the heading that the file's reader took for the title; it counts where it is a line of the head.
    """
    head = read_head(text)
    made = makings(text, head)
    title = title_of(head, title_hint)
    written, issued = _written(text, head, made), _issued(head, made)
    issuer = issuer_of(text, head, title, made)
    published = issued or (_as_published(written) if not made else None)
    effect = effect_of(text, made, published)
    effective = effect.found or _labelled(head, "施行日期", "生效日期", "实施日期")
    level, jurisdiction, outside = place_of(title, issuer)
    return Proposals(
        title=title,
        doc_no=number_of(text, head, made),
        issuer=issuer,
        written=written,
        issued=issued or _as_published(written),
        amended=_amended(made),
        effective=effective,
        expires=expiry_of(text, effective) or _labelled(head, "有效期至", "有效期截止", "失效日期"),
        repeals=tuple(repeals_of(text, effective)),
        audience=tuple(audience_of(text)),
        categories=tuple(categories_of(text, title)),
        level=level,
        jurisdiction=jurisdiction,
        remarks=tuple(_remarks(title, effective, unknown=effect.unknown, several=effect.several, outside=outside)),
    )


def _remarks(
    title: Proposed[str] | None, effective: Proposed[str] | None, *, unknown: bool, several: bool, outside: bool
) -> list[Remark]:
    found: list[Remark] = []
    if unknown:
        found.append("publication_day_unknown")
    elif effective is None:
        found.append("no_effective_day")
    if several:
        found.append("several_effective_days")
    if outside:
        found.append("outside")
    if title is not None and "征求意见" in title.value:
        found.append("consultation_draft")
    return found


def _written(text: str, head: Head, made: list[Made]) -> Proposed[str] | None:
    """成文: a label, the day under the signature, or the last day the whole text was adopted."""
    if (labelled := _labelled(head, "成文日期", "发文日期")) is not None:
        return labelled
    if (day := signed_on(text)) is not None:
        return Proposed(day.iso, day.start, day.end, "signature")
    steps = [step for step in made if step.what in {"adopted", "revised"}]
    return Proposed(steps[-1].day.iso, steps[-1].day.start, steps[-1].day.end, "head") if steps else None


def _issued(head: Head, made: list[Made]) -> Proposed[str] | None:
    if (labelled := _labelled(head, "发布日期", "公布日期", "印发日期", "公开日期")) is not None:
        return labelled
    steps = [step for step in made if step.what in {"published", "reissued"}]
    return Proposed(steps[-1].day.iso, steps[-1].day.start, steps[-1].day.end, "head") if steps else None


def _amended(made: list[Made]) -> Proposed[str] | None:
    steps = [step for step in made if step.what in {"amended", "revised", "reissued"}]
    last = max(steps, key=lambda step: step.day.iso, default=None)
    return Proposed(last.day.iso, last.day.start, last.day.end, "head") if last else None


def _as_published(written: Proposed[str] | None) -> Proposed[str] | None:
    """The day it was signed, where no day of publication is given: said to be that."""
    return Proposed(written.value, written.start, written.end, "written_day") if written else None


def _labelled(head: Head, *labels: str) -> Proposed[str] | None:
    for label in labels:
        if (found := head.labels.get(label)) is not None:
            day = next(days_in(found.value), None)
            if day is not None:
                return Proposed(day.iso, found.start + day.start, found.start + day.end, "label")
    return None
