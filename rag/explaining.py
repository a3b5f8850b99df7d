"""Why a question got the answer it got: everything the pipeline knew of it on its way, for those who keep the corpus.

The question goes through the very steps it always goes through; what is shown beside is worked out from what they left.
Where a step ended it before anything was searched, it is searched all the same, to show what there would have been.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from rag.completeness import contradicts, holds, names_strangers, unheard_scheme, wants_of
from rag.evidence import Weigher
from rag.models import Answer, AnswerStatus, Hit, Passage, PolicyState, Question, Step
from rag.pipeline import FAR, OFF_TOPIC, Asking, Pipeline, read, stamped
from rag.refusal import plain_sureness, sureness
from rag.retrieval import POOL, Search, scaled, search
from rag.scope import Scope
from rag.selection import select
from rag.understanding import Understanding

SHOWN = 12
"""Candidates that are shown, best first; and passages of other places, had they been allowed."""

_GUARDED = {AnswerStatus.EMPTY, AnswerStatus.TOO_LONG}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that was found. Ranks count from 1 inside what both legs brought; None where a leg did not run.

    `fused` is the blend of both legs in [0, 1], `factor` what its document keeps of it (place, legal state), `named`
    what was added because the question names the document, `score` what it was ranked by in the end.
    """

    passage: Passage
    title: str
    state: PolicyState | None
    lexical: float
    lexical_rank: int
    dense: float | None
    dense_rank: int | None
    fused: float
    factor: float
    named: float
    score: float
    holds: bool
    contradicts: bool
    chosen: bool
    quoted: bool


@dataclass(frozen=True, slots=True)
class Tried:
    """One test of what was found: `value` against `threshold` (None where it is a matter of yes and no)."""

    name: str
    passed: bool
    value: float | None = None
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """A document that would have been found, had its place been allowed."""

    document: str
    title: str
    place: str
    score: float


@dataclass(frozen=True, slots=True)
class Explained:
    """`candidates` are empty where nothing could be searched (the question was stopped before it was read).

    `reachable` of `documents` may answer in these places; `retired` of them may not be presented as current on `day`.
    `evidence` are the shares the judgement was made from. `refused` says why nothing was found that answers.
    """

    answer: Answer
    text: str
    cut: bool
    rewritten: str
    followed: bool
    topic: str
    core: str
    subject: str
    related: tuple[str, ...]
    wants: tuple[str, ...]
    years: tuple[int, ...]
    titles: tuple[str, ...]
    english: bool
    places: tuple[str, ...]
    unknown: tuple[str, ...]
    uncovered: tuple[str, ...]
    day: date
    documents: int
    reachable: int
    retired: int
    left: tuple[Left, ...]
    dense_weight: float
    candidates: tuple[Candidate, ...]
    evidence: Mapping[str, float]
    tests: tuple[Tried, ...]
    unproven: int
    steps: tuple[Step, ...]

    @property
    def refused(self) -> str | None:
        return self.answer.reason


def explain(pipeline: Pipeline, question: Question) -> Explained | None:
    """None before the first release. Costs about two answers."""
    asking = pipeline.trace(question)
    if asking is None:
        return None
    answer = stamped(asking)
    steps = answer.steps
    if asking.asked is None and answer.status not in _GUARDED:
        pipeline.rewrite(asking)
    if asking.asked is None or asking.scope is None:
        return _unread(asking, answer)
    pool = _pool(pipeline, asking)
    if not asking.hits:
        pipeline.retrieve(asking)
    asked, scope = read(asking)
    wanted = pipeline.search_for(asking)
    return Explained(
        answer=answer,
        text=asking.text,
        cut=asking.cut,
        rewritten=asking.rewritten.text,
        followed=asking.rewritten.followed,
        topic=asking.rewritten.topic,
        core=asked.core,
        subject=asked.subject,
        related=asked.related,
        wants=tuple(want.kind for want in wants_of(asked)),
        years=asked.years,
        titles=asked.titles,
        english=asked.english,
        places=tuple(place.name for place in scope.places),
        unknown=scope.unknown,
        uncovered=scope.uncovered,
        day=asking.day,
        documents=len(asking.shelf.opened.documents),
        reachable=int(scope.reachable.sum()),
        retired=int((scope.reachable & ~scope.current).sum()),
        left=_left(asking, wanted, scope),
        dense_weight=wanted.dense_weight if wanted.vector is not None else 0.0,
        candidates=_candidates(asking, wanted, pool, answer),
        evidence=_evidence(pipeline, asking),
        tests=_tests(pipeline, asking, asked),
        unproven=len(answer.writing.dropped) if answer.writing else 0,
        steps=steps,
    )


def _unread(asking: Asking, answer: Answer) -> Explained:
    """A question that was stopped before anything of it was read."""
    return Explained(
        answer=answer, text=asking.text, cut=asking.cut, rewritten="", followed=False, topic="", core="", subject="",
        related=(), wants=(), years=(), titles=(), english=False, places=(), unknown=(), uncovered=(), day=asking.day,
        documents=len(asking.shelf.opened.documents), reachable=0, retired=0, left=(), dense_weight=0.0, candidates=(),
        evidence={}, tests=(), unproven=0, steps=answer.steps,
    )  # fmt: skip


def _pool(pipeline: Pipeline, asking: Asking) -> list[Hit]:
    """Everything that either leg brought, best first."""
    return search(asking.shelf.opened, pipeline.search_for(asking), read(asking)[1].reachable, 2 * POOL)


