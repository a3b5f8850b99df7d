"""Text, button or question while one step is asked: what can be read is committed before it is replied to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.dialogs.buttons import number_after
from bot.dialogs.desk import Desk
from bot.dialogs.pending import Pending
from bot.dialogs.said import AGREES, IS_ANSWER, IS_QUESTION, said
from bot.dialogs.submit_drawing import Drawing
from bot.dialogs.submit_stages import Stage, offer_for, stage_of
from bot.dialogs.turn import OnStage, Speaker, Turn
from bot.dialogs.words import Words, lines, paragraphs
from intake.display import show
from intake.interruption import Decision, asks_about_the_form, decide
from intake.journey import FAILURES_BEFORE_WAY_OUT, JourneyRefusal, skip
from intake.models import CHOICE_TYPES, Read, Saying, Step, Unread
from intake.reading.sensitive import refusals
from intake.reading.steps import read_step
from intake.store.drafts import Draft
from intake.values import Answered


class Steps:
    def __init__(self, desk: Desk, drawing: Drawing) -> None:
        self._desk = desk
        self._drawing = drawing

    # What was typed

    def text(self, draft: Draft, speaker: Speaker, on_stage: OnStage | None) -> Turn:
        """Parse first; what cannot be read may be a question; otherwise say what is wrong, with an example."""
        step, text = self._step(draft), speaker.text
        read = read_step(step, text, self._desk.circumstances(draft, step))
        if refused(read) or (step.type == "file" and refusals(text)):
            return self.refuse(draft, speaker, read.error if isinstance(read, Unread) else refusals(text)[0])
        if self._agrees(draft, step, speaker):
            return self.press(draft, speaker, "u", on_stage)
        decision = decide(step, text, isinstance(read, Read), self._desk.needs.reference.policy_words)
        if decision is Decision.QUESTION:
            return self.interrupted(draft, speaker, text, on_stage)
        if decision is Decision.UNSURE:
            return self.ask_which(draft, speaker)
        return self._taken(draft, speaker, step, text, read)

    def _agrees(self, draft: Draft, step: Step, speaker: Speaker) -> bool:
        """「对」 to a value on offer."""
        if step.type == "bool" or said(speaker.text) not in AGREES:
            return False
        return offer_for(self._desk, draft, step, speaker) is not None

    def _taken(self, draft: Draft, speaker: Speaker, step: Step, text: str, read: Read | Unread) -> Turn:
        if isinstance(read, Unread):
            return self._invalid(draft, speaker, step, read)
        answers, offers = _implied(step, read, text, self._desk.form(draft).steps, Pending.of(draft).offers)
        pending = Pending.of(draft).carried().but(offers=offers)
        saved = self._desk.commit(draft, speaker, answers, pending)
        echo = self._echo(step, answers[step.id], speaker, read)
        return Turn(self._drawing.show(saved, speaker, before=echo), self._masked(step, speaker))

    def _invalid(self, draft: Draft, speaker: Speaker, step: Step, read: Unread) -> Turn:
        words = self._desk.words(speaker)
        pending = Pending.of(draft).but(suggestion=read.suggestion)
        saved = self._desk.keep(replace(draft, failures=draft.failures + 1), speaker, pending)
        suggested = ""
        if read.suggestion is not None:
            kind = "phone" if step.type == "phone" else "code"
            suggested = words.say(f"form.suggest_{kind}", suggestion=read.suggestion)
        way_out = words.say("form.way_out") if saved.failures >= FAILURES_BEFORE_WAY_OUT else ""
        before = lines(words.tell(read.error), suggested, way_out)
        reply = self._drawing.show(saved, speaker, before=before, status="form_invalid")
        return Turn(reply, self._masked(step, speaker))

    def _echo(self, step: Step, answered: Answered, speaker: Speaker, read: Read | None = None) -> str:
        words = self._desk.words(speaker)
        warnings = [words.tell(warning) for warning in read.warnings] if read else []
        return lines(noted(step, answered, words, read), *warnings)

    def _masked(self, step: Step, speaker: Speaker) -> str | None:
        return self._desk.words(speaker).say("record.personal") if step.personal else None

    # Questions in between

    def interrupted(self, draft: Draft, speaker: Speaker, text: str, on_stage: OnStage | None) -> Turn:
        """Answer the question, then ask the same step again; no answer changes."""
        words = self._desk.words(speaker)
        step = self._desk.step(draft)
        personal = step is not None and step.personal
        recorded = words.say("record.personal") if personal else None
        if asks_about_the_form(text, self._desk.needs.reference.policy_words):
            before = paragraphs(self._drawing.help(draft, speaker))
            return Turn(self._drawing.show(draft, speaker, before=before, again=True, status="form_help"), recorded)
        answer = self._desk.policy(text, speaker, on_stage)
        asked = self._drawing.show(draft, speaker, before=answer.text, again=True, status="form_answered")
        kept = None if personal else answer.answer
        return Turn(replace(asked, citations=answer.citations, answer=kept), recorded)

    def ask_which(self, draft: Draft, speaker: Speaker) -> Turn:
        """In doubt the person says whether it was a question; the text is kept either way."""
        pending = Pending.of(draft).but(unsure=speaker.text, kept=None)
        return Turn(self._drawing.show(self._desk.keep(draft, speaker, pending), speaker))

    def unsure(self, draft: Draft, speaker: Speaker, on_stage: OnStage | None) -> Turn | Draft:
        """这是提问 and 这是填写内容 as typed; anything else is a new message, the doubtful one stays at hand."""
        word = said(speaker.text)
        if word in IS_QUESTION:
            return self.as_question(draft, speaker, on_stage)
        if word in IS_ANSWER:
            return self.as_answer(draft, speaker)
        pending = Pending.of(draft)
        return self._desk.keep(draft, speaker, pending.but(unsure=None, kept=pending.unsure))

    def as_question(self, draft: Draft, speaker: Speaker, on_stage: OnStage | None) -> Turn:
        pending = Pending.of(draft)
        text = pending.unsure or ""
        saved = self._desk.keep(draft, speaker, pending.but(unsure=None, kept=text))
        return self.interrupted(saved, speaker, text, on_stage)

    def as_answer(self, draft: Draft, speaker: Speaker) -> Turn:
        """The kept text as the step's answer; what is wrong with it is told, and it stays at hand."""
        pending, step = Pending.of(draft), self._step(draft)
        text = pending.unsure or pending.kept or ""
        read = read_step(step, text, self._desk.circumstances(draft, step))
        settled = pending.but(unsure=None, kept=text if isinstance(read, Unread) else None).on(draft)
        return self._taken(settled, speaker, step, text, read)

    def refuse(self, draft: Draft, speaker: Speaker, why: Saying) -> Turn:
        """What must not be stored is not: neither in the draft nor in the record."""
        words = self._desk.words(speaker)
        reply = self._drawing.show(draft, speaker, before=words.tell(why), again=True, status="form_refused")
        return Turn(reply, words.say("record.refused"))

    # What was pressed

    def press(self, draft: Draft, speaker: Speaker, what: str, on_stage: OnStage | None) -> Turn:
        if stage_of(self._desk, draft, speaker) is Stage.UNSURE:
            return self.as_question(draft, speaker, on_stage) if what == "q" else self.as_answer(draft, speaker)
        step = self._step(draft)
        if what == "k":
            return self.skip(draft, speaker)
        if what == "a":
            return self.as_answer(draft, speaker)
        if what == "g":
            return self._suggestion(draft, speaker, step)
        if (index := number_after(what, "o")) is not None and index < len(step.options):
            return self._option(draft, speaker, step, index)
        answered = self._pressed(draft, speaker, step, what)
        if answered is None:
            return Turn(self._drawing.show(draft, speaker))
        return self._committed(draft, speaker, step, answered)

    def _pressed(self, draft: Draft, speaker: Speaker, step: Step, what: str) -> Answered | None:
        words = self._desk.words(speaker)
        if what == "u":
            return offer_for(self._desk, draft, step, speaker)
        if what == "w" and step.way_out is not None:
            return Answered(value=None, text=step.way_out.label, state=step.way_out_state)
        if what in ("Y", "N") and step.type == "bool":
            return Answered(value=what == "Y", text=words.say("form.yes" if what == "Y" else "form.no"))
        picked = Pending.of(draft).picked
        if what == "ok" and step.type == "multi" and len(picked) >= (step.min or 1):
            chosen = [option for option in step.options if option.code in picked]
            return Answered(value=tuple(o.code for o in chosen), text="、".join(o.label for o in chosen))
        return None

    def _option(self, draft: Draft, speaker: Speaker, step: Step, index: int) -> Turn:
        option = step.options[index]
        if step.type != "multi":
            return self._committed(draft, speaker, step, Answered(value=option.code, text=option.label))
        pending = Pending.of(draft)
        picked = tuple(code for code in pending.picked if code != option.code)
        if option.code not in pending.picked:
            picked = (*picked, option.code)
        if step.max is not None and len(picked) > step.max:
            values = {"max": str(step.max), "typed": str(len(picked))}
            before = self._desk.words(speaker).tell(Saying("error.choice.too_many", values))
            return Turn(self._drawing.show(draft, speaker, before=before, status="form_invalid"))
        return Turn(self._drawing.show(self._desk.keep(draft, speaker, pending.but(picked=picked)), speaker))

    def _committed(self, draft: Draft, speaker: Speaker, step: Step, answered: Answered) -> Turn:
        saved = self._desk.commit(draft, speaker, {step.id: answered}, Pending.of(draft).carried())
        return Turn(self._drawing.show(saved, speaker, before=self._echo(step, answered, speaker)))

    def _suggestion(self, draft: Draft, speaker: Speaker, step: Step) -> Turn:
        text = Pending.of(draft).suggestion or ""
        read = read_step(step, text, self._desk.circumstances(draft, step))
        return self._taken(draft, speaker, step, text, read)

    def skip(self, draft: Draft, speaker: Speaker) -> Turn:
        """Pass over the step; where it must be answered, say so and ask it again."""
        words, step = self._desk.words(speaker), self._step(draft)
        try:
            standing = skip(self._desk.form(draft), draft.standing, draft.failures)
        except JourneyRefusal as refusal:
            return Turn(self._drawing.show(draft, speaker, before=words.tell(refusal.saying), status="form_invalid"))
        saved = self._desk.save(Pending.of(draft).carried().on(draft.at(standing)), speaker)
        key = "form.left_as_is" if step.id in draft.answers else "form.skipped"
        return Turn(self._drawing.show(saved, speaker, before=words.say(key, label=step.label)))

    def _step(self, draft: Draft) -> Step:
        step = self._desk.step(draft)
        if step is None:
            raise LookupError(f"{draft.id} waits on its card, not for an answer")
        return step


