"""The chunker on real texts: 435 laws, 599 notices, and the digests of this repository."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from rag.chunking import chunk
from rag.corpus import read_corpus
from rag.models import Document, Passage, Span

REPOSITORY = Path(__file__).parents[2]
SHARED = REPOSITORY / "../shared/data"  # real texts that are not ours to publish
CAP = 800

Chunked = list[tuple[Document, list[tuple[Passage, Span]]]]
HEAD = re.compile(r"^(第[一二三四五六七八九十百千零〇]+条(?:之[一二三四五六七八九十]+)?)[ \u3000]", re.MULTILINE)


def records(path: str) -> Iterator[dict[str, Any]]:
    if not (SHARED / path).exists():
        pytest.skip(f"{path} is not on this machine")
    with (SHARED / path).open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


@pytest.fixture(scope="module")
def laws() -> Chunked:
    texts = [
        (law["id"], law["title"], (SHARED / "laws" / law["file"]).read_text(encoding="utf-8"))
        for law in records("laws/index.jsonl")
    ]
    documents = [Document(*parts) for parts in texts]
    return [(document, chunk(document, cap=CAP)) for document in documents]


@pytest.fixture(scope="module")
def notices() -> Chunked:
    documents = [Document(one["id"], one["title"], one["text"]) for one in records("ncp/docs.jsonl")]
    return [(document, chunk(document, cap=CAP)) for document in documents]


def assert_kept(chunked: Chunked) -> None:
    for document, found in chunked:
        assert [span.start for _, span in found] == [0, *(span.end for _, span in found[:-1])]
        assert found[-1][1].end == len(document.text)
        assert all(passage.text in document.text[span.start : span.end] for passage, span in found)
        assert max(len(passage.text) for passage, _ in found) <= CAP


def articles(found: list[tuple[Passage, Span]]) -> Counter[str]:
    """How often each 第X条 begins."""
    return Counter(p.article for p, _ in found if p.article and p.lead == "" and p.text.startswith(p.article))


def test_laws_and_notices_are_tiled_verbatim_and_within_the_cap(laws: Chunked, notices: Chunked) -> None:
    assert_kept(laws)
    assert_kept(notices)


def test_every_article_of_every_law_is_found_and_no_reference_is_taken_for_one(laws: Chunked) -> None:
    for document, found in laws:
        numbered = Counter({name: n for name, n in articles(found).items() if name.startswith("第")})
        assert numbered == Counter(HEAD.findall(document.text)), document.id


def test_laws_on_one_line_give_nearly_all_their_articles(laws: Chunked) -> None:
    expected = missed = invented = 0
    for document, found in laws:
        line = re.sub(r"\s*\n\s*", " ", re.sub(r"^#+ |<!--.*?-->", "", document.text, flags=re.MULTILINE))
        split = articles(chunk(Document(document.id, document.title, line), cap=CAP))
        expected += articles(found).total()
        missed += (articles(found) - split).total()
        invented += (split - articles(found)).total()
    assert missed <= 0.001 * expected
    assert invented <= 0.001 * expected


def test_notices_give_passages_of_a_size_to_search(notices: Chunked) -> None:
    lengths = [len(passage.text) for _, found in notices for passage, _ in found]
    assert 300 <= mean(lengths) <= 380
    assert sum(150 <= length <= 500 for length in lengths) >= 0.9 * len(lengths)
    assert sum(length < 60 for length in lengths) <= 0.005 * len(lengths)


def test_answers_of_notices_stand_whole_in_one_passage(notices: Chunked) -> None:
    texts = {document.id: [passage.text for passage, _ in found] for document, found in notices}
    questions = list(records("ncp/questions_dev.jsonl"))
    whole = sum(any(question["answer"] in text for text in texts[question["doc"]]) for question in questions)
    assert whole >= 0.96 * len(questions)


def test_every_clause_of_our_digests_is_a_passage() -> None:
    digests = [d for d in read_corpus(REPOSITORY / "policies_corpus").documents if d.policy]
    if not digests:
        pytest.skip("no digest is written yet")
    assert_kept([(document, chunk(document, cap=CAP)) for document in digests])
    for document in digests:
        if document.policy is None or document.policy.text_kind != "digest":
            continue
        clauses = re.findall(r"^## 摘要第([0-9]+)条.*\{provision=([0-9]+)", document.text, re.MULTILINE)
        found = {
            (p.article, p.provision) for p, _ in chunk(document) if p.kind == "article" and p.provision is not None
        }
        assert found >= {(f"摘要第{number}条", int(provision)) for number, provision in clauses}, document.id
