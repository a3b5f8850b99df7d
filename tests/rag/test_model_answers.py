"""Answers that a model writes: what is proven is shown over cards from the index, everything else falls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rag.citations import verified
from rag.model_answers.checking import Checked, Written, check
from rag.model_answers.guarded import Caps, GuardedModel, UnkeptBook
from rag.model_answers.quantities import Quantity, quantities
from rag.model_answers.writing import Writer
from rag.models import Answer, AnswerStatus, Passage, Question, Turn
from rag.pipeline import Pipeline
from rag.ports import ModelError, Prompt
from rag.reader import Reader
from tests.support.model_minds import Mind, ScriptedModel, data, guarded, repeating, written
from tests.support.policies import TODAY, policies
from tests.support.shelves import a_pipeline, a_reader, memory_places

REWARD = "首次认定高新技术企业奖励多少钱"
CLAUSE = "首次通过高新技术企业认定的，一次性奖励10万元。"
TEXT = (
    "首次通过高新技术企业认定的，一次性奖励10万元。近三年研发费用占同期销售收入的比例不低于3%；"
    "每年5月1日至6月30日受理申报，单户最高60万元，期限三年。失信企业不得申请。"
)
PASSAGE = Passage("p", "d", "article", ("青岛市高新技术企业培育若干措施",), "摘要第1条", "", TEXT)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return a_reader(policies(), memory_places(None))


def writing(reader: Reader, mind: Mind) -> tuple[Callable[..., Answer], ScriptedModel]:
    model, seen = guarded(mind)
    pipeline = Pipeline(reader, lambda: TODAY, writer=Writer(model))

    def ask(text: str, *earlier: str, **changes: Any) -> Answer:
        return pipeline.answer(Question(text, tuple(Turn("user", each) for each in earlier), **changes))

    return ask, seen


def checked(text: str, quote: str, passage: str = "P1", **others: Any) -> Checked:
    return check(Written.model_validate(written((text, passage, quote), **others)), {"P1": PASSAGE}, "奖励和条件？")


# The checks


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("首次认定的高新技术企业，一次性奖励10万元。", "首次通过高新技术企业认定的，一次性奖励10万元"),
        ("研发费用占销售收入的比例应不低于3%。", "近三年研发费用占同期销售收入的比例不低于3%"),
        ("受理时间为每年5月1日至6月30日。", "每年5月1日至6月30日受理申报"),
        ("受理申报到6月30日为止。", "每年5月1日至6月30日受理申报"),
        ("单户最高60万元，期限三年。", "单户最高60万元，期限三年"),
        ("失信企业不能申请。", "失信企业不得申请"),
        ("首次通过认定，奖励１０万元。", "首次通过高新技术企业认定的，一次性奖励10万元。"),
    ],
)
def test_a_true_sentence_in_the_clauses_own_words_is_kept(text: str, quote: str) -> None:
    found = checked(text, quote)
    assert found.dropped == ()
    assert found.claims[0].text == text
    assert verified(found.claims[0], {"p": PASSAGE})


@pytest.mark.parametrize(
    ("text", "quote", "why"),
    [
        ("首次认定奖励10万元。", "首次认定的企业奖励10万元", "quote not verbatim"),
        ("首次认定奖励10万元。", "10万", "quote not verbatim"),
        ("首次认定奖励20万元。", CLAUSE, "number"),
        ("首次认定奖励10元。", CLAUSE, "number"),
        ("首次认定奖励10%。", CLAUSE, "number"),
        ("首次认定奖励十五万元。", CLAUSE, "number"),
        ("首次认定奖励10万元，分三年发放。", CLAUSE, "number"),
        ("单户最高60万元，期限五年。", "单户最高60万元，期限三年", "number"),
        ("受理时间为每年6月1日至5月30日。", "每年5月1日至6月30日受理申报", "number"),
        ("研发费用占比不低于百分之五。", "近三年研发费用占同期销售收入的比例不低于3%", "number"),
        ("单户60万元，期限三年。", "单户最高60万元，期限三年", "bound"),
        ("研发费用占销售收入的比例为3%。", "近三年研发费用占同期销售收入的比例不低于3%", "bound"),
        ("失信企业可以申请。", "失信企业不得申请", "negation"),
        ("首次认定不奖励10万元。", CLAUSE, "negation"),
        ("首次认定奖励10万元，加好友领取大额红包。", CLAUSE, "words"),
        ("首次认定奖励10万元，请扫码领取。", CLAUSE, "words"),
        ("首次认定奖励10万元。详见《内部文件》。", CLAUSE, "words"),
        ("首次认定奖励10万元 PWNED", CLAUSE, "words"),
        ("首次认定奖励10万元，见 http://evil.example/x", CLAUSE, "markup"),
        ("首次认定奖励10万元，见evil.com", CLAUSE, "markup"),
        ("![x](首次认定奖励10万元)", CLAUSE, "markup"),
        ("<b>首次认定</b>奖励10万元", CLAUSE, "markup"),
        ("首次认定\u200b奖励10万元", CLAUSE, "markup"),
        ("\u202e首次认定奖励10万元", CLAUSE, "markup"),
        ("＜script＞首次认定奖励10万元", CLAUSE, "markup"),
        ("**首次认定**奖励10万元", CLAUSE, "markup"),
        ("The reward is granted once to certified companies", CLAUSE, "markup"),
        ("首次认定奖励10万元，" + "一次性奖励" * 40, CLAUSE, "too long"),
    ],
)
def test_a_sentence_that_its_quote_does_not_prove_falls(text: str, quote: str, why: str) -> None:
    found = checked(text, quote)
    assert (found.claims, [w for _, w in found.dropped]) == ((), [why])


def test_a_claim_without_a_quote_or_with_a_handle_nobody_gave_falls() -> None:
    assert [why for _, why in checked("首次认定奖励10万元。", CLAUSE, "P9").dropped] == ["no quote"]
    bare = Written.model_validate({"completeness": "complete", "claims": [{"text": "奖励10万元", "quotes": []}]})
    assert [why for _, why in check(bare, {"P1": PASSAGE}, "奖励？").dropped] == ["no quote"]


def test_a_quote_is_shown_out_to_the_ends_of_its_sentence() -> None:
    found = checked("一次性奖励10万元。", "一次性奖励10万元")
    assert found.claims[0].quotes[0].quote == CLAUSE


def test_what_is_missing_is_said_in_the_questions_own_words_only() -> None:
    found = checked("一次性奖励10万元。", CLAUSE, missing=("条件", "请转账到指定账户", "奖", "<b>", "和条件？"))
    assert found.missing == ("条件",)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("一次性奖励10万元", [Quantity("100000", "元")]),
        ("１，０００万元", [Quantity("10000000", "元")]),
        ("三百五十人", [Quantity("350", "人")]),
        ("两成", [Quantity("20", "%")]),
        ("百分之三点", [Quantity("3", "%")]),
        ("0.5亿元", [Quantity("50000000", "元")]),
        ("2025年5月1日起36个月", [Quantity("2025-5-1", "date"), Quantity("36", "月")]),
        ("一个月1200元", [Quantity("1", "月"), Quantity("1200", "元")]),
        ("统一、一般、一律、一次性", []),
        ("半年", [Quantity("0.5", "年")]),
        ("", []),
    ],
)
def test_quantities_are_read_with_their_units(text: str, found: list[Quantity]) -> None:
    assert quantities(text) == found


# The answer


def test_proven_sentences_are_shown_over_cards_from_the_index(reader: Reader) -> None:
    ask, seen = writing(reader, repeating)
    answer = ask(REWARD)
    assert (answer.status, answer.generated) == (AnswerStatus.ANSWERED, True)
    assert answer.notices[0].key == "ai_generated"
    card = answer.citations[0]
    assert (card.title, card.doc_no) == ("青岛市高新技术企业培育若干措施", "青科规〔2025〕7号")
    assert {q.quote for claim in answer.claims for q in claim.quotes} == {card.quote for card in answer.citations}
    assert answer.writing is not None
    assert (answer.writing.model, answer.writing.kept, answer.writing.dropped) == ("scripted", 2, ())
    assert len(seen.seen) == 1


def test_the_model_sees_clauses_as_data_and_neither_numbers_of_documents_nor_addresses(reader: Reader) -> None:
    ask, seen = writing(reader, repeating)
    ask(REWARD)
    (prompt,) = seen.seen
    assert CLAUSE in [passage["text"] for passage in data(prompt)["passages"]]
    assert "青科规" not in prompt.given
    assert "http" not in prompt.given
    assert REWARD not in prompt.system


def test_where_nothing_is_proven_it_is_asked_once_more_with_the_reasons(reader: Reader) -> None:
    def second_time_right(prompt: Prompt) -> dict[str, Any]:
        return repeating(prompt) if "rejected" in data(prompt) else written(("奖励99万元。", "P1", CLAUSE))

    ask, seen = writing(reader, second_time_right)
    answer = ask(REWARD)
    assert (answer.generated, len(seen.seen)) == (True, 2)
    assert "数字" in data(seen.seen[1])["rejected"][0]["why"]


HOPELESS: list[Mind] = [
    lambda _: written(("奖励99万元。", "P1", CLAUSE)),
    lambda _: written(completeness="none"),
    lambda _: {"completeness": "perhaps"},
    lambda _: {},
    lambda _: {"completeness": "complete", "claims": "x" * 1000},
    lambda _: {"completeness": "complete", "claims": [{"text": "x", "quotes": [{"passage": 1, "quote": None}]}]},
]


@pytest.mark.parametrize("mind", HOPELESS)
def test_where_nothing_can_be_proven_the_clauses_answer_as_without_a_model(reader: Reader, mind: Mind) -> None:
    ask, seen = writing(reader, mind)
    plain = a_pipeline(reader).answer(Question(REWARD))
    answer = ask(REWARD)
    assert not answer.generated
    assert (answer.claims, answer.citations, answer.notices) == (plain.claims, plain.citations, plain.notices)
    assert len(seen.seen) <= 2


def test_a_part_that_is_not_answered_is_said(reader: Reader) -> None:
    def partly(prompt: Prompt) -> dict[str, Any]:
        return {**repeating(prompt), "completeness": "partial", "missing": ["奖励多少钱"]}

    ask, _ = writing(reader, partly)
    assert [n.values["parts"] for n in ask(REWARD).notices if n.key == "missing"] == ["奖励多少钱"]


NOT_ASKED = ["你好", "上海的高企奖励多少", "我在崂山区做人工智能，能享受什么政策", "红烧肉怎么做才好吃", "有什么补贴"]


@pytest.mark.parametrize("text", NOT_ASKED)
def test_what_is_refused_or_listed_asks_no_model(reader: Reader, text: str) -> None:
    ask, seen = writing(reader, repeating)
    assert not ask(text).generated
    assert seen.seen == []


def test_a_private_question_and_one_whose_share_is_used_up_reach_no_model(reader: Reader) -> None:
    ask, seen = writing(reader, repeating)
    assert not ask(REWARD, private=True).generated
    assert not ask(REWARD, aided=False).generated
    assert seen.seen == []


def test_a_retired_policy_stays_marked_though_a_model_retells_it(reader: Reader) -> None:
    ask, _ = writing(reader, repeating)
    answer = ask("青财规〔2020〕11号贷款贴息标准是多少")
    assert answer.generated
    assert {"retired"} <= {notice.key for notice in answer.notices}
    assert all(card.policy_status is not None and card.policy_status.retired for card in answer.citations)


def test_stages_are_told_before_the_model_is_asked(reader: Reader) -> None:
    model, _ = guarded(repeating)
    told: list[str] = []
    Pipeline(reader, lambda: TODAY, writer=Writer(model)).answer(Question(REWARD), told.append)
    assert told == ["guarding", "rewriting", "routing", "searching", "verifying", "writing", "done"]


# What leaves


@pytest.mark.parametrize(
    ("typed", "hidden"),
    [
        ("我的手机13912345678，首次认定高新技术企业奖励多少", "13912345678"),
        ("１３９１２３４５６７８ 首次认定高新技术企业奖励多少", "１３９１２３４５６７８"),
        ("139-1234-5678 首次认定高新技术企业奖励多少", "1234"),
        ("身份证370202199003071234，首次认定高新技术企业奖励多少", "370202199003071234"),
        ("邮箱 wang.li@corp.example 首次认定高新技术企业奖励多少", "wang.li"),
        ("联系人：王小明，首次认定高新技术企业奖励多少", "王小明"),
        ("我叫李雷，首次认定高新技术企业奖励多少", "李雷"),
        ("座机0532-85911000，首次认定高新技术企业奖励多少", "85911000"),
        ("微信号wangli_88，首次认定高新技术企业奖励多少", "wangli_88"),
    ],
)
def test_what_identifies_somebody_is_masked_before_it_leaves(reader: Reader, typed: str, hidden: str) -> None:
    ask, seen = writing(reader, repeating)
    ask(typed)
    assert len(seen.seen) == 1
    assert all(hidden not in prompt.given and "高新技术企业" in prompt.given for prompt in seen.seen)


# Budget


def test_never_more_than_two_calls_for_a_plain_question(reader: Reader) -> None:
    def fails(prompt: Prompt) -> dict[str, Any]:
        raise ModelError("server")

    for mind in (*HOPELESS, fails, repeating):
        ask, seen = writing(reader, mind)
        ask(REWARD)
        assert len(seen.seen) <= 2


def test_after_five_failures_the_model_is_left_alone_and_then_tried_once(reader: Reader) -> None:
    clock = [0.0]
    ill = [True]

    def mind(prompt: Prompt) -> dict[str, Any]:
        if ill[0]:
            raise ModelError("timeout")
        return repeating(prompt)

    seen = ScriptedModel(mind)
    model = GuardedModel(seen, UnkeptBook(), Caps(), lambda: clock[0])
    pipeline = Pipeline(reader, lambda: TODAY, writer=Writer(model))
    for _ in range(8):
        assert not pipeline.answer(Question(REWARD)).generated
    assert (len(seen.seen), model.resting) == (5, True)
    clock[0] = 61
    pipeline.answer(Question(REWARD))
    pipeline.answer(Question(REWARD))
    assert len(seen.seen) == 6
    ill[0], clock[0] = False, 130
    assert pipeline.answer(Question(REWARD)).generated
    assert not model.resting
    assert model.outcomes["timeout"] == 6


def test_a_spent_day_answers_from_the_clauses(reader: Reader) -> None:
    model, seen = guarded(repeating, Caps(stops=lambda spent: spent.tokens >= 200))
    pipeline = Pipeline(reader, lambda: TODAY, writer=Writer(model))
    generated = [pipeline.answer(Question(REWARD)).generated for _ in range(4)]
    assert (generated, len(seen.seen)) == ([True, True, False, False], 2)
    assert (model.spent.tokens_in, model.spent.tokens_out, model.outcomes["spent"]) == (200, 40, 2)


def test_a_fault_that_passes_is_asked_again_once(reader: Reader) -> None:
    faults = [ModelError("limited"), None]

    def mind(prompt: Prompt) -> dict[str, Any]:
        fault = faults.pop(0)
        if fault:
            raise fault
        return repeating(prompt)

    ask, seen = writing(reader, mind)
    assert ask(REWARD).generated
    assert len(seen.seen) == 2
