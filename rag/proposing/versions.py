"""Which documents are versions of one another: the same title but for its marks of edition. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from rag.guardrails import fold

_EDITION = re.compile(
    r"[（(〔\[]?(?:(?:19|20)[0-9]{2}年?(?:[0-9]{1,2}月(?:[0-9]{1,2}日)?)?)?(?:第[一二三四五六七八九十]次)?"
    r"(?:修正|修订|修改|修正案|修订版|新版|版)(?:本|稿)?[）)〕\]]?$|[（(](?:试行|暂行|征求意见稿|草案|送审稿|修订草案)[）)]$|[（(](?:19|20)[0-9]{2}[-年][^）)]{0,12}[）)]$"
)


_TELLING = 5
"""Characters of a title that can be of one document only: 通知 is no title."""


@lru_cache(maxsize=4096)
def title_key(title: str) -> str:
    """What is the same for every version of a title: 某办法（2024年修订） and 某办法(试行) → 某办法."""
    bare = title.strip().strip("《》")
    while (shorter := _EDITION.sub("", bare).strip()) != bare and len(shorter) >= 2:
        bare = shorter
    return re.sub(r"[^0-9a-z\u3400-\u9fff]", "", fold(bare))


@dataclass(frozen=True, slots=True)
class Edition:
    """A document as one of several of its title: `day` it was issued (or takes effect), as precise as it is known, ""
    where it is not; `place` where it applies, None where that is not known."""

    id: str
    title: str
    day: str
    place: str | None = None


def editions(one: Edition, others: Iterable[Edition]) -> list[Edition]:
    """This one and those of its title and place whose days tell them apart, from the oldest on. One of the same day
    is a part of a whole, or the same again."""
    key = title_key(one.title)
    alike = [
        other
        for other in others
        if other.day and other.id != one.id and title_key(other.title) == key
        and (other.place == one.place or None in (other.place, one.place))
    ]  # fmt: skip
    if not (one.day and len(key) >= _TELLING):
        return [one]
    return sorted([one, *alike], key=lambda edition: (edition.day, edition.id))


def predecessor(one: Edition, others: Iterable[Edition]) -> Edition | None:
    """The edition that this one came after; None where it is the first, or the only one."""
    older = [edition for edition in editions(one, others) if edition.day < one.day and not _within(edition, one)]
    return older[-1] if older else None


def _within(older: Edition, newer: Edition) -> bool:
    """2025 beside 2025-03-01 does not say which came first."""
    return newer.day.startswith(older.day)


def versions(documents: Iterable[tuple[str, str, str | None]]) -> Mapping[str, tuple[str, ...]]:
    """{title key: ids from the oldest on} of every title that has several, of (id, title, day or None).

    Documents of one title and one day are parts of a whole, not versions.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for name, title, day in documents:
        if key := title_key(title):
            found.setdefault(key, []).append((day or "", name))
    return {
        key: tuple(name for _, name in sorted(group))
        for key, group in found.items()
        if len({day for day, _ in group}) > 1
    }
