"""All public statutes at hand, taken in like a bureau's files: articles, editions of one title, days, and diffs.

A part of `make faults` (tests/faults/parsing_rounds.py); nothing of the texts is kept here.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.corpus_drafts import Card, Drafts, Stage
from bot.taking_in import TakingIn
from db.engine import make_engine, writing
from db.migrating import migrate
from rag.changes import apply, compare
from rag.chunking import chunk
from rag.models import Document
from rag.parsing import Limits, Parsed
from rag.parsing.assembling import read

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
_NUMBER = "[零〇一二三四五六七八九十百千]+"
_HEAD = re.compile(rf"(?m)^[ \t\u3000]*(?:[*#]+[ \t]*)?(第{_NUMBER}条(?:之{_NUMBER})?)(?![、，的规至和第])")

Row = Mapping[str, str]


def statutes(folder: Path) -> list[Row]:
    return [json.loads(line) for line in (folder / "index.jsonl").read_text("utf-8").splitlines()]


def taken_in(folder: Path, rows: Sequence[Row]) -> dict[str, Card]:
    """The card that each file is proposed with, by its path; the files in the order of a folder's."""
    with TemporaryDirectory() as place:
        engine = make_engine(f"sqlite:///{place}/assistant.db")
        with writing(engine) as connection:
            migrate(connection)
        drafts = Drafts(engine)
        taking = TakingIn(drafts, list, Path(place, "originals"), lambda: NOW, NOW.date, _parse)
        numbers = {row["file"]: taking.add(folder / row["file"], "ed").draft.id for row in rows}
        cards = {number: card for number, _, card in drafts.cards((Stage.DRAFT,))}
        found = {file: cards[number] for file, number in numbers.items() if number in cards}
        engine.dispose()
    return found


def _parse(path: Path) -> Parsed:
    """In this process: the walled child reads them in the part `texts`."""
    data = path.read_bytes()
    return read(data, path.name, hashlib.sha256(data).hexdigest(), Limits(), 0)


def articles(text: str, title: str) -> tuple[int, int]:
    """How many articles begin in a text by its own heads, and how many of them begin a passage of that name."""
    passages = [(span, passage) for passage, span in chunk(Document("a", title, text))]
    heads = [(found.start(1), found[1]) for found in _HEAD.finditer(text)]
    right = sum(
        any(span.start <= at < span.end and passage.article and passage.article.endswith(label)
            and _bare(passage.text).startswith(label) for span, passage in passages)
        for at, label in heads
    )  # fmt: skip
    return len(heads), right


def _bare(text: str) -> str:
    return re.sub(r"^[\s*#]+", "", text)


def chains(rows: Sequence[Row]) -> list[list[Row]]:
    """Editions of one title, from the oldest on; parts that were issued on one day are none."""
    groups: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        groups[row["title"]][row["passed_or_published"] or ""].append(row)
    days = [[found[day] for day in sorted(found)] for found in groups.values() if len(found) > 1 and "" not in found]
    return [[rows[0] for rows in chain] for chain in days if all(len(rows) == 1 for rows in chain)]


def linked(chain: Sequence[Row], cards: Mapping[str, Card]) -> bool:
    """Whether each edition is proposed to supersede the one before it, and no other."""
    ids = [cards[row["file"]].fields.get("id") for row in chain]
    said = [set(cards[row["file"]].fields.get("supersedes", [])) & set(ids) for row in chain]
    return not said[0] and all(said[n + 1] == {ids[n]} for n in range(len(chain) - 1))


def reproduced(folder: Path, chain: Sequence[Row]) -> list[bool]:
    """Whether the older text and the diff give the newer one, pair by pair."""
    texts = [(folder / row["file"]).read_text("utf-8") for row in chain]
    return [apply(old, compare(old, new)) == new for old, new in pairwise(texts)]


def statutes_round(folder: Path, say: Callable[[str], None]) -> list[str]:
    rows = statutes(folder)
    cards = taken_in(folder, rows)
    faults = [f"{row['title']}: not taken in" for row in rows if row["file"] not in cards]
    heads = right = 0
    for row in rows:
        wanted, found = articles((folder / row["file"]).read_text("utf-8"), row["title"])
        heads, right = heads + wanted, right + found
    say(f"statutes: {len(rows)} taken in, {right} of {heads} articles found as articles ({right / max(heads, 1):.4f})")
    groups = chains(rows)
    good = [linked(chain, cards) for chain in groups]
    say(f"statutes: {sum(good)} of {len(groups)} titles of several editions linked, each to the one before")
    pairs = [one for chain in groups for one in reproduced(folder, chain)]
    say(f"statutes: {sum(pairs)} of {len(pairs)} pairs: the old text and the diff give the new one")
    stray = [card for card in cards.values() if card.fields.get("supersedes")]
    say(f"statutes: {len(stray)} drafts propose to supersede another")
    faults += [] if right >= 0.99 * heads else [f"articles {right} of {heads}"]
    faults += [f"not linked: {chain[0]['title']}" for chain, one in zip(groups, good, strict=True) if not one]
    return faults + ([] if all(pairs) else ["a diff does not give the new text"])
