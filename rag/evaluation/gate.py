"""The golden questions against a candidate corpus and against what is live: what would get worse."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date

from rag.evaluation import golden as goldens
from rag.evaluation.golden import COUNTS, SHARES, Golden, Judged
from rag.evaluation.shelves import open_library
from rag.models import Answer, Document
from rag.pipeline import Pipeline
from rag.ports import Embedder, Vector

_FEWER_IS_BETTER = {"answerable wrongly refused"}


@dataclass(frozen=True, slots=True)
class Fall:
    """A figure that a candidate makes worse: a share of questions (0 to 1) or a count of faults."""

    name: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Trial:
    """What the golden questions say: figures that fall, and of the questions that are not held out those that do
    worse, with the measures."""

    questions: int
    falls: tuple[Fall, ...]
    worse: tuple[tuple[Golden, tuple[str, ...]], ...]

    @property
    def passed(self) -> bool:
        return not self.falls


def try_out(
    questions: Sequence[Golden],
    live: Sequence[Document],
    candidate: Sequence[Document],
    today: date,
    embedder: Embedder | None = None,
    vectors: Mapping[str, Vector] | None = None,
    asked: Callable[[int, int], None] = lambda _done, _of: None,
) -> Trial:
    """Ask every question of both. A clause of a digest that the candidate has in the original is not asked for by its
    number: an original's articles have others. `asked` is told how many answers there are, of how many. Raises
    EmbedderError."""
    upgraded = _originals(candidate) - _originals(live)
    golden = [_without_numbers(one, upgraded) for one in questions]
    told = _Told(asked, 2 * len(golden))
    before = _judged(golden, live, today, embedder, vectors, told)
    after = _judged(golden, candidate, today, embedder, vectors, told)
    falls = [fall for name in (*SHARES, *COUNTS) if (fall := _fall(name, before, after)) is not None]
    worse = [
        (was.golden, tuple(sorted(set(now.faults) - set(was.faults))))
        for was, now in zip(before, after, strict=True)
        if set(now.faults) - set(was.faults) and was.golden.part == "dev"
    ]
    return Trial(len(golden), tuple(falls), tuple(worse))


def _judged(
    questions: Sequence[Golden],
    documents: Sequence[Document],
    today: date,
    embedder: Embedder | None,
    vectors: Mapping[str, Vector] | None,
    told: _Told,
) -> list[Judged]:
    with ExitStack() as stack:
        library = open_library(documents, embedder, stack, shipped=vectors)
        answer = Pipeline(library.reader, lambda: today).answer
        return goldens.judge_all(questions, lambda question: told.after(answer(question)), library.stored)


class _Told:
    """Counts answers for whoever waits for them."""

    def __init__(self, asked: Callable[[int, int], None], of: int) -> None:
        self._asked = asked
        self._of = of
        self._done = 0
        asked(0, of)

    def after(self, answer: Answer) -> Answer:
        self._done += 1
        self._asked(self._done, self._of)
        return answer


def _originals(documents: Sequence[Document]) -> set[str]:
    return {d.id for d in documents if d.policy is not None and d.policy.text_kind == "original"}


def _without_numbers(one: Golden, upgraded: set[str]) -> Golden:
    if not any(policy in upgraded for policy, _ in one.provisions):
        return one
    return Golden(
        one.id, one.part, one.kind, one.question, one.statuses, one.policies, (), one.every, one.must_say,
        one.must_not_say, one.retired,
    )  # fmt: skip


def _fall(name: str, before: Sequence[Judged], after: Sequence[Judged]) -> Fall | None:
    """None where the figure is no worse. A share that is a matter of degree, without a bar, blocks nothing."""
    if name in COUNTS:
        was, now = (float(sum(one.counts[name] for one in judged)) for judged in (before, after))
        return Fall(name, was, now) if now > was else None
    if SHARES[name] is None:
        return None
    both = [
        (a.shares[name], b.shares[name])
        for a, b in zip(before, after, strict=True)
        if {name} <= a.shares.keys() & b.shares.keys()
    ]
    if not both:
        return None
    was, now = (sum(marks) / len(both) for marks in zip(*both, strict=True))
    fell = now > was if name in _FEWER_IS_BETTER else now < was
    return Fall(name, was, now) if fell else None
