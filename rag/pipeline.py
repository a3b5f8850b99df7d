"""Start here for question → answer: the steps of one answer, top to bottom. Any step may end it with a named status."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

import numpy as np

from rag import composing
from rag.approved import grounds_of, recall
from rag.comparing import MOST, Compared, asks_changes, compare_policies, pair_of, title_named
from rag.completeness import contradicts, holds, names_strangers, rerank, unheard_scheme, wants_of
from rag.evidence import Evidence, Weigher
from rag.guardrails import guard
from rag.intents import intent_model, meant
from rag.jurisdictions import parse_place
from rag.listing import candidates
from rag.model_answers.checking import Checked
from rag.model_answers.following import Follower
from rag.model_answers.guarded import Allowance
from rag.model_answers.support import may_be_named
from rag.model_answers.writing import MOST_PASSAGES, Writer
from rag.models import (
    Answer,
    AnswerStatus,
    Approved,
    Category,
    Citation,
    Focus,
    Found,
    Hit,
    Level,
    Notice,
    Question,
    Step,
)  # fmt: skip
from rag.ports import ApprovedAnswers, ApprovedAnswersError, EmbedderError, Vector
from rag.reader import Reader, Shelf
from rag.refusal import CALIBRATED_FOR, THRESHOLD, plain_sureness, sureness
from rag.reranking import Reranking
from rag.retrieval import Search, search
from rag.rewriting import WIDER, Standalone, standalone
from rag.scope import Scope, find_scope
from rag.selection import beside, select
from rag.understanding import Understanding, understand

NEAREST = 3
DEPTH = 16
CONTEXT_WEIGHT = 0.25
"""What the words of an earlier question count for in one that does not lean on it."""

BARE = 4
"""Characters of subject up to which a question that sounds vague is asked back."""

OFF_TOPIC = 0.1
"""Under this share of its words in the best document, a question without a word of the field is about other things."""

FAR = 0.86
"""… unless its meaning is near: e5 puts related texts above .86, what is about something else mostly below."""

CROSS_LINGUAL_WEIGHT = 0.8
"""The dense leg's weight for a question in English: its words stand in no clause, its meaning may."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What of an answer is configured. `dense_weight` is the most the dense leg may count for."""

    longest_question: int = 300
    dense_weight: float = 0.4
    threshold: float = THRESHOLD


def unheard(_stage: str) -> None:
    """The stage listener of those who do not watch."""


@dataclass(slots=True)
class Asking:
    """One question on its way: what is known of it so far. The first step to set `answer` ends it.

    `day` is the day that decides what may be found; a year in the words moves it (「2023年能拿多少」). `shown_day` is
    the day whose legal state is shown: the day asked for outright, else today.
    """

    question: Question
    shelf: Shelf
    day: date
    shown_day: date
    text: str = ""
    cut: bool = False
    no_promise: bool = False
    vague: bool = False
    rewritten: Standalone = field(default_factory=lambda: Standalone("", followed=False))
    asked: Understanding | None = None
    scope: Scope | None = None
    vectors: dict[str, Vector] = field(default_factory=dict)
    hits: list[Hit] = field(default_factory=list)
    contradicted: bool = False
    off_topic: bool = False
    allowance: Allowance | None = None
    on_stage: Callable[[str], None] = unheard
    answer: Answer | None = None
    steps: list[Step] = field(default_factory=list)


