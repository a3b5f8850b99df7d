"""The measures themselves: what each counts, what leaves no mark, and that missing data is never counted as met."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from rag.adapters.hashed import HashedEmbedder
from rag.evaluation import measuring, public_sets, removed
from rag.evaluation.golden import Golden, by_kind, figures, judge, read_golden
from rag.evaluation.kept_vectors import KeptEmbedder
from rag.evaluation.rows import UNMEASURED, Bar, Row, failed, figure, ratio, show, unmeasured, write
from rag.evaluation.shelves import open_library, remover
from rag.models import (
    Answer,
    AnswerStatus,
    Citation,
    Claim,
    Document,
    Hit,
    Passage,
    PolicyState,
    Question,
    Quote,
)
from rag.pipeline import Limits

ROOT = Path(__file__).parents[2]
NCP = ROOT / "../shared/data/ncp"
TODAY = date(2026, 11, 22)


def passage(key: str, policy: str, text: str, provision: int | None = 0) -> Passage:
    return Passage(key, policy, "article", ("题名",), "摘要第1条", "", text, provision)


STORE = {
    "p1": passage("p1", "a", "首次创业的，给予一次性补贴一万元。"),
    "p2": passage("p2", "b", "社保缴纳满六个月。", 3),
}


def card(key: str = "p1", state: PolicyState | None = PolicyState.IN_FORCE, **other: Any) -> Citation:
    stored = STORE[key]
    fields: dict[str, Any] = {
        "passage": key,
        "policy": stored.document,
        "provision": stored.provision,
        "title": "题名",
        "doc_no": None,
        "article": stored.article,
        "quote": stored.text,
        "policy_status": state,
        "level": None,
        "jurisdiction": None,
        "confidence": "high",
        "judged": None,
        "url": None,
    }
    return Citation(**(fields | other))


def claim(key: str = "p1") -> Claim:
    text = STORE[key].text
    return Claim(text, (Quote(key, text, 0),))


def answered(*keys: str, **other: Any) -> Answer:
    cards = tuple(card(key) for key in keys)
    fields = {"claims": tuple(claim(key) for key in keys), "citations": cards}
    return Answer(AnswerStatus.ANSWERED, "问", **(fields | other))


def golden(**other: Any) -> Golden:
    fields: dict[str, Any] = {
        "id": "q1",
        "part": "dev",
        "kind": "single",
        "question": Question("问"),
        "statuses": (AnswerStatus.ANSWERED,),
        "policies": ("a",),
        "provisions": (("a", 0),),
        "every": False,
        "must_say": (),
        "must_not_say": (),
        "retired": frozenset(),
    }
    return Golden(**(fields | other))


def marks(wanted: Golden, answer: Answer) -> dict[str, float]:
    return dict(judge(wanted, answer, STORE.get).shares)


def counts(wanted: Golden, answer: Answer) -> dict[str, int]:
    return dict(judge(wanted, answer, STORE.get).counts)


# ---------------------------------------------------------------------------------------------------- golden questions


def test_a_cited_gold_policy_is_the_first_of_the_ranking() -> None:
    assert marks(golden(), answered("p1"))["policy hit@1"] == 1


def test_citations_come_before_hits_in_the_ranking() -> None:
    found = marks(golden(), answered("p2", hits=(Hit(STORE["p1"], 1.0),)))

    assert (found["policy hit@1"], found["policy hit@5"]) == (0, 1)


def test_a_refusal_is_ranked_by_what_it_found_and_not_by_what_it_shows() -> None:
    refusal = Answer(AnswerStatus.NOT_FOUND, "问", citations=(card("p2"),), hits=(Hit(STORE["p1"], 1.0),))

    assert marks(golden(), refusal)["policy hit@1"] == 1


def test_ndcg_gives_the_second_place_less_than_the_first() -> None:
    second = marks(golden(), answered("p2", hits=(Hit(STORE["p1"], 1.0),)))["policy nDCG@10"]

    assert second == pytest.approx(0.6309, abs=1e-4)


def test_any_gold_provision_is_enough_unless_all_are_wanted() -> None:
    both = (("a", 0), ("b", 3))

    assert marks(golden(provisions=both), answered("p1"))["gold provision quoted"] == 1
    assert marks(golden(provisions=both, every=True), answered("p1"))["gold provision quoted"] == 0
    assert marks(golden(provisions=both, every=True), answered("p1", "p2"))["gold provision quoted"] == 1


def test_a_row_of_a_table_is_found_by_its_policy_alone() -> None:
    row = answered("p1", citations=(card(provision=None),))

    assert marks(golden(provisions=(("a", None),)), row)["gold provision quoted"] == 1


def test_required_words_must_stand_in_a_quote_and_not_only_in_the_sentence_around_it() -> None:
    said = Claim("补贴一万元，须缴满六个月", claim("p2").quotes)

    assert marks(golden(must_say=("一万元",)), answered("p1", claims=(said,)))["required words quoted"] == 0
    assert marks(golden(must_say=("六个月",)), answered("p1", claims=(said,)))["required words quoted"] == 1


def test_a_refusal_that_is_accepted_owes_no_quote() -> None:
    found = marks(
        golden(statuses=(AnswerStatus.ANSWERED, AnswerStatus.NOT_FOUND)), Answer(AnswerStatus.NOT_FOUND, "问")
    )

    assert "gold provision quoted" not in found
    assert found["answerable wrongly refused"] == 0


def test_a_refusal_that_is_not_accepted_misses_the_quote_too() -> None:
    found = marks(golden(must_say=("一万元",)), Answer(AnswerStatus.CLARIFY, "问"))

    assert found["answerable wrongly refused"] == 1
    assert found["gold provision quoted"] == found["required words quoted"] == 0


@pytest.mark.parametrize(
    ("status", "refused"),
    [
        (AnswerStatus.NOT_FOUND, 1),
        (AnswerStatus.ILLEGAL, 1),
        (AnswerStatus.ANSWERED, 0),
        (AnswerStatus.CLARIFY, 0),
        (AnswerStatus.INTERNAL, 0),
    ],
)
def test_an_unanswerable_question_is_refused_by_refusing_and_by_nothing_else(
    status: AnswerStatus, refused: float
) -> None:
    wanted = golden(kind="unanswerable_near_miss", statuses=(AnswerStatus.NOT_FOUND,), policies=(), provisions=())

    assert marks(wanted, Answer(status, "问"))["unanswerable refused"] == refused


def test_an_answer_that_is_accepted_counts_as_refusing_an_injection() -> None:
    wanted = golden(kind="unanswerable_injection", statuses=(AnswerStatus.INJECTION, AnswerStatus.ANSWERED))

    assert marks(wanted, answered("p1"))["unanswerable refused"] == 1


def test_a_question_for_clarifying_is_neither_answerable_nor_unanswerable() -> None:
    found = marks(golden(kind="clarify", statuses=(AnswerStatus.CLARIFY,)), Answer(AnswerStatus.CLARIFY, "问"))

    assert found == {"status accepted": 1}


@pytest.mark.parametrize(("state", "faults"), [(PolicyState.IN_FORCE, 1), (None, 1), (PolicyState.SUPERSEDED, 0)])
def test_a_retired_policy_must_carry_a_state_that_says_so(state: PolicyState | None, faults: int) -> None:
    wanted = golden(retired=frozenset({"a"}))
    shown = answered("p1", citations=(card(state=state),))

    assert counts(wanted, shown)["retired policy presented as current"] == faults
    assert counts(golden(), shown)["retired policy presented as current"] == 0


def test_the_nearest_clauses_of_a_refusal_are_held_to_the_same() -> None:
    refusal = Answer(AnswerStatus.NOT_FOUND, "问", nearest=(card(quote="补贴十万元"),))

    found = counts(golden(retired=frozenset({"a"})), refusal)

    assert found["retired policy presented as current"] == 1
    assert found["quote not verbatim"] == 1


@pytest.mark.parametrize(
    "claimed",
    [
        Claim("x", (Quote("p1", "给予一次性补贴十万元", 6),)),
        Claim("x", (Quote("p1", STORE["p1"].text, 1),)),
        Claim("x", (Quote("p1", "", 0),)),
        Claim("x", (Quote("gone", "x", 0),)),
        Claim("x", ()),
    ],
    ids=["a changed figure", "a wrong place", "nothing", "no such passage", "no quote"],
)
def test_a_quote_that_does_not_stand_where_it_says_is_a_fault(claimed: Claim) -> None:
    assert counts(golden(), answered("p1", claims=(claimed,)))["quote not verbatim"] == 1


def test_a_card_that_names_another_clause_than_its_passage_is_a_fault() -> None:
    assert counts(golden(), answered("p1", citations=(card(provision=7),)))["quote not verbatim"] == 1
    assert counts(golden(), answered("p1"))["quote not verbatim"] == 0


def test_forbidden_words_count_in_claims_and_not_in_the_nearest_clauses() -> None:
    wanted = golden(must_not_say=("一万元",))

    assert counts(wanted, answered("p1"))["forbidden words said"] == 1
    assert counts(wanted, Answer(AnswerStatus.NOT_FOUND, "问", nearest=(card(),)))["forbidden words said"] == 0


def test_both_parts_are_reported_apart_and_an_empty_one_is_not_measured() -> None:
    rows = {row.name: row for row in figures([judge(golden(), answered("p1"), STORE.get)])}

    assert rows["golden dev: policy hit@1"].passed is True
    assert rows["golden held_out: policy hit@1"].value == UNMEASURED
    assert rows["golden held_out: policy hit@1"].passed is None


def test_a_held_out_kind_of_few_questions_is_not_reported() -> None:
    one = [judge(golden(part="held_out"), answered("p1"), STORE.get)]

    assert by_kind(one) == []
    assert [row.note for row in by_kind(one * 5)] == ["5 questions"]


def test_failures_are_listed_of_the_development_part_only() -> None:
    console = Console(record=True, width=200, file=StringIO())
    wrong = [
        judge(golden(id=name, part=part, question=Question(f"问{name}")), answered("p2"), STORE.get)
        for name, part in (("open1", "dev"), ("held1", "held_out"))
    ]

    measuring.list_failures(wrong, console)

    printed = console.export_text()
    assert "open1" in printed
    assert "held1" not in printed


def test_the_golden_file_of_the_repository_is_read_whole() -> None:
    file = ROOT / "tests/evals/golden.jsonl"
    read = read_golden(file)

    assert len(read) == len(file.read_text("utf-8").splitlines())
    assert {one.part for one in read} == {"dev", "held_out"}


# ---------------------------------------------------------------------------------------------------------------- rows


def test_a_bar_holds_the_ratio_where_there_is_one() -> None:
    assert ratio("x", 3.0, 2.0, Bar(at_most=1)).passed is False
    assert figure("x", 0.05, Bar(at_most=0.05)).passed is True
    assert figure("x", 0.87, Bar(at_least=0.88)).passed is False


def test_what_was_not_measured_is_never_met() -> None:
    for row in (unmeasured("x", Bar(at_least=0)), figure("x", None, Bar(at_least=0)), ratio("x", 0, 0, Bar(at_most=1))):
        assert row.passed is None
    assert failed([unmeasured("x", Bar(at_least=0))]) == []


def test_rows_are_written_in_the_form_that_is_promised(tmp_path: Path) -> None:
    out = tmp_path / "build" / "eval.json"

    write([ratio("r", 1.0, 3.0, Bar(at_most=0.5), "a note"), unmeasured("u", Bar(at_least=0.8))], out)

    assert json.loads(out.read_text("utf-8")) == [
        {"name": "r", "value": 1.0, "peer": 3.0, "ratio": 0.33333, "bar": "≤ 0.5", "pass": True},
        {"name": "u", "value": "未测", "peer": None, "ratio": None, "bar": "≥ 0.8", "pass": None},
    ]


def test_the_table_says_what_missed_its_bar() -> None:
    console = Console(record=True, width=150, file=StringIO())

    show(
        [figure("good", 1.0, Bar(at_least=0.5)), figure("bad", 0.1, Bar(at_least=0.5)), Row("word", None)], "t", console
    )

    good, bad = (
        next(line for line in console.export_text(clear=False).splitlines() if name in line) for name in ("good", "bad")
    )
    assert "yes" in good
    assert "NO" in bad


# --------------------------------------------------------------------------------------------------------- public sets


DOCUMENTS = (
    Document("d1", "关于稳定岗位的通知", "对不裁员的企业返还失业保险费百分之五十。申请截止到六月三十日。"),
    Document("d2", "关于减免房租的通知", "承租国有房屋的小微企业，免收三个月房租。由产权单位办理。"),
    Document("d3", "关于贷款贴息的通知", "对重点企业的贷款按利率的一半贴息，期限不超过一年。"),
)


def asked(key: str, text: str, gold: str, answer: str) -> public_sets.Asked:
    return public_sets.Asked(key, text, frozenset({gold}), answer)


QUESTIONS = (
    asked("1", "不裁员的企业返还多少失业保险费？", "d1", "百分之五十"),
    asked("2", "小微企业免收几个月房租？", "d2", "三个月"),
    asked("3", "重点企业的贷款怎样贴息？", "d3", "按利率的一半贴息"),
)


def test_documents_are_found_and_their_answers_shown() -> None:
    with ExitStack() as stack:
        library = open_library(DOCUMENTS, HashedEmbedder(), stack)
        find = public_sets.finder(library.shelf, library.places.embedder, 0.3, TODAY)

        assert public_sets.score(QUESTIONS, find) == {"hit@1": 1.0, "hit@5": 1.0, "answer@2000": 1.0}


def test_only_the_first_characters_count_as_shown() -> None:
    long = Passage("x", "d", "article", ("t",), None, "", "长" * 1_999 + "答案", None)

    assert "答案" not in public_sets.shown([Hit(long, 1.0)])


def test_a_document_of_the_same_text_counts_as_gold(tmp_path: Path) -> None:
    twins = [{"id": key, "title": "甲", "text": "同一份通知的全文。"} for key in ("d1", "d2")]
    (tmp_path / "docs.jsonl").write_text("\n".join(map(json.dumps, twins)), "utf-8")
    question = {"id": "q", "question": "问", "doc": "d1", "answer": "全文"}
    (tmp_path / "questions_dev.jsonl").write_text(json.dumps(question), "utf-8")

    found = public_sets.read_ncp(tmp_path)

    assert found.questions[0].gold == {"d1", "d2"}
    assert found.answered_once == found.questions


def test_an_answer_that_stands_elsewhere_too_cannot_be_taken_out() -> None:
    twice = (*DOCUMENTS, Document("d4", "另一份", "也返还百分之五十。"))

    found = public_sets.PublicSet("x", twice, QUESTIONS)

    assert [one.id for one in found.answered_once] == ["2", "3"]


def test_the_paragraph_set_reads_its_judgements(tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl").write_text(json.dumps({"id": "p0", "text": "正文"}), "utf-8")
    (tmp_path / "queries.jsonl").write_text(json.dumps({"id": "q0", "text": "问"}), "utf-8")
    (tmp_path / "qrels.tsv").write_text("q0\tp0\t1\n", "utf-8")

    assert public_sets.read_cmrc(tmp_path).questions[0].gold == {"p0"}


def test_a_document_taken_out_is_found_no_more_and_its_words_are_unseen() -> None:
    with ExitStack() as stack:
        library = open_library(DOCUMENTS, HashedEmbedder(), stack)
        shelf = remover(library)(["d2"]).shelf()

        assert shelf is not None
        hits = public_sets.finder(shelf, library.places.embedder, 0.3, TODAY)("小微企业免收几个月房租", 10)
        assert {hit.passage.document for hit in hits} <= {"d1", "d3"}
        assert shelf.opened.lexical.size == library.shelf.opened.lexical.size - 1


def test_the_pipeline_is_less_sure_when_the_gold_document_is_gone() -> None:
    with ExitStack() as stack:
        library = open_library(DOCUMENTS, None, stack)
        found = removed.ask_both(library, QUESTIONS, Limits(), lambda: TODAY)

    assert len(found.there) == len(found.gone) == 3
    assert found.area > 0.5


def test_the_curve_keeps_the_share_of_answers_it_promises() -> None:
    found = removed.Surenesses(there=(0.9, 0.8, 0.7, 0.2), gone=(0.75, 0.5, 0.1, 0.0))

    assert found.at(0.7) == (0.75, 0.75)
    assert found.refused_at(0.75) == 0.75
    assert found.refused_at(1.0) == 0.5
    assert found.refused_at(0.5) == 1.0
    assert found.area == pytest.approx(13 / 16)


def test_the_point_of_the_bar_is_not_printed_twice() -> None:
    names = [row.name for row in removed.removed_rows("ncp", removed.Surenesses((0.9,), (0.1,)))]

    assert len(names) == len(set(names))


def test_without_the_folder_nothing_is_counted_as_met() -> None:
    with ExitStack() as stack:
        around = measuring.Surroundings(ROOT, None, None, stack, Console(quiet=True))
        rows = measuring.measure_ncp(around) + measuring.measure_cmrc(around)

    assert {row.value for row in rows} == {UNMEASURED}
    assert {row.passed for row in rows} == {None}


def test_without_an_embedder_only_the_lexical_figures_are_measured_and_they_carry_no_bar(tmp_path: Path) -> None:
    folder = tmp_path / "cmrc2018"
    folder.mkdir()
    (folder / "corpus.jsonl").write_text(json.dumps({"id": "p0", "text": "正文在此"}), "utf-8")
    (folder / "queries.jsonl").write_text(json.dumps({"id": "q0", "text": "正文在哪"}), "utf-8")
    (folder / "qrels.tsv").write_text("q0\tp0\t1\n", "utf-8")
    with ExitStack() as stack:
        rows = measuring.measure_cmrc(measuring.Surroundings(ROOT, tmp_path, None, stack, Console(quiet=True)))

    assert rows[0].value == UNMEASURED
    assert [(row.value, row.passed) for row in rows[1:]] == [(1.0, None), (1.0, None)]


class CountingEmbedder(HashedEmbedder):
    """Counts what it was asked to embed."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed_query(self, text: str) -> list[float]:
        self.asked.append(text)
        return super().embed_query(text)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.asked += texts
        return super().embed_documents(texts)


def test_a_text_is_embedded_once_and_a_question_apart_from_a_passage(tmp_path: Path) -> None:
    under = CountingEmbedder()
    first = KeptEmbedder(under, tmp_path / "v.sqlite").embed_documents(["甲乙", "丙丁", "甲乙"])
    again = KeptEmbedder(under, tmp_path / "v.sqlite")

    assert again.embed_documents(["丙丁", "甲乙"]) == [first[1], first[0]]
    assert under.asked == ["甲乙", "丙丁"]
    again.embed_query("甲乙")
    again.embed_query("甲乙")
    assert under.asked == ["甲乙", "丙丁", "甲乙"]


@pytest.mark.skipif(not NCP.is_dir(), reason="the public set is not beside this checkout")
def test_real_questions_find_their_documents_without_any_model() -> None:
    found = public_sets.read_ncp(NCP)
    with ExitStack() as stack:
        library = open_library(found.documents, None, stack)
        scores = public_sets.score(found.questions[:120], public_sets.finder(library.shelf, None, 0.0, TODAY))

    assert scores["hit@1"] > 0.7
    assert scores["hit@5"] > 0.9
