"""Before anything personal: the notice and its yes or no. Then the organisation: asked once, confirmed from then on."""

from __future__ import annotations

from dataclasses import replace

from bot.dialogs.desk import Desk
from bot.dialogs.pending import Pending
from bot.dialogs.said import PROFILE_CHANGED, PROFILE_STANDS, said
from bot.dialogs.submit_drawing import Drawing
from bot.dialogs.submit_moves import Moves
from bot.dialogs.submit_stages import known_profile
from bot.dialogs.submit_steps import Steps
from bot.dialogs.turn import OnStage, Speaker, Turn
from bot.messages import Reply
from intake.journey import give_answer
from intake.models import Read
from intake.question_shape import shaped_as_question
from intake.reading.choices import read_yes_no
from intake.reading.sensitive import refusals
from intake.store.drafts import Draft
from intake.values import Answered


class Profile:
    def __init__(self, desk: Desk, drawing: Drawing, steps: Steps, moves: Moves) -> None:
        self._desk = desk
        self._drawing = drawing
        self._steps = steps
        self._moves = moves

    def consent_text(self, draft: Draft, speaker: Speaker, on_stage: OnStage | None) -> Turn:
        read = read_yes_no(speaker.text)
        if isinstance(read, Read):
            return self.consent(draft, speaker, given=bool(read.value))
        return self._neither(draft, speaker, on_stage, "consent.how")

    def consent(self, draft: Draft, speaker: Speaker, *, given: bool) -> Turn:
        """Record the word on the notice before going on. After a no the need stays as it is, nothing personal in it."""
        self._desk.needs.people.record_consent(speaker.person, given, speaker.via, self._desk.now(), speaker.lang)
        if not given:
            return self._refused(draft, speaker)
        words, form = self._desk.words(speaker), self._desk.form(draft)
        step = self._desk.step(draft)
        if step is None or step.part != "consent":
            return Turn(self._drawing.show(draft, speaker))
        yes = Answered(value=True, text=words.say("consent.yes"))
        standing = give_answer(form, draft.standing, step.id, yes)
        saved = self._desk.save(Pending.of(draft).carried().on(draft.at(standing)), speaker)
        return Turn(self._drawing.show(saved, speaker, before=words.say("consent.thanks")))

    def _refused(self, draft: Draft, speaker: Speaker) -> Turn:
        form, words = self._desk.form(draft), self._desk.words(speaker)
        personal = {step.id for step in form.steps if step.personal or step.part in ("consent", "contact")}
        answers = {step: answered for step, answered in draft.answers.items() if step not in personal}
        parked = replace(draft, answers=answers, reasked=None, pending={}, failures=0, parked=True)
        self._desk.needs.drafts.save(parked, self._desk.now(), speaker.message.id)
        choices = self._moves.way_back(parked, speaker)
        return Turn(Reply("form_consent_refused", words.say("consent.refused", form=form.label), choices))

    def text(self, draft: Draft, speaker: Speaker, on_stage: OnStage | None) -> Turn:
        word = said(speaker.text)
        if word in PROFILE_STANDS or word in PROFILE_CHANGED:
            return self.press(draft, speaker, "py" if word in PROFILE_STANDS else "pe")
        return self._neither(draft, speaker, on_stage, "profile.how")

    def press(self, draft: Draft, speaker: Speaker, what: str) -> Turn:
        """Keep what is known, or go through it with each value on offer."""
        words, pending = self._desk.words(speaker), Pending.of(draft)
        known = known_profile(self._desk, draft, speaker)
        if what == "py" and known:
            answers = {**draft.answers, **known}
            saved = self._desk.save(replace(draft, answers=answers, failures=0, pending={}), speaker)
            return Turn(self._drawing.show(saved, speaker, before=words.say("profile.kept")))
        if what == "pe":
            saved = self._desk.keep(draft, speaker, pending.but(profile_asked=True))
            return Turn(self._drawing.show(saved, speaker, before=words.say("profile.one_by_one")))
        return Turn(self._drawing.show(draft, speaker))

    def _neither(self, draft: Draft, speaker: Speaker, on_stage: OnStage | None, hint: str) -> Turn:
        """Words that are neither yes nor no: a question, or something to be told how to answer."""
        if found := refusals(speaker.text):
            return self._steps.refuse(draft, speaker, found[0])
        if shaped_as_question(speaker.text):
            return self._steps.interrupted(draft, speaker, speaker.text, on_stage)
        before = self._desk.words(speaker).say(hint)
        return Turn(self._drawing.show(draft, speaker, before=before, status="form_invalid"))