class Pipeline:
    """Answers questions from the published release. Safe to use from several threads at once."""

    def __init__(
        self,
        reader: Reader,
        today: Callable[[], date],
        limits: Limits | None = None,
        writer: Writer | None = None,
        follower: Follower | None = None,
        reranking: Reranking | None = None,
        approved: ApprovedAnswers | None = None,
    ) -> None:
        """Without a `writer` no language model is asked; with one, the clauses still answer wherever it fails.

        `reranking` may change which clauses lead, and nothing else (docs/adr/0016). What staff `approved` is given
        before anything is searched.
        """
        self._reader = reader
        self._today = today
        self.limits = limits or Limits()
        self._writer = writer
        self._follower = follower
        self._reranking = reranking
        self._approved = approved

    def answer(self, question: Question, on_stage: Callable[[str], None] = unheard) -> Answer:
        """Take the steps in order. The release is fixed before the first and stands in the answer."""
        asking = self.trace(question, on_stage)
        return stamped(asking) if asking else Answer(AnswerStatus.NOT_READY, question.text)

    def trace(self, question: Question, on_stage: Callable[[str], None] = unheard) -> Asking | None:
        """The same, with all that was known of the question on its way; None before the first release."""
        shelf = self._reader.shelf()
        if shelf is None:
            return None
        day = question.as_of or self._today()
        asking = Asking(question, shelf, day, day, on_stage=on_stage)
        if self._writer is not None and question.aided and not question.private:
            asking.allowance = self._writer.allowance(follows=bool(question.history))
        for name, step in self._steps:
            on_stage(name)
            started = time.perf_counter()
            step(asking)
            asking.steps.append(Step(name, time.perf_counter() - started))
            if asking.answer is not None:
                break
        on_stage("done")
        return asking

    def find(self, question: Question) -> Found:
        """The clauses that an answer would be made from, best first, each with its card.

        Whether they answer is not judged; no language model is asked. None of a question that the guard stops.
        """
        shelf, day = self._reader.shelf(), question.as_of or self._today()
        if shelf is None:
            return Found(None, day, day)
        asking = Asking(question, shelf, day, day)
        for step in (self._guard, self.rewrite, self.retrieve):
            if asking.answer is None and not asking.off_topic:
                step(asking)
        cards = [(hit, composing.cite(hit, hit.passage.text, shelf, asking.shown_day)) for hit in asking.hits]
        policies = [policy for _, card in cards if (policy := shelf.catalogue.policy(card.policy))]
        kinds = {policy.id: policy.text_kind for policy in policies}
        return Found(shelf.opened.release.id, asking.day, asking.shown_day, tuple(cards), kinds)

    @property
    def _steps(self) -> Sequence[tuple[str, Callable[[Asking], None]]]:
        return (
            ("guarding", self._guard),
            ("rewriting", self.rewrite),
            *([("recalling", self._recall)] if self._approved is not None else []),
            ("routing", self._route),
            ("searching", self.retrieve),
            ("verifying", self._compose),
        )

    # ------------------------------------------------------------------------------------------------------- steps

    def _guard(self, asking: Asking) -> None:
        checked = guard(asking.question.text, self.limits.longest_question)
        asking.text, asking.cut = checked.text, checked.cut
        stop = checked.stop or self._meant(asking)
        if asking.question.history and not checked.stop and stop in {AnswerStatus.SMALLTALK, AnswerStatus.CLARIFY}:
            stop = None  # 「硕士呢」 is short of a subject because the subject stands before it
        asking.no_promise = stop is AnswerStatus.NO_PROMISE
        asking.vague = stop is AnswerStatus.CLARIFY
        asking.off_topic = stop is AnswerStatus.OFF_TOPIC
        if stop is AnswerStatus.SMALLTALK:
            asking.answer = Answer(stop, checked.text, notices=(Notice(f"smalltalk_{_chat(asking)}"),))
        elif stop not in {None, AnswerStatus.NO_PROMISE, AnswerStatus.CLARIFY, AnswerStatus.OFF_TOPIC}:
            asking.answer = Answer(stop or AnswerStatus.EMPTY, checked.text)

    def _meant(self, asking: Asking) -> AnswerStatus | None:
        """What the question's vector says somebody is after, where it is no policy question; None without a model."""
        embedder = self._reader.places.embedder
        model = intent_model(embedder.name) if embedder else None
        vector = self._vector(asking, asking.text) if model else None
        if model is None or vector is None or not asking.shelf.catalogue.only_policies:
            return None
        return meant(model.judge(vector))

    def rewrite(self, asking: Asking) -> None:
        asking.rewritten = self._standalone(asking)
        asking.asked = asked = understand(asking.rewritten.text, asking.day)
        if asking.question.as_of is None and asked.as_of is not None:
            asking.day = asked.as_of
        home = asking.question.district or _home_of(asking)
        asking.scope = find_scope(asked, asking.shelf.catalogue, home, asking.day)

    def _recall(self, asking: Asking) -> None:
        """What staff approved outranks what a search would find, and what would be refused for want of it."""
        asked, scope = read(asking)
        try:
            standing = self._approved.standing() if self._approved and not asked.smalltalk else ()
        except ApprovedAnswersError:
            return
        found = recall(asking.rewritten.text, scope.places, standing, asking.shelf, asking.day, self._today())
        if found is None:
            return
        claims, citations = grounds_of(found, asking.shelf, asking.shown_day)
        asking.answer = Answer(
            AnswerStatus.ANSWERED,
            asking.text,
            claims=claims,
            citations=citations,
            notices=(*composing.notices(citations, asking.shelf, asking.shown_day), *_ending(asking, citations)),
            approved=Approved(found.id, found.text, found.day, found.until, found.by),
            focus=_focus(asking, citations),
        )

    def _route(self, asking: Asking) -> None:
        if asking.off_topic:
            asking.answer = Answer(AnswerStatus.OFF_TOPIC, asking.text)
            return
        asked, scope = read(asking)
        first = understand(asking.text, asking.day) if asking.rewritten.followed else asked
        if first.smalltalk:
            asking.answer = Answer(
                AnswerStatus.SMALLTALK, asking.text, notices=(Notice(f"smalltalk_{first.smalltalk}"),)
            )
        elif asked.elsewhere and asking.shelf.catalogue.only_policies and not _local(asked):
            asking.answer = _refused(AnswerStatus.OTHER_REGION, asking, region="、".join(asked.elsewhere))
        elif _without_subject(asking, asked, scope):
            asking.answer = _clarify(asking)

    def retrieve(self, asking: Asking) -> None:
        asked, scope = read(asking)
        found = search(asking.shelf.opened, self.search_for(asking), scope.reachable, DEPTH)
        fitting = [hit for hit in found if not contradicts(asked, hit.passage)]
        asking.hits = rerank(fitting or found, wants_of(asked))
        asking.contradicted = bool(found) and not fitting
        if asked.asks_listing and _general(asked):
            asking.answer = _listing(asking)
        elif asks_changes(asking.rewritten.text):
            asking.answer = _changes(asking)
        if asking.answer is None and not asking.question.private and not asking.contradicted:
            self._rerank(asking, asked)

    def _compose(self, asking: Asking) -> None:
        asked, scope = read(asking)
        if asking.no_promise:
            asking.answer = _refused(AnswerStatus.NO_PROMISE, asking)
        elif scope.unknown and not scope.named:
            title = (
                {"title": scope.unknown[0]} if may_be_named(scope.unknown[0]) else {}
            )  # what is no title is not echoed
            asking.answer = replace(_refused(AnswerStatus.NOT_FOUND, asking, **title), reason="unnamed")
        elif scope.uncovered:
            asking.answer = _refused(AnswerStatus.NO_COVERAGE, asking, district="、".join(scope.uncovered))
        elif (reason := self._lacking(asking)) is not None:
            asking.answer = _not_found(asking, reason)
        else:
            found = _answered(asking, asked)
            asking.answer = self._written(asking, found) if found.claims else _not_found(asking, "verification")

    # ----------------------------------------------------------------------------------------------------- details

    def _standalone(self, asking: Asking) -> Standalone:
        """The question with what it leans on: by a model as far as it keeps to what was said, else by rule."""
        ruled = standalone(asking.text, asking.question.history)
        if self._follower is None or asking.allowance is None or asking.off_topic:
            return ruled
        followed = self._follower.follow(asking.text, asking.question.history, asking.allowance)
        if followed is None:
            return ruled
        asking.vague |= followed.route == "unclear"
        return ruled if followed.text == asking.text else Standalone(followed.text, followed=True)

    def _rerank(self, asking: Asking, asked: Understanding) -> None:
        """The reranker's order where the clauses then answer as well; what falls short as fused stays refused."""
        if self._reranking is None or not asking.hits or self._short(asking):
            return
        again = self._reranking.order(asking.rewritten.text, asking.hits)
        if again is None:
            return
        fused, asking.hits = asking.hits, rerank(again, wants_of(asked))
        if self._short(asking):
            asking.hits = fused

    def _short(self, asking: Asking) -> str | None:
        """Why the clauses, in the order they stand, do not answer; None where they do."""
        return incomplete(asking) or ("evidence" if self.unsure(asking) else None)

    def _written(self, asking: Asking, extracted: Answer) -> Answer:
        """The answer in a model's sentences where each is proven, else the extracted one as it is."""
        if self._writer is None or asking.allowance is None:
            return extracted
        asking.on_stage("writing")
        asked, _ = read(asking)
        hits = _material(asking, extracted)
        outcome = self._writer.write(asking.rewritten.text, hits, asking.allowance, asked.related)
        if outcome.checked is None:
            return replace(extracted, writing=outcome.writing)
        return replace(_generated(asking, outcome.checked, hits), writing=outcome.writing)

    def search_for(self, asking: Asking) -> Search:
        asked, scope = read(asking)
        vector = self._vector(asking, asking.rewritten.text)
        return Search(
            terms=_with_context(asked, asking.rewritten.topic, asking.day),
            vector=vector,
            dense_weight=CROSS_LINGUAL_WEIGHT if asked.english and not asked.related else self.limits.dense_weight,
            named=scope.named,
            factors=scope.factors * _history_factors(asked, scope),
        )

    def _vector(self, asking: Asking, text: str) -> Vector | None:
        """A text's vector, computed once; None for a private question, or where the assistant works lexically."""
        embedder = self._reader.places.embedder
        if embedder is None or asking.shelf.opened.dense is None or asking.question.private:
            return None
        if text not in asking.vectors:
            try:
                asking.vectors[text] = np.asarray(embedder.embed_query(text), dtype=np.float32)
            except EmbedderError:
                return None
        return asking.vectors[text]

    def _lacking(self, asking: Asking) -> str | None:
        """Why what was found does not answer; None where it does."""
        if not asking.hits:
            return "nothing"
        if asking.contradicted:
            return "contradicted"
        return self._short(asking)

    def unsure(self, asking: Asking) -> bool:
        asked, scope = read(asking)
        if scope.named and asking.shelf.catalogue.place[asking.hits[0].passage.document] in scope.named:
            return False
        weigher = Weigher(asking.shelf.opened, asked)
        if asking.shelf.catalogue.policy(asking.hits[0].passage.document) is None:
            return plain_sureness(weigher.weigh_plain(asking.hits)) < self.limits.threshold
        evidence = self.evidence(asking, weigher)
        if not asked.domain and evidence.whole < OFF_TOPIC and (evidence.cosine or 0) < FAR:
            return True
        return sureness(evidence, english=asked.english) < self.limits.threshold

    def evidence(self, asking: Asking, weigher: Weigher) -> Evidence:
        """The evidence for the leading clause, its cosine only where the judgement was calibrated for the embedder."""
        evidence = weigher.weigh(asking.hits[0])
        embedder = self._reader.places.embedder
        calibrated = embedder is not None and embedder.name == CALIBRATED_FOR
        return evidence if calibrated else replace(evidence, cosine=None)


