"""Which documents are versions of one another: the same title but for its marks of edition. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from rag.guardrails import fold

_EDITION = re.compile(
    r"[（(〔\[]?(?:(?:19|20)[0-9]{2}年?(?:[0-9]{1,2}月(?:[0-9]{1,2}日)?)?)?(?:第[一二三四五六七八九十]次)?"
    r"(?:修正|修订|修改|修正案|修订版|新版|版)(?:本|稿)?[）)〕\]]?$|[（(](?:试行|暂行|征求意见稿|草案|送审稿|修订草案)[）)]$|[（(](?:19|20)[0-9]{2}[-年][^）)]{0,12}[）)]$"
)


def title_key(title: str) -> str:
    """What is the same for every version of a title: 某办法（2024年修订） and 某办法(试行) → 某办法."""
    bare = title.strip().strip("《》")
    while (shorter := _EDITION.sub("", bare).strip()) != bare and len(shorter) >= 2:
        bare = shorter
    return re.sub(r"[^0-9a-z\u3400-\u9fff]", "", fold(bare))


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