def refused(read: Read | Unread) -> bool:
    return isinstance(read, Unread) and read.error.key.startswith("refusal.")


def noted(step: Step, answered: Answered, words: Words, read: Read | None = None) -> str:
    """What was taken down, in the words it will stand in; a story or a contact is not said again."""
    if answered.value is None or step.personal or (step.free_text and step.type == "text"):
        key = "form.noted_none" if answered.value is None else "form.noted"
        return words.say(key, label=step.label, shown=words.tell(show(step, answered)))
    shown = words.tell(show(step, answered))
    heard = words.tell(read.echo) if read is not None else shown
    if step.type in CHOICE_TYPES and heard != shown:
        return words.say("form.noted_band", label=step.label, heard=heard, shown=shown)
    return words.say("form.noted_as", label=step.label, shown=heard)


def _implied(
    step: Step, read: Read, text: str, steps: tuple[Step, ...], offers: Mapping[str, Answered]
) -> tuple[dict[str, Answered], dict[str, Answered]]:
    """The answers to commit (the word beside 其他 with its choice), and what else was implied, to be offered later."""
    answers, later = {step.id: read.answered(text)}, dict(offers)
    by_id = {other.id: other for other in steps}
    for name, value in read.also.items():
        other = by_id.get(name)
        if other is None:
            continue
        implied = Answered(value=value, text=text)
        if other.follow_up_of == step.id:
            answers[name] = Answered(value=value, text=str(value))
        else:
            later[name] = implied
    return answers, later