def terms_for_search(text: str, today: date) -> Mapping[int, float]:
    """The weighted terms of a bare query, as the pipeline would search for them."""
    return understand(text, today).terms


# ------------------------------------------------------------------------------------------------------------ replies


def read(asking: Asking) -> tuple[Understanding, Scope]:
    if asking.asked is None or asking.scope is None:  # only a step out of order could get here
        raise RuntimeError("the question was not read yet")
    return asking.asked, asking.scope


def _home_of(asking: Asking) -> str | None:
    """The district that the conversation named last, where this question names none."""
    if WIDER.search(asking.text):
        return None
    for turn in reversed(asking.question.history):
        if turn.focus and turn.focus.district:
            return turn.focus.district
        if turn.role == "user":
            local = [place for place in understand(turn.text, asking.day).places if place.kind in {"district", "zone"}]
            if local:
                return local[-1].name
    return None


def _chat(asking: Asking) -> str:
    """Which kind of small talk: what the words say outright, else just talk."""
    return understand(asking.text, asking.day).smalltalk or "chat"


def _without_subject(asking: Asking, asked: Understanding, scope: Scope) -> bool:
    if asked.asks_listing or scope.named or asking.no_promise:
        return False
    return (asking.vague and len(asked.subject) <= BARE) or not asked.subject