def _candidates(asking: Asking, wanted: Search, pool: Sequence[Hit], answer: Answer) -> tuple[Candidate, ...]:
    asked, _ = read(asking)
    lexical = np.array([hit.lexical or 0.0 for hit in pool], dtype=np.float32)
    dense = None if not pool or pool[0].dense is None else np.array([hit.dense or 0.0 for hit in pool], np.float32)
    fused = _fused(lexical, dense, wanted.dense_weight)
    ranks = (_ranks(lexical), None if dense is None else _ranks(dense))
    final = {hit.passage.id: hit.score for hit in asking.hits}
    chosen = {hit.passage.id for hit in select(asking.hits)} if asking.hits else set()
    quoted = {card.passage for card in answer.citations}
    wants = wants_of(asked)
    rows = [
        _candidate(
            asking, wanted, hit, float(fused[n]), int(ranks[0][n]), None if ranks[1] is None else int(ranks[1][n])
        )
        for n, hit in enumerate(pool)
    ]
    told = [
        replace(
            row,
            score=final.get(row.passage.id, row.score),
            holds=holds(row.passage, wants),
            contradicts=contradicts(asked, row.passage),
            chosen=row.passage.id in chosen,
            quoted=row.passage.id in quoted,
        )
        for row in rows
    ]
    return tuple(sorted(told, key=lambda row: (row.passage.id not in final, -row.score))[:SHOWN])


def _candidate(
    asking: Asking, wanted: Search, hit: Hit, fused: float, lexical_rank: int, dense_rank: int | None
) -> Candidate:
    catalogue = asking.shelf.catalogue
    row = catalogue.place[hit.passage.document]
    standing = catalogue.standing(row, asking.day)
    return Candidate(
        passage=hit.passage,
        title=asking.shelf.opened.documents[row].document.title,
        state=standing.state if standing else None,
        lexical=hit.lexical or 0.0,
        lexical_rank=lexical_rank,
        dense=hit.dense,
        dense_rank=dense_rank,
        fused=fused,
        factor=1.0 if wanted.factors is None else float(wanted.factors[row]),
        named=float((wanted.named or {}).get(row, 0.0)),
        score=hit.score,
        holds=True,
        contradicts=False,
        chosen=False,
        quoted=False,
    )


def _fused(lexical: np.ndarray, dense: np.ndarray | None, weight: float) -> np.ndarray:
    if not len(lexical):
        return lexical
    return scaled(lexical) if dense is None else (1 - weight) * scaled(lexical) + weight * scaled(dense)


def _ranks(scores: np.ndarray) -> np.ndarray:
    """1 for the best."""
    ranks = np.empty(len(scores), dtype=np.int64)
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return ranks


def _left(asking: Asking, wanted: Search, scope: Scope) -> tuple[Left, ...]:
    """Documents among the best of the whole release that the places left out, each once."""
    found: dict[str, Left] = {}
    for hit in search(asking.shelf.opened, wanted, None, SHOWN):
        row = asking.shelf.catalogue.place[hit.passage.document]
        policy = asking.shelf.catalogue.policies[row]
        if not scope.reachable[row]:
            title = asking.shelf.opened.documents[row].document.title
            place = policy.jurisdiction if policy else ""
            found.setdefault(hit.passage.document, Left(hit.passage.document, title, place, hit.score))
    return tuple(found.values())


def _evidence(pipeline: Pipeline, asking: Asking) -> dict[str, float]:
    """The shares for the leading clause, as they were judged."""
    if not asking.hits:
        return {}
    weigher = Weigher(asking.shelf.opened, read(asking)[0])
    if asking.shelf.catalogue.policy(asking.hits[0].passage.document) is None:
        plain = weigher.weigh_plain(asking.hits)
        return {name: float(getattr(plain, name)) for name in ("words", "strength", "margin", "gap")}
    found = pipeline.evidence(asking, weigher)
    shares = {name: float(getattr(found, name)) for name in ("words", "topic", "whole", "unseen")}
    return shares if found.cosine is None else {**shares, "cosine": float(found.cosine)}


def _tests(pipeline: Pipeline, asking: Asking, asked: Understanding) -> tuple[Tried, ...]:
    """In the order the pipeline takes them; all of them, whichever ended the question."""
    if not asking.hits:
        return (Tried("found", passed=False),)
    chosen, wants = select(asking.hits), wants_of(asked)
    lead = asking.shelf.opened.passages_of(chosen[0].passage.document)
    told = " ".join((chosen[0].passage.path[0], *(f"{p.lead} {p.text}" for p in lead)))
    tests = [
        Tried("found", passed=True),
        Tried("fitting", passed=not asking.contradicted),
        Tried("kind", passed=not wants or any(holds(hit.passage, wants) for hit in chosen)),
        Tried("scheme", passed=not unheard_scheme(asked, asking.shelf.opened.stands)),
        Tried("strangers", passed=not names_strangers(asked, told)),
    ]
    return (*tests, *_judged(pipeline, asking, asked))


def _judged(pipeline: Pipeline, asking: Asking, asked: Understanding) -> list[Tried]:
    _, scope = read(asking)
    if scope.named and asking.shelf.catalogue.place[asking.hits[0].passage.document] in scope.named:
        return [Tried("named", passed=True)]  # what is asked for by name is answered from, however it is asked
    weigher, limit = Weigher(asking.shelf.opened, asked), pipeline.limits.threshold
    if asking.shelf.catalogue.policy(asking.hits[0].passage.document) is None:
        sure = plain_sureness(weigher.weigh_plain(asking.hits))
        return [Tried("sure", sure >= limit, sure, limit)]
    evidence = pipeline.evidence(asking, weigher)
    sure = sureness(evidence, english=asked.english)
    near = (evidence.cosine or 0) >= FAR
    on_topic = asked.domain or evidence.whole >= OFF_TOPIC or near
    return [
        Tried("on_topic", on_topic) if asked.domain else Tried("on_topic", on_topic, evidence.whole, OFF_TOPIC),
        Tried("sure", sure >= limit, sure, limit),
    ]
