"""Takes a posted form into a draft's answers: every answer that can be read counts, nothing typed is lost. Pure.

The same readers as in the chat judge what was typed. A form is posted as a whole, so what is empty was left open or
cleared; `shown` names the steps the page had, and only those are touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from bot.channels.web_chat.needs_words import WEB
from intake.display import WAN, YES, codes_of
from intake.journey import JourneyRefusal, Standing, give_answer, missing_required, options_for, route
from intake.models import CHOICE_TYPES, Form, Option, Read, Saying, Step, Unread
from intake.reading.steps import Circumstances, read_step
from intake.reference import Reference
from intake.values import Answered, Answers, DateSpan, Money, Phone, Value

WAY_OUT = ".way_out"
"""A step's name and this: the box beside it that says 「暂不提供」."""
BY_LABEL = frozenset({"district", "industry"})
"""Choices whose own readers know names and not codes."""
TOLD = frozenset({"money", "date", "phone"})
"""Types told in words of many kinds: the person's own are shown again."""
Typed = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Taken:
    """`answers` to commit; `errors` and `warnings` by step. `held`: personal fields wait for the notice's yes.

    `consented`: the notice was agreed to in this very form.
    """

    answers: Answers
    errors: Mapping[str, Saying] = field(default_factory=dict)
    warnings: Mapping[str, tuple[Saying, ...]] = field(default_factory=dict)
    held: bool = False
    consented: bool = False


def take(form: Form, answers: Answers, typed: Typed, shown: Sequence[str], reference: Reference, today: date) -> Taken:
    """What a posted form makes of the answers so far. A step hidden by another's answer keeps what can be read."""
    taking = _Taking(form, dict(answers), typed, reference, today)
    for step in form.steps:
        if step.id in shown and step.type != "file":
            taking.step(step)
    return taking.taken(consent_before=_says_yes(answers, consent_step(form)))


def consent_step(form: Form) -> Step | None:
    """The step with the notice, where the form has one."""
    return next((step for step in form.steps if step.part == "consent" and step.must_be_yes), None)


def needs_consent(form: Form, step: Step) -> bool:
    """True for what may be kept only after the notice was agreed to: who the person is, and what stands behind it."""
    consent = consent_step(form)
    if consent is None:
        return step.personal
    behind = form.steps.index(step) > form.steps.index(consent)
    return step.personal or (behind and step.part in ("profile", "contact"))


def still_missing(form: Form, answers: Answers, shown: Sequence[str]) -> dict[str, Saying]:
    """An error for each required step of this page that is open."""
    return {
        step.id: Saying(f"{WEB}missing_yes" if step.must_be_yes else f"{WEB}missing", {"label": step.label})
        for step in missing_required(form, answers)
        if step.id in shown
    }


def typed_of(step: Step, answered: Answered | None) -> tuple[str, ...]:
    """An answer as the page's field would post it: codes of choices, words otherwise."""
    if answered is None or answered.value is None:
        return ()
    value = answered.value
    if step.type in CHOICE_TYPES or isinstance(value, bool):
        codes = codes_of(value)
        ordered = [option.code for option in step.options if option.code in codes]
        return tuple(ordered) or tuple(sorted(codes))
    if step.type in TOLD:
        return (answered.text or _told(value),)
    return ("\n".join(value) if step.type == "lines" and isinstance(value, tuple) else _told(value),)


def _told(value: Value) -> str:
    """A value in words that read as the same value again."""
    if isinstance(value, Money):
        ends = [format((end / WAN).normalize(), "f") for end in (value.low, value.high) if end is not None]
        shape = "至少{}万" if value.high is None else "不超过{}万" if value.low is None else "{}万"
        return shape.format("-".join(dict.fromkeys(ends)))
    if isinstance(value, DateSpan):
        return value.end.isoformat()
    if isinstance(value, Phone):
        return value.e164 + (f"转{value.ext}" if value.ext else "")
    return "、".join(value) if isinstance(value, tuple) else str(value)


def _says_yes(answers: Answers, step: Step | None) -> bool:
    answered = answers.get(step.id) if step else None
    return answered is not None and answered.value is True