def _local(asked: Understanding) -> bool:
    return bool(asked.places)


def _general(asked: Understanding) -> bool:
    """A listing question that names no subject beyond the asker (高企在高新区能享受哪些奖励 is answered by clauses)."""
    return len(asked.content) <= 16


def _history_factors(asked: Understanding, scope: Scope) -> np.ndarray:
    """What retired policies keep of their score: all of it where the question is about them."""
    keep = 1.0 if asked.asks_status else 0.7
    return np.where(scope.current | ~scope.reachable, 1.0, keep).astype(np.float32)


def _with_context(asked: Understanding, topic: str, day: date) -> Mapping[int, float]:
    terms = dict(asked.terms)
    if topic and len(asked.content) <= 12:
        for term in understand(topic, day).terms:
            terms.setdefault(term, CONTEXT_WEIGHT)
    return terms


def incomplete(asking: Asking) -> str | None:
    """Why what would be quoted is no answer: not of the kind asked for ("kind"), or about something else by name (a
    "scheme" that nobody heard of here, names that are "strangers" to the document); None where it may be one."""
    asked, _ = read(asking)
    chosen = select(asking.hits)
    wants = wants_of(asked)
    if wants and not any(holds(hit.passage, wants) for hit in chosen):
        return "kind"
    if unheard_scheme(asked, asking.shelf.opened.stands):
        return "scheme"
    lead = asking.shelf.opened.passages_of(chosen[0].passage.document)
    told = " ".join((chosen[0].passage.path[0], *(f"{p.lead} {p.text}" for p in lead)))
    return "strangers" if names_strangers(asked, told) else None


