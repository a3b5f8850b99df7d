"""Read a corpus: START HERE. A folder of policies or plain documents, or a JSONL, → documents and the faults found.

A file with faults of its own is named and left out, the rest is served. Faults between files (a relation that leads
nowhere, a circle of successors) are named too, and their files stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
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

__all__ = ["Corpus", "Fault", "check", "coverage", "read_corpus", "render_faults"]

SUFFIXES = (".md", ".txt")
MAX_FILE = 20_000_000  # bytes
_EMPTY = "文件里没有正文"


@dataclass(frozen=True, slots=True)
class Corpus:
    """What was read, in the order of the files' names, and every fault, in the order of files and lines.

    `skipped` are the files that were left out for their faults: what they would hold is not known. `files` says which
    file each document is from; a JSONL names none.
    """

    documents: list[Document]
    faults: list[Fault]
    skipped: frozenset[str] = frozenset()
    files: Mapping[str, str] = field(default_factory=dict)

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


def read_corpus(path: Path) -> Corpus:
    """Everything at `path`: a folder of .md and .txt files, one such file, or a JSONL of {id, title, text}.

    A file that starts with a --- line is a policy; the others are plain documents whose id is the file's stem (their
    path in the folder where two stems are the same). README.md, names that start with _ or . are not read. A path that
    is not there, or holds nothing, is a fault.
    """
    corpus = _from_jsonl(path) if path.is_file() and path.suffix == ".jsonl" else _from_files(path)
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
    return Corpus(documents, every, frozenset({path.name} if every else ()))


def _from_files(path: Path) -> Corpus:
    files: list[_File] = []
    faults: list[Fault] = []
    unread: set[str] = set()
    for place, name in _walk(path):
        text, wrong = _text(place, name)
        faults += wrong
        if text is None:
            unread.add(name)
        else:
            files.append(_File(name, place.stem, name.removesuffix(place.suffix), text))
    return _documents(files, faults, unread)


def _walk(path: Path) -> Iterator[tuple[Path, str]]:
    """The files to read with their names in the folder, sorted by name."""
    if path.is_file():
        yield path, path.name
        return
    for place in sorted(path.rglob("*")):
        parts = place.relative_to(path).parts
        skipped = any(part.startswith(("_", ".")) for part in parts) or parts[-1].lower() == "readme.md"
        if place.suffix.lower() in SUFFIXES and not skipped and place.is_file():
            yield place, "/".join(parts)


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


def _documents(files: list[_File], faults: list[Fault], unread: set[str]) -> Corpus:
    stems = Counter(file.stem for file in files if not _is_card(file))
    found: dict[str, Document] = {}
    named: dict[str, str] = {}
    skipped = set(unread)
    cards: list[Card] = []
    for file in files:
        read = _policy(file) if _is_card(file) else _plain(file, file.stem if stems[file.stem] == 1 else file.long)
        if isinstance(read, list):
            faults = faults + read
            skipped.add(file.name)
            continue
        document, card = read
        if document.id in found:
            faults = [*faults, _twice(file, document.id, card)]
            continue
        found[document.id] = document
        named[document.id] = file.name
        cards += [card] if card is not None else []
    every = sorted(faults + list(between_cards(cards)))
    return Corpus(list(found.values()), every, frozenset(skipped), named)


def _is_card(file: _File) -> bool:
    return file.text.split("\n", 1)[0].rstrip() == FENCE


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
