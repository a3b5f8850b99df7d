"""A message while a form is being filled in: moves first, then what the form waits for; nothing is applied twice."""

from __future__ import annotations

from dataclasses import replace

from bot.dialogs.desk import Desk
from bot.dialogs.pending import Pending
from bot.dialogs.said import IS_ANSWER, said
from bot.dialogs.submit_card import Card
from bot.dialogs.submit_drawing import Drawing
from bot.dialogs.submit_files import Files
from bot.dialogs.submit_moves import Moves
from bot.dialogs.submit_opening import Opening
from bot.dialogs.submit_profile import Profile
from bot.dialogs.submit_stages import Stage, stage_of
from bot.dialogs.submit_start import Start
from bot.dialogs.submit_steps import Steps
from bot.dialogs.track import Track
from bot.dialogs.turn import OnStage, Speaker, Turn
from intake.interruption import Control, control_of
from intake.models import Read
from intake.reading.steps import read_step
from intake.store.drafts import Draft

_CONTROLS = {"b": Control.BACK, "s": Control.SAVE, "x": Control.CANCEL, "H": Control.HUMAN}
"""Buttons that stand under every step."""


class Filling:
    def __init__(
        self, desk: Desk, drawing: Drawing, steps: Steps, moves: Moves, card: Card, start: Start, track: Track,
        opening: Opening,
    ) -> None:  # fmt: skip
        self._desk = desk
        self._drawing = drawing
        self._steps = steps
        self._moves = moves
        self._card = card
        self._start = start
        self._track = track
        self._opening = opening
        self._profile = Profile(desk, drawing, steps, moves)
        self._files = Files(desk, drawing)

    # What was said or sent

    def take(self, draft: Draft, speaker: Speaker, on_stage: OnStage | None) -> Turn | None:
        message = speaker.message
        if message.file is not None:
            return self._files.file(draft, speaker, message.file)
        if message.contact is not None:
            return self._files.contact(draft, speaker, message.contact)
        control = control_of(message.control or speaker.text)
        if control is not None:
            return self._control(draft, speaker, control)
        if message.choice is not None:
            return self._policy_button(draft, speaker, on_stage)
        if message.control is not None or not speaker.text:
            return self._unfit(draft, speaker)
        return self._opened(draft, speaker) or self._text(draft, speaker, on_stage)

    def _control(self, draft: Draft, speaker: Speaker, control: Control) -> Turn:
        turn = self._moves.control(draft, speaker, control)
        if turn is not None:
            return turn
        self._moves.park(draft, speaker)
        return Turn(self._start.menu(speaker, self._desk.words(speaker).say("menu.restarted")))

    def _policy_button(self, draft: Draft, speaker: Speaker, on_stage: OnStage | None) -> Turn | None:
        """An example question pressed in mid-form is answered like one typed; a category lists its examples."""
        words = self._desk.ask.words_of(speaker.choice, speaker.lang)
        if words is None:
            return self.stale(draft, speaker)
        if self._desk.ask.topic(speaker.choice, speaker.lang) is not None:
            return None
        turn = self._steps.interrupted(draft, speaker, words, on_stage)
        return replace(turn, label=words)

    def _unfit(self, draft: Draft, speaker: Speaker) -> Turn:
        """A picture, a sticker, an empty message: say what is expected, and ask again."""
        before = self._desk.words(speaker).say("form.unfit")
        return Turn(self._drawing.show(draft, speaker, before=before, again=True, status="form_invalid"))

    def _opened(self, draft: Draft, speaker: Speaker) -> Turn | None:
        """Words that open something else, unless the step can read them: then they are its answer."""
        step = self._desk.step(draft)
        if step is not None and not step.free_text and stage_of(self._desk, draft, speaker) is Stage.STEP:
            read = read_step(step, speaker.text, self._desk.circumstances(draft, step))
            if isinstance(read, Read):
                return None
        return self._opening.inside(speaker)

    def _text(self, draft: Draft, speaker: Speaker, on_stage: OnStage | None) -> Turn:
        pending = Pending.of(draft)
        if pending.unsure is not None:
            if pending.doing == "story" and said(speaker.text) in IS_ANSWER:
                return self._start.stories.kept(draft, speaker)
            settled = self._steps.unsure(draft, speaker, on_stage)
            if isinstance(settled, Turn):
                return settled
            draft = settled
        take = {
            Stage.KIND: self._start.stories.kind,
            Stage.STORY: self._start.stories.text,
            Stage.PROPOSED: self._start.stories.confirm,
            Stage.CONSENT: self._profile.consent_text,
            Stage.PROFILE: self._profile.text,
            Stage.CARD: self._card.text,
        }.get(stage_of(self._desk, draft, speaker), self._steps.text)
        return take(draft, speaker, on_stage)

    # What was pressed

    def press(self, draft: Draft, speaker: Speaker, what: str, on_stage: OnStage | None) -> Turn:
        """A button of this very revision. It stands in the record as it read."""
        turn = self._move(draft, speaker, what) or self._at_stage(draft, speaker, what, on_stage)
        return turn if turn.label is not None else replace(turn, label=self._label(draft, speaker))

    def stale(self, draft: Draft, speaker: Speaker) -> Turn:
        """A button of before: what is asked now is asked again, and nothing changes."""
        words = self._desk.words(speaker)
        reply = self._drawing.show(draft, speaker, before=words.say("form.stale"), again=True, status="form_stale")
        return Turn(reply, label=words.say("record.button"))

    def _label(self, draft: Draft, speaker: Speaker) -> str:
        offered = {choice.id: choice.label for choice in self._drawing.show(draft, speaker).choices}
        return offered.get(speaker.choice, self._desk.words(speaker).say("record.button"))

    def _move(self, draft: Draft, speaker: Speaker, what: str) -> Turn | None:
        if what == "X":
            return self._moves.drop(draft, speaker)
        if what == "r":
            return Turn(self._drawing.show(draft, speaker, again=True))
        return self._moves.control(draft, speaker, _CONTROLS[what]) if what in _CONTROLS else None

    def _at_stage(self, draft: Draft, speaker: Speaker, what: str, on_stage: OnStage | None) -> Turn:
        stage, pending = stage_of(self._desk, draft, speaker), Pending.of(draft)
        if pending.doing:
            return self._in_story(draft, speaker, what, on_stage)
        if stage is Stage.CONSENT and what in ("cy", "cn"):
            return self._profile.consent(draft, speaker, given=what == "cy")
        if stage is Stage.PROFILE:
            return self._profile.press(draft, speaker, what)
        if stage is Stage.CARD and what.startswith("to."):
            return self._track.add_to(draft, speaker, what.removeprefix("to."))
        if stage is Stage.CARD:
            return self._card.press(draft, speaker, what)
        if stage is Stage.CONSENT:
            return Turn(self._drawing.show(draft, speaker))
        return self._steps.press(draft, speaker, what, on_stage)

    def _in_story(self, draft: Draft, speaker: Speaker, what: str, on_stage: OnStage | None) -> Turn:
        """Own words: which kind they are of, whether they were a question, what was read from them."""
        stories, doing = self._start.stories, Pending.of(draft).doing
        if doing == "kind" and what[:2] in ("K.", "C.") and what[2:] in self._desk.formbook.forms:
            return self._start.story_to(speaker, what[2:], draft, fresh=what[0] == "K")
        if doing == "kind" and what == "km":
            return Turn(self._drawing.kinds(draft, speaker))
        if doing == "story" and what == "q" and Pending.of(draft).unsure:
            return self._steps.as_question(draft, speaker, on_stage)
        if doing == "story" and what in ("a", "q"):
            return stories.kept(draft, speaker)
        return stories.press(draft, speaker, what)