def _of_district(asking: Asking, hit: Hit) -> bool | None:
    """Whether a clause is a district's or the city's; None where no district is in question, or for other levels."""
    policy = asking.shelf.catalogue.policy(hit.passage.document)
    _, scope = read(asking)
    if policy is None or not scope.places or not holds(hit.passage, wants_of(read(asking)[0])):
        return None
    return {Level.DISTRICT: True, Level.CITY: False}.get(policy.level)


def _answered(asking: Asking, asked: Understanding) -> Answer:
    wanted = beside(select(asking.hits), asking.hits, partial(_of_district, asking))
    chosen = [(hit, claim) for hit in wanted if (claim := composing.quoted(hit, asked))]
    citations = tuple(
        composing.cite(hit, claim.quotes[0].quote, asking.shelf, asking.shown_day) for hit, claim in chosen
    )
    return Answer(
        AnswerStatus.ANSWERED,
        asking.text,
        claims=tuple(claim for _, claim in chosen),
        citations=citations,
        notices=(*composing.notices(citations, asking.shelf, asking.shown_day), *_ending(asking, citations)),
        focus=_focus(asking, citations),
    )


def _material(asking: Asking, extracted: Answer) -> list[Hit]:
    """What a model may write from: the clauses that would be quoted, then others found that are in force."""
    _, scope = read(asking)
    order = {citation.passage: place for place, citation in reversed(list(enumerate(extracted.citations)))}
    first = sorted((hit for hit in asking.hits if hit.passage.id in order), key=lambda hit: order[hit.passage.id])
    place = asking.shelf.catalogue.place
    current = [hit for hit in asking.hits if hit not in first and scope.current[place[hit.passage.document]]]
    return [*first, *current][:MOST_PASSAGES]


