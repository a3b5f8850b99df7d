"""Where each passage of a release stands: its ordinal over all segments, and the row of the document that shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from rag.models import DocumentVersion

Rows = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Layout:
    """`ids` in segment order; `owners` the row of the document that shows each, -1 for the dead; `places` the first
    ordinal of every id, `ordinal` of those that are alive. Never written to."""

    ids: list[str]
    owners: Rows
    places: dict[str, int]
    ordinal: dict[str, int]


def owners_of(ids: Sequence[str], rows: Mapping[str, int]) -> Rows:
    """Row of the owner for each id, -1 for the dead; of an id that two segments hold only the first counts."""
    seen: set[str] = set()
    owners = np.full(len(ids), -1, dtype=np.int32)
    for place, key in enumerate(ids):
        if key in rows and key not in seen:
            owners[place] = rows[key]
            seen.add(key)
    return owners


def lay_out(ids: list[str], documents: Sequence[DocumentVersion]) -> Layout:
    rows = {span.passage: row for row, version in enumerate(documents) for span in version.spans}
    owners = owners_of(ids, rows)
    places = {key: place for place, key in reversed(list(enumerate(ids)))}
    return Layout(ids, owners, places, {ids[place]: place for place in np.flatnonzero(owners >= 0).tolist()})


def lay_over(
    before: Layout, moved: Rows, added: Sequence[Sequence[str]], fresh: Mapping[int, DocumentVersion]
) -> Layout:
    """The layout after another one: the same segments and `added` ones behind them.

    `moved` is the new row of each old one (-1 where its version is not shown any more) with a -1 at its end; `fresh`
    are the versions, by row, that were not shown before. Costs what is fresh and a few passes over arrays.
    """
    more = list(chain.from_iterable(added))
    ids, places = before.ids + more, dict(before.places)
    for place, key in enumerate(more, start=len(before.ids)):
        places.setdefault(key, place)
    owners = np.concatenate([moved[before.owners], np.full(len(more), -1, dtype=np.int32)])
    for row, version in fresh.items():
        for span in version.spans:
            if (found := places.get(span.passage)) is not None:
                owners[found] = row
    ordinal, lived = dict(before.ordinal), np.append(before.owners >= 0, np.zeros(len(more), dtype=bool))
    for place in np.flatnonzero(lived & (owners < 0)).tolist():
        ordinal.pop(ids[place], None)
    ordinal.update((ids[place], place) for place in np.flatnonzero(~lived & (owners >= 0)).tolist())
    return Layout(ids, owners, places, ordinal)
