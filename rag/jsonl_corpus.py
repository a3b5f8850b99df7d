"""A corpus in one file: a JSON object {id, title, text} a line, taken as it is."""

from __future__ import annotations

import json
from typing import Any

from rag.faults import Fault
from rag.models import Document
from rag.reading import normalise

_LINE = '{"id": "a-1", "title": "题名", "text": "正文"}'


def read_jsonl(file: str, text: str) -> tuple[list[Document], list[Fault]]:
    """The documents of the sound lines, and a fault for every other line that is not blank. Other keys are ignored."""
    found: dict[str, Document] = {}
    faults: list[Fault] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        read = _document(line)
        if isinstance(read, str):
            faults.append(Fault(file, number, read, f"每行写一个对象，例如：{_LINE}"))
        elif read.id in found:
            faults.append(Fault(file, number, f"编号 {read.id} 前面已有，这一行没有收录", "换一个编号，或删去重复的行"))
        else:
            found[read.id] = read
    return list(found.values()), faults


def _document(line: str) -> Document | str:
    """The document, or what is wrong with the line. A missing title is the text's first line."""
    try:
        row: Any = json.loads(line)
    except (ValueError, RecursionError):
        return "这一行不是 JSON"
    if not isinstance(row, dict):
        return "这一行不是 JSON 对象"
    name, text, title = row.get("id"), row.get("text"), row.get("title", "")
    if isinstance(name, int) and not isinstance(name, bool):
        name = str(name)
    if not isinstance(name, str) or not (name := normalise(name).strip()):
        return "缺少 id"
    if not isinstance(text, str) or not (text := normalise(text)).strip():
        return f"{name} 没有正文 text"
    title = normalise(title).strip() if isinstance(title, str) else ""
    return Document(name, title or text.strip().split("\n", 1)[0].strip()[:40], text)
