"""Read a corpus: START HERE. A folder of policies or plain documents, or a JSONL, → documents and the faults found.

A file with faults of its own is named and left out, the rest is served. Faults between files (a relation that leads
nowhere, a circle of successors) are named too, and their files stay.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from rag.card_rules import card_faults
from rag.corpus_rules import between_cards
from rag.digest_rules import digest_faults
from rag.faults import Fault, render_faults
from rag.front_matter import FENCE, Card, read_card, split
from rag.jsonl_corpus import read_jsonl
from rag.models import Category, Document
from rag.policies import Policy
from rag.reading import UndecodableError, decode, normalise
from rag.remembering import Memory, ReadFile, Remembered, Stamp, stamp_of
from rag.versions import version_of

__all__ = ["Corpus", "Fault", "check", "coverage", "read_corpus", "render_faults"]

SUFFIXES = (".md", ".txt")
MAX_FILE = 20_000_000  # bytes
_EMPTY = "文件里没有正文"


@dataclass(frozen=True, slots=True)
class Corpus:
    """What was read, in the order of the files' names, and every fault, in the order of files and lines.

    `skipped` are the files that were left out for their faults: what they would hold is not known. `files` says which
    file each document is from; a JSONL names none. `versions` are those of the documents, by id.
    """

    documents: list[Document]
    faults: list[Fault]
    skipped: frozenset[str] = frozenset()
    files: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def policies(self) -> list[Policy]:
        return [document.policy for document in self.documents if document.policy is not None]


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the folder: `name` is its path in it, `stem` and `long` are the ids it may get as a plain document."""

    name: str
    stem: str
    long: str
    text: str
    place: Path = Path()
    stamp: Stamp | None = None
    held: Remembered | None = None


def read_corpus(path: Path, memory: Memory | None = None) -> Corpus:
    """Everything at `path`: a folder of .md and .txt files, one such file, or a JSONL of {id, title, text}.

    A file that starts with a --- line is a policy; the others are plain documents whose id is the file's stem (their
    path in the folder where two stems are the same). README.md, names that start with _ or . are not read. A path that
    is not there, or holds nothing, is a fault. With a `memory`, files that it knows are not read again.
    """
    corpus = _from_jsonl(path) if path.is_file() and path.suffix == ".jsonl" else _from_files(path, memory or Memory())
    if not corpus.documents and not corpus.faults:
        return Corpus([], [Fault(str(path), 1, "这里没有可收录的文件", "放进 .md、.txt 文件，或给出一个 .jsonl 文件")])
    return corpus


def read_one(name: str, text: str) -> Document | list[Fault]:
    """One policy file's text as a document, or the faults it has on its own; `name` is what they call it."""
    read = _policy(_File(name, name, name, normalise(text)))
    return read if isinstance(read, list) else read[0]


def check(path: Path) -> list[Fault]:
    """The faults of a corpus; none means it can be published as it is."""
    return read_corpus(path).faults


def coverage(policies: Iterable[Policy]) -> dict[str, Counter[Category]]:
    """How many policies each jurisdiction has in each category; a place that is not in it has none.

    A policy of two categories counts in both, so a row's sum may exceed the number of its policies.
    """
    counts: dict[str, Counter[Category]] = {}
    for policy in policies:
        counts.setdefault(policy.jurisdiction, Counter()).update(set(policy.categories))
    return counts


def _from_jsonl(path: Path) -> Corpus:
    text, faults = _text(path, path.name)
    documents, more = read_jsonl(path.name, text) if text is not None else ([], [])
    every = faults + more
    versions = {document.id: version_of(document) for document in documents}
    return Corpus(documents, every, frozenset({path.name} if every else ()), versions=versions)


def _from_files(path: Path, memory: Memory) -> Corpus:
    files: list[_File] = []
    faults: list[Fault] = []
    unread: set[str] = set()
    for place, name in _walk(path):
        stamp = stamp_of(place)
        held = memory.of(place, stamp)
        text, wrong = ("", []) if held else _text(place, name)
        faults += wrong
        if text is None:
            unread.add(name)
        else:
            long = name.removesuffix(place.suffix)
            files.append(_File(name, place.stem, long, text, place, stamp, held))
    memory.only(file.place for file in files)
    return _documents(files, faults, unread, memory)


def _walk(path: Path) -> Iterator[tuple[Path, str]]:
    """The files to read with their names in the folder, sorted by name."""
    if path.is_file():
        yield path, path.name
        return
    for parts in sorted(_found(str(path), ())):
        if parts[-1].lower() != "readme.md":
            yield path.joinpath(*parts), "/".join(parts)


