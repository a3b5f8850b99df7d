"""Policies taken in as office files answer as their digests do: every form, every golden question of theirs.

A part of `make faults` (tests/faults/parsing_rounds.py), with a short round in tests/rag/test_parsing_round_trip.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rapidfuzz.distance.Levenshtein import normalized_similarity as ratio

from bot.corpus_drafts import Drafts
from bot.taking_in import TakingIn
from db.engine import make_engine, writing
from db.migrating import migrate
from rag.corpus import read_corpus
from rag.drafting import FIELDS, LISTS
from rag.evaluation.gate import try_out
from rag.evaluation.golden import Golden, read_golden
from rag.evaluation.measuring import TODAY
from rag.evaluation.shelves import open_library
from rag.models import Answer, Document
from rag.parsing import Parsed, parse_file
from rag.pipeline import Pipeline
from tests.support.policy_files import figures

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
ALIKE = 0.9
"""Share of characters from which a scan's clause is the same clause."""

ENDINGS = {"docx": ".docx", "html": ".html", "html-gbk": ".html", "pdf": ".pdf", "scan": ".pdf"}


@dataclass
class Likeness:
    """The answers of one form, of so many questions: those that are to the letter what the rendered text itself gives
    as an original, and what the digests give; those whose first clause is the digests' (`policy`: of the same policy,
    `clause`: the same clause, `amounts`: with the same figures). `falls` are measures that would hold up publishing."""

    questions: int = 0
    as_text: int = 0
    as_digest: int = 0
    policy: int = 0
    clause: int = 0
    amounts: int = 0
    falls: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)


def corpus() -> list[Document]:
    return read_corpus(ROOT / "policies_corpus").documents


def spread(documents: Sequence[Document], count: int) -> list[Document]:
    """So many digests, from all over the corpus, among them as many as are asked about."""
    asked = {policy for golden in questions() for policy in golden.policies}
    digests = [d for d in documents if d.policy and d.policy.text_kind == "digest"]
    ordered = sorted(digests, key=lambda d: d.id not in asked)
    few = [d for d in ordered if d.id in asked]
    return few[:: max(1, len(few) // count)][:count] if len(few) >= count else ordered[:count]


def questions() -> list[Golden]:
    return read_golden(ROOT / "tests/evals/golden.jsonl")


def office_text(document: Document) -> str:
    """The digest as an office would write it: without the note that it is one and the marks that our files have."""
    body = "\n".join(line for line in document.text.split("\n") if not line.startswith(">"))
    return f"# {document.title}\n\n" + re.sub(r"(?m)^(##[^\n{]*?)[ \t]*\{[^}\n]*\}", r"\1", body).strip() + "\n"


class Bureau:
    """A house of its own that files are taken into, each with the fields that its digest has."""

    def __init__(
        self, folder: Path, documents: Sequence[Document], parse: Callable[[Path], Parsed] = parse_file
    ) -> None:
        self._folder = folder
        engine = make_engine(f"sqlite:///{folder / 'assistant.db'}")
        with writing(engine) as connection:
            migrate(connection)
        self._day = TODAY
        policies = [document.policy for document in documents if document.policy]
        self._taking_in = TakingIn(
            Drafts(engine), lambda: policies, folder / "originals", lambda: NOW, lambda: self._day, parse
        )

    def original(self, document: Document, data: bytes, ending: str) -> Document | str:
        """The document that a file becomes; why it becomes none."""
        path = self._folder / f"{document.id}{ending}"
        path.write_bytes(data)
        taken = self._taking_in.add(path, "ed")
        if taken.outcome == "failed":
            return taken.draft.why
        self._taking_in.edit(taken.draft.id, _fields(document), "ed")
        self._day = document.policy.status_asof if document.policy else TODAY
        return self._taking_in.document(self._taking_in.drafts.get(taken.draft.id))[0]


def _fields(document: Document) -> dict[str, str | None]:
    """The digest's own card, as somebody would type it: what it does not say is taken away."""
    card: Mapping[str, Any] = document.policy.model_dump(mode="json") if document.policy else {}
    return {name: "、".join(card[name]) if name in LISTS else card.get(name) for name in FIELDS if name != "url"}


def answered(documents: Sequence[Document], golden: Sequence[Golden]) -> dict[str, Answer]:
    """By words alone, as a candidate is tried before it is published (rag.evaluation.gate)."""
    with ExitStack() as stack:
        pipeline = Pipeline(open_library(documents, None, stack).reader, lambda: TODAY)
        return {one.id: pipeline.answer(one.question) for one in golden}


def rounds(
    forms: Mapping[str, Sequence[bytes]],
    chosen: Sequence[Document],
    documents: Sequence[Document],
    parse: Callable[[Path], Parsed] = parse_file,
    told: Callable[[str], None] = lambda _form: None,
) -> dict[str, Likeness]:
    """Form by form, the answers of a corpus in which the originals of these files take the place of their digests."""
    names = {document.id for document in chosen}
    golden = [one for one in questions() if names & set(one.policies)]
    digests = answered(documents, golden)
    found: dict[str, Likeness] = {}
    for form, files in forms.items():
        with TemporaryDirectory() as folder:
            bureau = Bureau(Path(folder), documents, parse)
            taken = [bureau.original(d, data, ENDINGS[form]) for d, data in zip(chosen, files, strict=True)]
        there = [one for one in taken if isinstance(one, Document)]
        like = found[form] = _likeness(documents, there, golden, digests)
        like.refused = [f"{d.id}: {one}" for d, one in zip(chosen, taken, strict=True) if isinstance(one, str)]
        told(form)
    return found


def _likeness(
    documents: Sequence[Document], there: Sequence[Document], golden: Sequence[Golden], digests: Mapping[str, Answer]
) -> Likeness:
    by_id = {document.id: document for document in documents}
    plain = [replace(one, text=office_text(by_id[one.id])) for one in there]
    candidate = _with(documents, there)
    texts, files = answered(_with(documents, plain), golden), answered(candidate, golden)
    found = Likeness(len(golden))
    for one in golden:
        _judge(one, digests[one.id], texts[one.id], files[one.id], found)
    trial = try_out(golden, documents, candidate, TODAY)
    found.falls = [f"{fall.name} {fall.before:.3f} → {fall.after:.3f}" for fall in trial.falls]
    return found


def _with(documents: Sequence[Document], others: Iterable[Document]) -> list[Document]:
    there = {document.id: document for document in others}
    return [there.get(document.id, document) for document in documents]


Said = tuple[str, list[tuple[str, str]]]


def _judge(golden: Golden, digest: Answer, text: Answer, file: Answer, found: Likeness) -> None:
    was, plain, now = _said(digest), _said(text), _said(file)
    found.as_text += plain == now
    found.as_digest += was == now
    policy = was[0] == now[0] and [card[0] for card in was[1][:1]] == [card[0] for card in now[1][:1]]
    found.policy += policy
    found.clause += policy and (not was[1] or ratio(was[1][0][1], now[1][0][1]) >= ALIKE)
    found.amounts += policy and _amounts(was) == _amounts(now)
    if plain != now:
        found.unlike.append(f"{golden.id} {golden.question.text[:30]}\n    {plain}\n    {now}")


def _said(answer: Answer) -> Said:
    return str(answer.status), [(card.policy, _bare(card.quote)) for card in answer.citations]


def _bare(quote: str) -> str:
    return re.sub(r"\s|\*\*", "", quote)


def _amounts(said: Said) -> list[str]:
    return figures(said[1][0][1]) if said[1] else []