def _generated(asking: Asking, checked: Checked, hits: Sequence[Hit]) -> Answer:
    """Sentences that are proven, over the cards of their quotes, a policy's together."""
    by_passage = {hit.passage.id: hit for hit in hits}
    quotes = dict.fromkeys(quote for claim in checked.claims for quote in claim.quotes)
    cards = [composing.cite(by_passage[q.passage], q.quote, asking.shelf, asking.shown_day) for q in quotes]
    order = list(dict.fromkeys(card.policy for card in cards))
    citations = tuple(sorted(cards, key=lambda card: order.index(card.policy)))
    missing = [Notice("missing", {"parts": "、".join(checked.missing)})] if checked.missing else []
    said = composing.notices(citations, asking.shelf, asking.shown_day)
    return Answer(
        AnswerStatus.ANSWERED,
        asking.text,
        claims=checked.claims,
        citations=citations,
        notices=(Notice("ai_generated"), *said, *missing, *_ending(asking, citations)),
        generated=True,
        focus=_focus(asking, citations),
    )


def _listing(asking: Asking) -> Answer | None:
    asked, scope = read(asking)
    wanted = candidates(asked, asking.shelf, scope.current, asking.hits)
    hits = [hit for policy in wanted if (hit := _face(policy, asking))]
    if not hits:
        return None
    cards = tuple(composing.cite(hit, hit.passage.text, asking.shelf, asking.shown_day) for hit in hits)
    said = [Notice("listing"), *composing.notices(cards, asking.shelf, asking.shown_day), *_ending(asking, cards)]
    if not scope.places:
        said.insert(1, Notice("listing_no_district"))
    return Answer(
        AnswerStatus.ANSWERED,
        asking.text,
        claims=tuple(claim for hit in hits if (claim := composing.quoted(hit, asked))),
        citations=cards,
        notices=tuple(said),
        listing=True,
        focus=_focus(asking, cards),
    )


def _changes(asking: Asking) -> Answer | None:
    """What is different between a policy and the one before it, cited from both; None where only one is here."""
    policy = _in_question(asking)
    pair = pair_of(policy, asking.shelf.catalogue) if policy else None
    if pair is None:
        return None
    found = compare_policies(*pair, asking.shelf)
    chosen = [(hit, claim) for hit in _told(found) if (claim := composing.quoted(hit, read(asking)[0]))]
    cards = tuple(composing.cite(hit, claim.quotes[0].quote, asking.shelf, asking.shown_day) for hit, claim in chosen)
    if len({card.policy for card in cards}) < 2:  # an old one and a new one
        return None
    said = [_compared(found, asking.shelf), *composing.notices(cards, asking.shelf, asking.shown_day)]
    return Answer(
        AnswerStatus.ANSWERED,
        asking.text,
        claims=tuple(claim for _, claim in chosen),
        citations=cards,
        notices=(*said, *_ending(asking, cards)),
        focus=replace(_focus(asking, cards), policy=found.new),
    )


def _in_question(asking: Asking) -> str | None:
    """The policy that the words name, else the one that was talked about, else the one found first."""
    _, scope = read(asking)
    if scope.named:
        row = max(scope.named, key=lambda row: scope.named[row])
        return asking.shelf.opened.documents[row].document.id
    spoken = next((t.focus.policy for t in reversed(asking.question.history) if t.focus and t.focus.policy), None)
    if spoken in asking.shelf.catalogue.place and asking.rewritten.followed:
        return spoken
    found = dict.fromkeys(hit.passage.document for hit in asking.hits)
    titles = {name: asking.shelf.opened.documents[asking.shelf.catalogue.place[name]].document.title for name in found}
    return title_named(asking.text, titles) or next(iter(found), None)


def _told(found: Compared) -> list[Hit]:
    """The new policy's clauses first, what changed before what is new; then the old ones in the same order."""
    new = [new for new, _ in found.modified[:MOST]] + list(found.added[:MOST])
    old = [old for _, old in found.modified[:MOST]] + list(found.removed[:MOST])
    return [Hit(passage, 1.0) for passage in (*new, *old)]