class _Taking:
    """One posted form on its way into the answers, step by step in the form's order."""

    def __init__(self, form: Form, answers: dict[str, Answered], typed: Typed, reference: Reference, today: date):
        self._form = form
        self._answers = answers
        self._typed = typed
        self._reference = reference
        self._today = today
        self._errors: dict[str, Saying] = {}
        self._warnings: dict[str, tuple[Saying, ...]] = {}
        self._held = False

    def step(self, step: Step) -> None:
        typed = tuple(text for text in self._typed.get(step.id, ()) if text.strip())
        if step.must_be_yes:
            self._take_yes(step, ticked=typed == (YES,))
        elif not typed:
            self._take_nothing(step)
        elif needs_consent(self._form, step) and not self._may_keep_personal():
            self._held = True
        elif typed != typed_of(step, self._answers.get(step.id)):
            self._take_words(step, typed)

    def taken(self, *, consent_before: bool) -> Taken:
        consent = consent_step(self._form)
        consented = _says_yes(self._answers, consent) and not consent_before
        if self._held and consent is not None:
            self._errors[consent.id] = Saying(f"{WEB}consent_first")
        return Taken(self._answers, self._errors, self._warnings, self._held, consented)

    def _may_keep_personal(self) -> bool:
        consent = consent_step(self._form)
        return consent is None or _says_yes(self._answers, consent)

    def _take_yes(self, step: Step, *, ticked: bool) -> None:
        if ticked == _says_yes(self._answers, step):
            return
        if ticked:
            self._answers[step.id] = Answered(value=True, text="是")
        else:
            del self._answers[step.id]
            if step.part == "consent":
                self._forget_personal()

    def _forget_personal(self) -> None:
        for step in self._form.steps:
            if needs_consent(self._form, step):
                self._answers.pop(step.id, None)

    def _take_nothing(self, step: Step) -> None:
        """An empty field: the way out beside it, an answer without a value as it was, or an answer taken back."""
        before = self._answers.get(step.id)
        if step.way_out is not None and self._typed.get(step.id + WAY_OUT):
            if self._may_keep_personal() or not needs_consent(self._form, step):
                self._answers[step.id] = Answered(value=None, text=step.way_out.label, state=step.way_out_state)
        elif before is not None and (before.value is not None or step.way_out is not None):
            del self._answers[step.id]

    def _take_words(self, step: Step, typed: tuple[str, ...]) -> None:
        options = options_for(step, self._answers)
        read = self._read(step, typed, options)
        on_route = step in route(self._form, self._answers, "full")
        if isinstance(read, Unread):
            if on_route:
                self._errors[step.id] = read.error
            return
        answered = read.answered(_own_words(step, typed))
        if not on_route:
            if answered.value is not False:  # the 否 that a hidden question came with was nobody's answer
                self._answers[step.id] = answered
            return
        if read.warnings:
            self._warnings[step.id] = read.warnings
        try:
            self._answers = dict(give_answer(self._form, Standing(self._answers), step.id, answered).answers)
        except JourneyRefusal as refusal:
            self._errors[step.id] = refusal.saying

    def _read(self, step: Step, typed: tuple[str, ...], options: tuple[Option, ...]) -> Read | Unread:
        labels = {option.code: option.label for option in options}
        if step.type == "zone" and typed[0] not in labels and typed[0] in {option.code for option in step.options}:
            return Unread(Saying(f"{WEB}zone_elsewhere"))
        said = [labels.get(text, text) for text in typed] if step.type in BY_LABEL else list(typed)
        org_name = self._answers.get("org_name")
        name = org_name.value if org_name is not None and isinstance(org_name.value, str) else None
        at = Circumstances(self._reference, self._today, org_name=name, options=options or None)
        return read_step(step, "、".join(said), at)


def _own_words(step: Step, typed: tuple[str, ...]) -> str:
    """What was typed; for choices their labels, since codes are nobody's words."""
    labels = {option.code: option.label for option in step.options}
    return "、".join(labels.get(text, text) for text in typed)
