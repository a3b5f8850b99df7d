"""The shipped policies: sound, complete against the facts they were made from, and true to their numbers."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rag.card_rules import linkable
from rag.chunking import chunk
from rag.corpus import Corpus, coverage, read_corpus
from rag.digest_rules import digest_faults
from rag.front_matter import Card, read_card, split
from rag.jurisdictions import places
from rag.legal_time import state_on
from rag.models import Category, Document, PolicyState
from rag.policies import Policy
from rag.succession import successors

REPO = Path(__file__).parents[2]
CORPUS = REPO / "policies_corpus"
FACTS = REPO / "../shared/data/policy_facts.jsonl"
FIELDS = {
    "doc_no": "doc_no",
    "issue_date": "issued",
    "effective_date": "effective",
    "expiry_date": "expires",
    "level": "level",
    "status": "status",
    "confidence": "confidence",
    "title_is_official": "title_is_official",
}


@cache
def corpus() -> Corpus:
    return read_corpus(CORPUS)


@cache
def documents() -> dict[str, Document]:
    return {document.id: document for document in corpus().documents}


def card(document: Document) -> Policy:
    assert document.policy is not None
    return document.policy


@cache
def facts() -> list[dict[str, Any]]:
    """The facts that may be in the corpus: policies whose confidence is not low."""
    if not FACTS.exists():
        pytest.skip("the facts are not on this machine")
    rows = [json.loads(line) for line in FACTS.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row["record_type"] == "policy" and row["confidence"] != "low"]


def folded(text: str) -> str:
    """Without what tidying changed: the width of punctuation."""
    return re.sub(r"\s+", " ", text.translate(str.maketrans("，；：（）", ",;:()"))).strip()


def sections(document: Document) -> dict[str, str]:
    """Heading → the text under it."""
    found = re.split(r"^## (.+)$", document.text, flags=re.MULTILINE)[1:]
    return {head: body.strip() for head, body in zip(found[::2], found[1::2], strict=True)}


def provisions(document: Document) -> list[tuple[str, str]]:
    """(heading, text) of the clauses that stand for facts, by their index."""
    return [(head, body) for head, body in sections(document).items() if "{provision=" in head]


def test_the_corpus_has_no_fault_and_a_hundred_and_thirty_policies() -> None:
    assert corpus().faults == []
    assert len(documents()) == 130
    assert all(document.policy is not None for document in documents().values())


def test_the_schema_for_editors_is_that_of_the_model() -> None:
    schema = json.loads((CORPUS / "policy.schema.json").read_text(encoding="utf-8"))
    assert schema == Policy.model_json_schema()


def test_the_template_is_a_sound_policy() -> None:
    parts = split((CORPUS / "_template.md").read_text(encoding="utf-8"))
    assert parts is not None
    read = read_card("_template.md", parts[0])
    assert isinstance(read, Card)
    assert list(digest_faults(parts[1])) == []
    assert set(Policy.model_fields) - read.policy.model_fields_set == {"conditions", "deadlines", "original"}


def test_fields_stand_in_the_order_of_the_model() -> None:
    for path in CORPUS.rglob("[a-z]*-*.md"):
        parts = split(path.read_text(encoding="utf-8"))
        assert parts is not None, path
        names = re.findall(r"^([a-z_]+):", parts[0], flags=re.MULTILINE)
        assert names == [field for field in Policy.model_fields if field in names], path


def test_a_file_lies_in_the_folder_of_its_level_and_place() -> None:
    slugs = {place.name: place.slug for place in places()}
    for document in documents().values():
        policy = card(document)
        folder = CORPUS / policy.level
        place = folder / slugs[policy.jurisdiction] if policy.level == "district" else folder
        assert (place / f"{policy.id}.md").is_file(), policy.id


def test_every_policy_of_the_facts_is_there_and_nothing_else() -> None:
    assert set(documents()) == {row["id"] for row in facts()}


def test_cards_say_what_the_facts_say() -> None:
    for row in facts():
        policy = card(documents()[row["id"]]).model_dump(mode="json")
        for theirs, ours in FIELDS.items():
            said = row[theirs]
            assert (folded(policy[ours]) if isinstance(policy[ours], str) else policy[ours]) == said, (row["id"], ours)
        assert policy["categories"][0] == row["category"], row["id"]
        assert policy["status_asof"] == row["status_asof"], row["id"]
        assert folded(policy["title"]) == row["title"], row["id"]
        assert len(policy["sources"]) == len(row["sources"]), row["id"]


def test_relations_of_the_facts_are_carried_with_their_inferred_mark() -> None:
    known = set(documents())
    for row in facts():
        expected = Counter((rel["id"], bool(rel.get("inferred"))) for rel in row["related"] if rel.get("id") in known)
        ours = Counter((rel.id, rel.inferred) for rel in card(documents()[row["id"]]).relations)
        assert ours == expected, row["id"]


def test_every_provision_is_there_once_with_its_index_confidence_and_wording() -> None:
    for row in facts():
        found = provisions(documents()[row["id"]])
        assert len(found) == len(row["provisions"]), row["id"]
        pairs = zip(found, row["provisions"], row["provision_confidence"], strict=True)
        for index, ((head, body), fact, confidence) in enumerate(pairs):
            assert head.startswith(f"摘要第{index + 1}条"), row["id"]
            assert head.endswith(f" {{provision={index} confidence={confidence}}}"), row["id"]
            label = re.match(r"【([^】]*)】", fact)
            assert folded(body) == folded(fact[label.end() if label else 0 :]), (row["id"], index)
            assert label is None or f"〔{label[1]}〕" in folded(head), (row["id"], index)


def test_no_number_of_the_facts_is_lost_or_changed() -> None:
    number = re.compile(r"[0-9]+(?:[.:,-][0-9]+)*")
    for row in facts():
        for (head, body), fact in zip(provisions(documents()[row["id"]]), row["provisions"], strict=True):
            assert number.findall(f"{head.split(' {')[0].split('条', 1)[1]} {body}") == number.findall(fact), row["id"]


def test_tables_are_there_cell_by_cell() -> None:
    for row in facts():
        heads = [(head, body) for head, body in sections(documents()[row["id"]]).items() if "{table=" in head]
        assert len(heads) == len(row["tables"]), row["id"]
        for (head, body), table in zip(heads, row["tables"], strict=True):
            cells = [[folded(cell) for cell in line.strip("|").split("|")] for line in body.split("\n")]
            assert f"〔{folded(table['name'])}〕" in folded(head)
            assert [cells[0], *cells[2:]] == table["rows"], row["id"]


def test_low_material_never_enters() -> None:
    texts = "".join(document.text for document in documents().values())
    for row in facts():
        for provision in row["provisions_low"]:
            assert folded(provision) not in folded(texts), row["id"]
    notes = "".join(card(document).notes or "" for document in documents().values())
    assert "held_out" not in notes
    assert "测试集" not in notes


def test_only_official_and_press_hosts_are_linked_and_no_repository() -> None:
    urls = [source.url for document in documents().values() for source in card(document).sources if source.url]
    assert len(urls) > 30
    assert all(linkable(url) for url in urls)
    assert not any(part in url for url in urls for part in ("github", "seed:", "gitee"))


def test_every_digest_says_that_it_is_one() -> None:
    for document in documents().values():
        opening = document.text.split("\n\n", 1)[0]
        assert "摘要" in opening
        assert "不是原文" in opening
        assert "以主管部门发布的原文为准" in opening
        marks = {"high": "已对照官方文本", "medium": "未对照官方文本"}
        kinds = {kind for head, _ in provisions(document) for kind in re.findall(r"confidence=([a-z]+)", head)}
        assert kinds == {kind for kind, mark in marks.items() if mark in opening}, document.id


def test_a_contact_has_the_day_it_was_known_and_a_phone_number_says_so_in_the_text() -> None:
    for document in documents().values():
        policy = card(document)
        if policy.contact:
            assert policy.contact_asof == policy.status_asof, policy.id
            if re.search(r"[0-9]{7}", policy.contact):
                assert f"{policy.contact}（资料所载，核对日{policy.contact_asof}" in document.text, policy.id


def test_every_clause_becomes_a_passage_with_its_provision_and_confidence() -> None:
    for document in documents().values():
        passages = [passage for passage, _ in chunk(document)]
        found = {passage.provision for passage in passages if passage.provision is not None}
        assert found == set(range(len(provisions(document)))), document.id
        assert all(passage.confidence in {"high", "medium"} for passage in passages), document.id


def test_the_action_plan_is_there_once_with_its_nine_provisions_first() -> None:
    plans = [document for document in documents().values() if "建设“科创中国”试点城市行动方案" in document.title]
    assert [plan.id for plan in plans] == ["qd-kczg-2020"]
    heads = list(sections(plans[0]))
    assert [head[:4] for head in heads[:9]] == [f"摘要第{n}" for n in range(1, 10)]
    assert any(head.startswith("摘要补充") for head in heads)


def test_on_the_day_of_the_judgement_only_what_was_judged_so_is_in_force() -> None:
    for document in documents().values():
        policy = card(document)
        standing = state_on(policy, policy.status_asof)
        assert (standing.state is PolicyState.IN_FORCE) == (policy.status == "有效"), policy.id


def test_replaced_policies_name_a_successor() -> None:
    known = successors(card(document) for document in documents().values())
    for document in documents().values():
        if card(document).status == "被替代":
            assert known.get(document.id), document.id
    assert known["qd-startup-2022"] == ["qd-startup-2025"]


def test_coverage_knows_which_places_have_nothing() -> None:
    counts = coverage(card(document) for document in documents().values())
    assert counts["青岛市"][Category.SCIENCE] > 10
    assert counts["崂山区"][Category.STARTUP] == 1
    assert "市南区" not in counts
    assert "莱西市" not in counts
