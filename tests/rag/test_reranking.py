"""A reranker may change which clauses lead, and nothing else: whatever it says, answers stand and refusals stay."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest

from rag.citations import verified
from rag.evaluation.golden import Judged
from rag.evaluation.reranked import compare_reranked
from rag.models import Answer, AnswerStatus, Question
from rag.pipeline import Pipeline
from rag.ports import RerankerError
from rag.reader import Reader
from rag.reranking import Reranking
from tests.support.policies import TODAY, policies
from tests.support.shelves import a_pipeline, a_reader

REWARD = "首次认定高新技术企业奖励多少钱"
ASKED = [
    REWARD,
    "高企重新认定奖多少",
    "一次性创业补贴多少钱",
    "2022年创业补贴能拿多少",
    "科技型企业贷款贴息还有吗",
    "博士住房补贴一个月多少",
    "瞪羚企业奖励多少",
    "我在崂山区做人工智能，能享受什么政策",
    "《青岛市飞天计划》奖励多少",
    "市南区对人工智能企业有配套奖励吗",
    "红烧肉怎么做才好吃",
    "上海的高企奖励多少",
]

Judge = Callable[[str, Sequence[str]], list[float]]


class Scripted:
    """Says what `judge` makes of it; `seen` are the questions."""

    name = "scripted"

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.seen: list[str] = []

    def scores(self, question: str, texts: Sequence[str], seconds: float) -> list[float]:
        self.seen.append(question)
        return self.judge(question, texts)


def broken(_question: str, _texts: Sequence[str]) -> list[float]:
    raise RerankerError("server")


def at_random(question: str, texts: Sequence[str]) -> list[float]:
    chance = random.Random(question)  # noqa: S311 (no secret)
    return [chance.random() for _ in texts]


RUBBISH: dict[str, Judge] = {
    "inverted": lambda _q, texts: [float(place) for place in range(len(texts))],
    "short": lambda _q, texts: [1.0] * (len(texts) - 1),
    "long": lambda _q, texts: [1.0] * (len(texts) + 1),
    "not finite": lambda _q, texts: [float("nan"), *[1.0] * (len(texts) - 1)],
    "infinite": lambda _q, texts: [float("inf"), *[1.0] * (len(texts) - 1)],
    "nothing": lambda _q, _texts: [],
    "all alike": lambda _q, texts: [0.5] * len(texts),
    "failing": broken,
}


@pytest.fixture(scope="module")
def reader() -> Reader:
    return a_reader(policies())


@pytest.fixture(scope="module")
def fused(reader: Reader) -> dict[str, Answer]:
    return {text: a_pipeline(reader).answer(Question(text)) for text in ASKED}


def reranked(reader: Reader, judge: Judge, now: Callable[[], float] = lambda: 0.0) -> tuple[Pipeline, Reranking]:
    reranking = Reranking(Scripted(judge), now=now)
    return Pipeline(reader, lambda: TODAY, reranking=reranking), reranking


def gist(answer: Answer) -> tuple[object, ...]:
    return answer.status, answer.claims, answer.citations, answer.nearest, answer.notices


@pytest.mark.parametrize("how", RUBBISH)
def test_what_cannot_be_believed_changes_no_answer(reader: Reader, fused: dict[str, Answer], how: str) -> None:
    pipeline, reranking = reranked(reader, RUBBISH[how])
    for text in ASKED:
        assert gist(pipeline.answer(Question(text))) == gist(fused[text]), text
    assert reranking.outcomes.keys() <= {"contrary", "broken", "server", "resting", "ok"}
    assert (reranking.outcomes["ok"] == 0) == (how != "all alike")


def test_one_that_judges_at_random_refuses_nothing_and_answers_nothing_that_was_refused(
    reader: Reader, fused: dict[str, Answer]
) -> None:
    pipeline, _ = reranked(reader, at_random)
    shelf = reader.shelf()
    assert shelf is not None
    for text in ASKED:
        answer = pipeline.answer(Question(text))
        assert answer.status is fused[text].status, text
        quoted = [quote.passage for claim in answer.claims for quote in claim.quotes]
        passages = {passage.id: passage for passage in shelf.opened.passages(quoted)}
        assert all(verified(claim, passages) for claim in answer.claims)


def test_one_that_knows_better_puts_another_clause_first(reader: Reader, fused: dict[str, Answer]) -> None:
    wanted = "重新通过"

    def knowing(_question: str, texts: Sequence[str]) -> list[float]:
        return [5.0 if wanted in text else 4.0 - place / 10 for place, text in enumerate(texts)]

    pipeline, reranking = reranked(reader, knowing)
    answer = pipeline.answer(Question(REWARD))
    assert wanted not in fused[REWARD].claims[0].text
    assert wanted in answer.claims[0].text
    assert answer.status is AnswerStatus.ANSWERED
    assert reranking.outcomes == {"ok": 1}


def test_private_words_and_numbers_never_reach_it(reader: Reader) -> None:
    reranker = Scripted(at_random)
    pipeline = Pipeline(reader, lambda: TODAY, reranking=Reranking(reranker))
    assert pipeline.answer(Question(REWARD, private=True)).status is AnswerStatus.ANSWERED
    assert reranker.seen == []
    pipeline.answer(Question(f"{REWARD}，我的电话13912345678"))
    assert reranker.seen
    assert "13912345678" not in reranker.seen[0]


def test_after_five_failures_it_is_left_alone_for_a_minute(reader: Reader) -> None:
    clock = [0.0]
    reranker = Scripted(broken)
    pipeline = Pipeline(reader, lambda: TODAY, reranking=Reranking(reranker, now=lambda: clock[0]))
    for _ in range(8):
        assert pipeline.answer(Question(REWARD)).status is AnswerStatus.ANSWERED
    assert len(reranker.seen) == 5
    clock[0] = 61.0
    pipeline.answer(Question(REWARD))
    assert len(reranker.seen) == 6


def test_the_scores_stay_with_the_places(reader: Reader) -> None:
    hits = list(a_pipeline(reader).answer(Question(REWARD)).hits)
    moved = Reranking(Scripted(at_random)).order(REWARD, hits)
    assert moved is not None
    assert [hit.score for hit in moved] == sorted((hit.score for hit in hits), reverse=True)
    assert {hit.passage.id for hit in moved} == {hit.passage.id for hit in hits}
    assert Reranking(Scripted(at_random)).order(REWARD, hits[:1]) is None


def test_a_comparison_says_whether_it_earns_its_place() -> None:
    reranking = Reranking(Scripted(at_random))
    fair = {"policy hit@1": 1.0, "gold provision quoted": 0.0}
    good = {"policy hit@1": 1.0, "gold provision quoted": 1.0}

    def judged(shares: dict[str, float]) -> list[Judged]:
        return [Judged(None, Answer(AnswerStatus.ANSWERED, "问"), shares, {"quote not verbatim": 0})]  # type: ignore[arg-type]  # no question is read

    for before, after, verdict in ((fair, good, "yes"), (good, fair, "no"), (fair, fair, "no")):
        rows = {row.name: row.value for row in compare_reranked(judged(before), judged(after), reranking)}
        assert rows["reranked: earns its place"] == verdict
