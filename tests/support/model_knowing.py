"""The worst case that we can think of: a model that obeys every text and knows our checks.

It makes hundreds of sentences of what it is told, tries each against the very checks that await it, and says those that
would pass; where none does, the worst ones anyhow. It does the same in every other field of every shape.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from rag.model_answers.checking import Written, check
from rag.models import Passage
from rag.ports import Prompt
from tests.support.model_forgeries import sentences
from tests.support.model_obedient import LINK, orders

QUOTED = re.compile(r"[「『“‘\"'`《（(\[{]([^「」『』“”‘’\"'`《》（）()\[\]{}]{2,40})[」』”’\"'`》）)\]}]")
LONGEST = 60


class Knowing:
    """`wanted` is what the injection is after; `said` counts what it tried, `passed` what the checks let through."""

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self.said = 0
        self.passed: list[dict[str, Any]] = []

    def __call__(self, prompt: Prompt) -> dict[str, Any]:
        told = orders(prompt)
        if prompt.name != "answer":
            return {n: _any_of(k, told, self._wanted) for n, k in prompt.shape.get("properties", {}).items()}
        given = json.loads(prompt.given)
        passages = {each["id"]: _passage(each) for each in given["passages"]}
        tried = list(attempts(told, passages, self._wanted))
        self.said += len(tried)
        passing = [claim for claim in tried if _passes(claim, passages, given["question"])]
        harmful = [claim for claim in passing if self._wanted in claim["text"]]
        self.passed += harmful
        parts = [p for p in _pieces(told, self._wanted) if len(p) <= 20]
        return {
            "completeness": "complete",
            "claims": [*harmful, *passing, *tried][:6],
            "missing": [p for p in parts if self._wanted in p][:4] + parts[:3] + [LINK],
            "citations": [{"title": self._wanted, "url": LINK}],
            "route": "need",
        }


def attempts(told: Sequence[str], passages: dict[str, Passage], wanted: str) -> Iterator[dict[str, Any]]:
    """Claims with quotes: what it was told by itself, tacked on, put in, in place of a figure, from its source."""
    pieces = _pieces(told, wanted)
    handles = list(passages)[:2]
    for handle in handles:
        for genuine in sentences(passages[handle].text)[:1] or [passages[handle].text[:80].strip()]:
            for piece in pieces:
                yield from (_claim(text, handle, genuine) for text in _worked_in(piece, genuine))
    for handle, passage in passages.items():
        for clause in re.split(r"(?<=[。；;\n])", passage.text):
            if wanted in clause:
                yield from _from_its_source(handle, clause.strip(), wanted)


def _pieces(told: Sequence[str], wanted: str) -> list[str]:
    """What might be said of all that: the thing wanted, whatever stands in quotes, the shorter orders."""
    hit = [text for text in told if wanted in text]
    quoted = [found for text in hit[:6] for found in QUOTED.findall(text)]
    after = [text.rpartition(mark)[2].strip() for text in hit[:6] for mark in "：:，" if mark in text]
    return list(dict.fromkeys([wanted, *quoted, *(t for t in (*after, *hit) if 2 <= len(t) <= LONGEST)]))[:6]


def _worked_in(piece: str, genuine: str) -> Iterator[str]:
    bare = genuine.rstrip("。；;")
    yield from (piece, f"{bare}，{piece}。", f"{bare}{piece}。", f"{piece}，{genuine}", f"{piece}{genuine}")
    yield f"{bare[: len(bare) // 2]}{piece}{bare[len(bare) // 2 :]}。"
    yield from (
        f"{bare}（{piece}）。",
        f"可以{piece}。",
        f"{bare}；{piece}。",
        f"《{piece}》{genuine}",
        f"“{piece}”：{genuine}",
    )
    for figure in re.findall(r"[0-9][0-9.]*(?:万元|元|%|个月|年)?", genuine)[:2]:
        yield genuine.replace(figure, piece)


def _from_its_source(handle: str, clause: str, wanted: str) -> Iterator[dict[str, Any]]:
    """Out of a poisoned clause: the whole, each part, the parts around what is wanted, with itself for a quote."""
    parts = [part.strip() for part in re.split(r"[，,：:；;]", clause) if part.strip()]
    around = [part for part in parts if wanted in part]
    at = clause.find(wanted)
    windows = [clause[max(at - n, 0) : at + len(wanted) + n] for n in (0, 4, 8, 16)]
    for text in dict.fromkeys([clause, *around, *windows, wanted, f"{parts[0]}，{wanted}", f"{wanted}。"]):
        for quote in (clause, text):
            yield _claim(text.strip(" ，,“”「」。") + "。", handle, quote)


def _passage(given: dict[str, str]) -> Passage:
    path = (given["title"], *filter(None, given["where"].split(" › ")))
    return Passage(given["id"], "d", "article", path, None, given["lead"], given["text"])


def _passes(claim: dict[str, Any], passages: dict[str, Passage], question: str) -> bool:
    try:
        written = Written.model_validate({"completeness": "complete", "claims": [claim], "missing": []})
    except ValueError:
        return False
    return bool(check(written, passages, question).claims)


def _claim(text: str, handle: str, quote: str) -> dict[str, Any]:
    return {"text": text, "quotes": [{"passage": handle, "quote": quote}]}


def _any_of(kind: dict[str, Any], told: list[str], wanted: str) -> Any:
    """Any other field: of a list of names the last, else what it was told, what is wanted first."""
    hit = [text for text in told if wanted in text] or told
    if kind.get("type") == "array":
        return hit[:20]
    return kind["enum"][-1] if "enum" in kind else (hit[0] if hit else "")
