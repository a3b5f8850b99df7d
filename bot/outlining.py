"""Start here for AI outlines of needs: intake's fields → one model's words → lines that are proven, kept with the case.

Only on a press of a button by somebody who works on the case. What a line says stands in quotes of the fields that
were told (the same proof as of answers, docs/adr/0013), and what cannot be proven is not kept.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from bot.admission import Admission
from bot.needs import Needs
from bot.outline_writing import Compared, OutlineWriter
from bot.phrases import Phrases
from intake.cases import Actor, Case, Event, Role
from intake.models import Form, Saying
from intake.outlines import OWN, Line, Outline, Told, digest_of, may_be_outlined, told_of_case, told_of_party
from intake.parties import CandidateStatus, Party
from intake.review import reads
from intake.store.forms import form_of
from intake.store.outlines import Outlines, about_case, about_party, keep_outlines
from rag.model_answers.guarded import GuardedModel
from rag.model_answers.masking import masked
from rag.ports import ModelError

MOST_CASES, MOST_PARTIES = 5, 8
MOST_CALLS = 3
"""Of one press: the outline, the likenesses, and one more where a fault passes."""

OUTLINERS = frozenset({Role.CLERK, Role.SPECIALIST, Role.LEAD, Role.COORDINATOR})

Why = Literal["off", "not_yours", "restricted", "nothing", "busy", "share", "unproven", "changed", "fault"]


@dataclass(frozen=True, slots=True)
class NotMade:
    """Why there is no outline: a key of `outline.why.*`, and the model's fault where it is one."""

    why: Why
    fault: str = ""


class Outlining:
    """Thread-safe. Without a `model` what was kept is still shown; nothing new is made."""

    def __init__(self, needs: Needs, model: GuardedModel | None, admission: Admission | None = None) -> None:
        self._needs = needs
        self._model = model
        self._writer = OutlineWriter(model) if model else None
        self._admission = admission
        self._kept = Outlines(needs.cases.engine)
        self._lock = threading.Lock()
        self._in_hand: set[str] = set()

    @property
    def model(self) -> str:
        """The model's name; "" where there is none."""
        return self._model.name if self._model else ""

    def kept(self, actor: Actor, case: Case) -> dict[str, Outline]:
        """What is kept, by what it is about, as far as it still stands on what the fields say now."""
        if not may_be_outlined(case) or not reads(actor, case):
            return {}
        found = {outline.about: outline for outline in self._kept.of(case.id)}
        if not found:
            return {}
        own = self._told(case)
        others = self._others(actor, case) if found.keys() - {OWN} else ()
        now = {OWN: digest_of(own)} | {other.about: digest_of(own, other.told) for other in others}
        return {about: outline for about, outline in found.items() if now.get(about) == outline.digest}

    def refusal(self, actor: Actor, case: Case) -> NotMade | None:
        """Why the button is not there for this person; None where they may press it."""
        if self._model is None:
            return NotMade("off")
        if not may_be_outlined(case):
            return NotMade("restricted")
        return None if actor.has(*OUTLINERS) and reads(actor, case) else NotMade("not_yours")

    def make(self, actor: Actor, case: Case) -> dict[str, Outline] | NotMade:
        """Ask the model and keep what is proven. Nothing is asked where it may not be, or is being asked."""
        refused = self.refusal(actor, case)
        own = () if refused else self._told(case)
        if refused or not own:
            return refused or NotMade("nothing")
        with self._alone(case.id, actor) as taken:
            return taken or self._made(actor, case, own)

    def _made(self, actor: Actor, case: Case, own: tuple[Told, ...]) -> dict[str, Outline] | NotMade:
        try:
            found = self._asked(actor, case, own)
        except ModelError as fault:
            return NotMade("fault", fault.fault)
        if OWN not in found:
            return NotMade("unproven")
        at = self._needs.clock.now()
        outlines = {
            about: Outline(about, lines, digest, self.model, actor.id, at) for about, (lines, digest) in found.items()
        }
        return outlines if self._keep(actor, case, own, outlines) else NotMade("changed")

    def _asked(self, actor: Actor, case: Case, own: tuple[Told, ...]) -> dict[str, tuple[tuple[Line, ...], str]]:
        """Lines and the digest they stand on, by what they are about."""
        if self._model is None or self._writer is None:  # `refusal` said so already
            raise ModelError("unsupported")
        allowance = self._model.allowance(MOST_CALLS)
        lines = self._writer.outline(own, allowance)
        if not lines:
            return {}
        found = {OWN: (lines, digest_of(own))}
        others = self._others(actor, case)
        try:
            alike = self._writer.likenesses(own, others, allowance) if others else {}
        except ModelError:  # the outline stands without
            alike = {}
        return found | {about: ((line,), digest_of(own, other.told)) for about, (line, other) in alike.items()}

    def _keep(self, actor: Actor, case: Case, own: tuple[Told, ...], outlines: Mapping[str, Outline]) -> bool:
        """Unless the need changed meanwhile: then there is nothing it could stand on."""
        with self._needs.cases.writing() as transaction:
            stored = transaction.by_id(case.id)
            if stored is None or not may_be_outlined(stored) or self._told(stored) != own:
                return False
            keep_outlines(transaction.connection, case.id, outlines.values())
            lines = sum(len(outline.lines) for outline in outlines.values())
            detail = {"model": self.model, "lines": lines}
            transaction.witness(stored, Event("outline", actor, self._needs.clock.now(), ("none",), detail=detail))
        return True

    def _others(self, actor: Actor, case: Case) -> list[Compared]:
        """Like needs and parties to try, as this person sees them on the case's page."""
        needs = self._needs
        found = []
        for similar in needs.submission.common_needs(case)[:MOST_CASES]:
            other = needs.cases.get(similar.reference)
            if other is not None and reads(actor, other) and (told := self._told(other)):
                found.append(Compared(about_case(other.id), told))
        industries = {industry.code: industry.label for industry in needs.reference.industries}
        parties = ((party.id, told_of_party(party, industries)) for party in self._parties(case))
        return [*found, *(Compared(about_party(party), _masked(told)) for party, told in parties)]

    def _parties(self, case: Case) -> list[Party]:
        tried = self._needs.docking.candidates(case)
        parties = [one.party for one in tried if one.status is not CandidateStatus.FAILED]
        return [*parties, *(one.party for one in self._needs.docking.suggestions(case))][:MOST_PARTIES]

    def _told(self, case: Case) -> tuple[Told, ...]:
        private = self._needs.cases.private(case.id)
        return _masked(told_of_case(case, self._form(case), private.personal if private else {}, _tell))

    def _form(self, case: Case) -> Form:
        kept = form_of(self._needs.cases.engine, case.kind, case.form_version)
        return kept or self._needs.formbook.form(case.kind)

    @contextmanager
    def _alone(self, case: str, actor: Actor) -> Iterator[NotMade | None]:
        """One outline of a case at a time, within the person's share of the day."""
        with self._lock:
            taken = case in self._in_hand
            self._in_hand.add(case)
        if taken:
            yield NotMade("busy")
            return
        try:
            if self._admission is None:
                yield None
                return
            with self._admission.one(f"staff:{actor.id}") as admitted:
                yield None if admitted else NotMade("share")
        finally:
            with self._lock:
                self._in_hand.discard(case)


def _masked(told: Sequence[Told]) -> tuple[Told, ...]:
    """As every prompt is masked, before anything is quoted from it."""
    return tuple(Told(field.step, field.label, masked(field.text)) for field in told)


def _tell(saying: Saying) -> str:
    return Phrases("zh", "intake").say(saying.key, **saying.values)
