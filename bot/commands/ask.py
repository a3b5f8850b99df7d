"""`ask` and `search`: one question in words, or JSON lines in and JSON lines out (standard output is data only)."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any, Literal, TextIO

import numpy as np

from bot.bootstrap import House
from bot.channels.web_chat.schema import ChatReply
from bot.commands.faults import CommandError
from bot.commands.house import house_of
from bot.messages import Reply
from rag.models import Hit, Turn
from rag.pipeline import terms_for_search
from rag.ports import EmbedderError
from rag.retrieval import Search, search

_ROLES: dict[str, Literal["user", "assistant"]] = {"user": "user", "assistant": "assistant"}


def ask(options: argparse.Namespace) -> int:
    house = _ready(options)
    if options.batch:
        with _lines(options.batch) as lines:
            for number, entry in lines:
                _write({"id": entry.get("id"), "answer": _answer(house, entry, number, options)})
        return 0
    if not options.question:
        raise CommandError("请写出问题，例如：python -m bot ask 高企认定研发费用占比要多少")
    if options.why:
        from bot.commands.why import tell_why

        tell_why(house, options.question, options.district, _day(options.as_of, 0))
        return 0
    reply = house.ask.ask(options.question, district=options.district, as_of=_day(options.as_of, 0))
    sys.stdout.write(reply.text + "\n")
    return 0


def _answer(house: House, entry: dict[str, Any], number: int, options: argparse.Namespace) -> dict[str, Any]:
    district = entry.get("district") or options.district
    if district is not None and not isinstance(district, str):
        raise CommandError(f'第 {number} 行：district 应为区（市）名称，例如 "崂山区"。')
    reply: Reply = house.ask.ask(
        str(entry.get("text") or ""),
        history=_turns(entry.get("history") or [], number),
        district=district,
        as_of=_day(entry.get("as_of") or options.as_of, number),
    )
    return ChatReply.of(reply).model_dump(mode="json")


def _turns(history: Any, number: int) -> list[Turn]:
    """The earlier turns of an entry. A role that is neither of the two is a fault, and so is a missing text."""
    try:
        return [Turn(_ROLES[turn["role"]], str(turn["text"])) for turn in history]
    except (KeyError, TypeError) as fault:
        raise CommandError(f'第 {number} 行：history 应为 [{{"role": "user", "text": …}}, …]。') from fault


def search_batch(options: argparse.Namespace) -> int:
    house = _ready(options)
    if options.k < 1:
        raise CommandError("--k 应为正整数。")
    with _lines(options.batch) as lines:
        for _, entry in lines:
            hits = _search(house, str(entry.get("text") or ""), options.k)
            _write({"id": entry.get("id"), "hits": [_hit(hit) for hit in hits]})
    return 0


def _search(house: House, text: str, k: int) -> list[Hit]:
    shelf = house.reader.shelf()
    if shelf is None or not text.strip():
        return []
    embedder = house.places.embedder
    vector = None
    if embedder is not None and shelf.opened.dense is not None:
        with suppress(EmbedderError):  # as in the pipeline: the lexical leg answers alone
            vector = np.asarray(embedder.embed_query(text), dtype=np.float32)
    wanted = Search(terms_for_search(text, house.clock.today()), vector, house.settings.dense_weight)
    return search(shelf.opened, wanted, None, k)


def _hit(hit: Hit) -> dict[str, Any]:
    passage = hit.passage
    return {
        "document": passage.document,
        "passage": passage.id,
        "article": passage.article,
        "text": f"{passage.lead}\n{passage.text}" if passage.lead else passage.text,
        "score": round(hit.score, 6),
    }


def _ready(options: argparse.Namespace) -> House:
    house = house_of(options)
    if house.reader.shelf() is None:
        raise CommandError("还没有政策索引。请先运行：python -m bot corpus index（或 make run）。")
    return house


@contextmanager
def _lines(source: str) -> Iterator[Iterator[tuple[int, dict[str, Any]]]]:
    if source == "-":
        yield _parsed(sys.stdin)
        return
    try:
        file = Path(source).open(encoding="utf-8-sig")  # noqa: SIM115  # closed below: what the reader of lines raises is its own
    except OSError as fault:
        raise CommandError(f"读不到文件 {source}：{fault.strerror}") from fault
    with file:
        yield _parsed(file)


def _parsed(file: TextIO) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in _numbered(file):
        if line.strip():
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError) as fault:
                raise CommandError(f'第 {number} 行不是 JSON：每行应为 {{"id": …, "text": …}}。') from fault
            if not isinstance(entry, dict):
                raise CommandError(f'第 {number} 行应为 JSON 对象：{{"id": …, "text": …}}。')
            yield number, entry


def _numbered(file: TextIO) -> Iterator[tuple[int, str]]:
    number = 0
    try:
        for number, line in enumerate(file, start=1):
            yield number, line
    except UnicodeDecodeError as fault:
        raise CommandError(f"第 {number + 1} 行附近不是 UTF-8 编码。请另存为 UTF-8 后重试。") from fault


def _day(value: str | None, number: int) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except (ValueError, TypeError) as fault:
        where = f"第 {number} 行：" if number else ""
        raise CommandError(f"{where}日期应为 YYYY-MM-DD，例如 2026-11-22。") from fault


def _write(entry: dict[str, Any]) -> None:
    line = json.dumps(entry, ensure_ascii=False)
    # Half of a surrogate pair cannot be written; its escape can, and is the same JSON.
    sys.stdout.write(line.encode("utf-8", "backslashreplace").decode() + "\n")
    sys.stdout.flush()