def _compared(found: Compared, shelf: Shelf) -> Notice:
    old, new = shelf.catalogue.policy(found.old), shelf.catalogue.policy(found.new)
    digests = any(policy and policy.text_kind == "digest" for policy in (old, new))
    values = {
        "old": old.title if old else found.old,
        "new": new.title if new else found.new,
        "modified": str(len(found.modified)),
        "added": str(len(found.added)),
        "removed": str(len(found.removed)),
    }
    return Notice("changes_digest" if digests else "changes", values)


def _face(policy: str, asking: Asking) -> Hit | None:
    """The clause that stands for a policy in a list: the one found, else its first."""
    found = next((hit for hit in asking.hits if hit.passage.document == policy), None)
    if found is not None:
        return found
    passages = asking.shelf.opened.passages_of(policy)
    return Hit(passages[0], 0.0) if passages else None


def _clarify(asking: Asking) -> Answer:
    choices = tuple(Notice("topic_choice", {"category": category.value}) for category in Category)
    return Answer(AnswerStatus.CLARIFY, asking.text, choices=choices, focus=_focus(asking, ()))


def _not_found(asking: Asking, reason: str) -> Answer:
    asked, _ = read(asking)
    if not asked.domain and asking.shelf.catalogue.only_policies:
        return replace(_refused(AnswerStatus.OFF_TOPIC, asking), reason=reason)
    refused = _refused(AnswerStatus.NOT_FOUND, asking)
    return replace(refused, reason="retired" if _all_retired(refused.nearest) else reason)


def _all_retired(nearest: Sequence[Citation]) -> bool:
    """Whether what comes nearest is history, all of it: the corpus had an answer once."""
    return bool(nearest) and all(card.policy_status and card.policy_status.retired for card in nearest)


def _refused(status: AnswerStatus, asking: Asking, **values: str) -> Answer:
    nearest = tuple(_nearest(asking)) if status is not AnswerStatus.OFF_TOPIC else ()
    said = [
        Notice("searched", {"documents": str(len(asking.shelf.opened.documents)), **values}),
        *_ending(asking, nearest),
    ]
    return Answer(status, asking.text, nearest=nearest, notices=tuple(said), focus=_focus(asking, ()))


def _nearest(asking: Asking) -> list[Citation]:
    """The best clause of each of the nearest policies: shown as 「未直接回答」."""
    first: dict[str, Hit] = {}
    for hit in asking.hits:
        first.setdefault(hit.passage.document, hit)
    asked, _ = read(asking)
    shown = [(hit, composing.quoted(hit, asked)) for hit in list(first.values())[:NEAREST]]
    return [composing.cite(hit, claim.quotes[0].quote, asking.shelf, asking.shown_day) for hit, claim in shown if claim]


def _ending(asking: Asking, citations: Sequence[Citation]) -> list[Notice]:
    said = [Notice("injection_ignored")] if asking.cut else []
    if asking.day != asking.question.as_of and asking.asked and asking.asked.as_of:
        said.append(Notice("as_of", {"day": asking.day.isoformat()}))
    return [*said, *composing.offices(citations, asking.shelf.catalogue)]


def _focus(asking: Asking, citations: Sequence[Citation]) -> Focus:
    _, scope = read(asking)
    place = scope.places[0].name if scope.places else None
    if asking.question.district and place is None and (home := parse_place(asking.question.district)):
        place = home.name
    return Focus(
        policy=citations[0].policy if citations else None,
        district=place,
        topic=asking.rewritten.text,
        as_of=asking.asked.as_of if asking.asked else None,
    )


def stamped(asking: Asking) -> Answer:
    if asking.answer is None:  # the last step always answers
        raise RuntimeError("no step answered")
    return replace(
        asking.answer,
        release=asking.shelf.opened.release.id,
        as_of=asking.day,
        hits=tuple(asking.hits),
        steps=tuple(asking.steps),
    )
