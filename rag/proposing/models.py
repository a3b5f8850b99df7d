"""What a document says about itself, as proposed to whoever confirms it: each value with the span it was read from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from rag.models import Category, Level

Value = TypeVar("Value", covariant=True)

Why = Literal[
    "stated", "heading", "first_line", "label", "order", "signature", "head", "title", "written_day",
    "from_publication", "days_after_publication", "years_of_validity", "with_effect", "words", "issuer", "same_title",
]  # fmt: skip
"""How a value was come to. Wording: bot/wording/corpus_life.<lang>.toml, [why.<why>].

stated: the text says it in so many words · heading, first_line: a title by where it stands · label: 「发文机关：」 ·
order: 国务院令第…号 · signature: above the date at the end · head: from the lines under the title · title: from the
title's words · written_day: the day it was signed, no day of publication is given · from_publication: 自公布之日起
and the day of publication · days_after_publication: 自公布之日起30日后 · years_of_validity: 有效期…年, counted from
the day of effect · with_effect: 同时废止, on the day of effect · words: how often words of a field come · issuer: from
who issued it · same_title: an older edition by its title and day, no word in the text says that this one ends it.
"""

RECKONED: frozenset[Why] = frozenset(
    {
        "written_day",
        "from_publication",
        "days_after_publication",
        "years_of_validity",
        "with_effect",
        "words",
        "same_title",
    }
)
"""Come to by reckoning: whoever confirms should look at these first."""

Remark = Literal[
    "publication_day_unknown", "several_effective_days", "outside", "consultation_draft", "no_effective_day",
    "newer_edition",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Proposed(Generic[Value]):
    """A value and text[start:end], where it was read. A reckoned one names the statement it was reckoned from."""

    value: Value
    start: int
    end: int
    why: Why = "stated"

    @property
    def reckoned(self) -> bool:
        return self.why in RECKONED


@dataclass(frozen=True, slots=True)
class Repeal:
    """A document that this one ends: its title, its number where one stands beside it, and from which day (or None)."""

    title: str
    doc_no: str | None
    on: str | None


@dataclass(frozen=True, slots=True)
class Proposals:
    """None (or nothing) where the text does not say. Dates are YYYY-MM-DD, as precise as the text has them.

    `written` is 成文 or 通过, `issued` 发布, `amended` the last change of it, `effective` 施行, `expires` the last day
    (有效期至 counts it in).
    `remarks` name what somebody has to settle who knows more than the text.
    """

    title: Proposed[str] | None = None
    doc_no: Proposed[str] | None = None
    issuer: Proposed[str] | None = None
    written: Proposed[str] | None = None
    issued: Proposed[str] | None = None
    amended: Proposed[str] | None = None
    effective: Proposed[str] | None = None
    expires: Proposed[str] | None = None
    repeals: tuple[Proposed[Repeal], ...] = ()
    audience: tuple[Proposed[str], ...] = ()
    categories: tuple[Proposed[Category], ...] = ()
    level: Proposed[Level] | None = None
    jurisdiction: Proposed[str] | None = None
    remarks: tuple[Remark, ...] = ()

    def each(self) -> Iterator[tuple[str, Proposed[object]]]:
        """(field, value) of everything that is proposed; a field of several values comes several times."""
        for name in self.__slots__:
            held = getattr(self, name)
            if isinstance(held, Proposed):
                yield name, held
            elif isinstance(held, tuple) and name != "remarks":
                yield from ((name, one) for one in held)