def _found(folder: str, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The files under a folder as the parts of their names; links to folders are not followed."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(("_", ".")):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _found(entry.path, (*above, entry.name))
            elif os.path.splitext(entry.name)[1].lower() in SUFFIXES and entry.is_file():
                yield (*above, entry.name)


def _text(path: Path, name: str) -> tuple[str | None, list[Fault]]:
    try:
        data = path.read_bytes() if path.stat().st_size <= MAX_FILE else None
    except OSError as error:
        return None, [Fault(name, 1, f"文件打不开（{error.strerror}）", "检查文件是否存在、是否有读取权限")]
    if data is None:
        return None, [Fault(name, 1, f"文件超过{MAX_FILE // 1_000_000}MB", "拆成几个文件，或去掉不需要的部分")]
    try:
        return normalise(decode(data)), []
    except UndecodableError as error:
        return None, [Fault(name, error.line, "这一行的文字编码读不懂", "用编辑器另存为 UTF-8 编码")]


def _documents(files: list[_File], faults: list[Fault], unread: set[str], memory: Memory) -> Corpus:
    stems = Counter(file.stem for file in files if not _is_card(file))
    found: dict[str, Document] = {}
    named: dict[str, str] = {}
    versions: dict[str, str] = {}
    skipped = set(unread)
    cards: list[Card] = []
    for file in files:
        seen = _seen(file, file.stem if stems[file.stem] == 1 else file.long, memory)
        if isinstance(seen.read, list):
            faults = faults + seen.read
            skipped.add(file.name)
            continue
        document, card = seen.read
        if document.id in found:
            faults = [*faults, _twice(file, document.id, card)]
            continue
        found[document.id], named[document.id], versions[document.id] = document, file.name, seen.version
        cards += [card] if card is not None else []
    every = sorted(faults + list(between_cards(cards)))
    return Corpus(list(found.values()), every, frozenset(skipped), named, versions)


def _seen(file: _File, called: str, memory: Memory) -> Remembered:
    """A file as it is read, or was read before under the same name."""
    held = file.held
    if held is not None and (held.is_card or held.called == called):
        return held
    if held is not None:  # it is the same file, and goes by another id now that another file has its stem
        file = replace(file, text=_text(file.place, file.name)[0] or "", held=None)
    read: ReadFile = _policy(file) if _is_card(file) else _plain(file, called)
    version = "" if isinstance(read, list) else version_of(read[0])
    seen = Remembered(file.stamp or (0, 0, 0, 0), _is_card(file), called, read, version)
    if file.stamp is not None:
        memory.keep(file.place, seen)
    return seen


def _is_card(file: _File) -> bool:
    return file.held.is_card if file.held else file.text.split("\n", 1)[0].rstrip() == FENCE


def _twice(file: _File, name: str, card: Card | None) -> Fault:
    what, mend = f"编号 {name} 已有别的文件在用，本文件没有收录", "换一个编号，或删去重复的文件"
    return card.fault(("id",), what, mend) if card is not None else Fault(file.name, 1, what, mend)


def _plain(file: _File, name: str) -> tuple[Document, None] | list[Fault]:
    if not file.text.strip():
        return [Fault(file.name, 1, _EMPTY, "写上正文，或删去这个文件")]
    return Document(name, title_of(file.text) or file.stem, file.text), None


def title_of(text: str) -> str:
    """The first Markdown heading, else the first line that is not blank; at most 200 characters, "" without one."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    heading = next((line for line in lines if line.startswith("#") and line.lstrip("#").startswith(" ")), None)
    first = heading.lstrip("#").strip(" #") if heading else ""
    return (first or (lines[0] if lines else ""))[:200]


def _policy(file: _File) -> tuple[Document, Card] | list[Fault]:
    parts = split(file.text)
    if parts is None:
        return [Fault(file.name, 1, "表头没有结束的 --- 行", "在最后一个字段的下一行写三个短横线：---")]
    card = read_card(file.name, parts[0])
    if isinstance(card, list):
        return card
    faults = list(_own_faults(card, parts[1]))
    return faults or (Document(card.policy.id, card.policy.title, parts[1], card.policy), card)


def _own_faults(card: Card, body: str) -> Iterator[Fault]:
    for path, what, mend in card_faults(card.policy):
        yield card.fault(path, what, mend)
    if not body.strip():
        yield Fault(card.file, card.body, _EMPTY, "在第二条 --- 之后写正文，照 _template.md 的写法")
    elif card.policy.text_kind == "digest":
        for line, what, mend in digest_faults(body):
            yield Fault(card.file, card.body + line, what, mend)
