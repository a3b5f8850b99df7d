"""Start here for cases in the chat: 「我的需求」, one case with its timeline, and everything its owner may do to it.

A talk about a case (a reason asked for, an answer half given) is a draft of the kind "case:<number>": it survives a
restart like a form, and a form in the middle of which it began is parked, not lost.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.dialogs.buttons import Pressed, of_case, of_menu
from bot.dialogs.desk import Desk
from bot.dialogs.said import CASES, said
from bot.dialogs.submit_drawing import Drawing
from bot.dialogs.submit_files import unfit
from bot.dialogs.track_drawing import TrackDrawing
from bot.dialogs.track_talk import Talks, is_talk
from bot.dialogs.turn import OnStage, Speaker, Turn
from bot.dialogs.words import Words, lines
from bot.messages import FileIn, Reply
from intake.case_numbers import valid_number
from intake.cases import OPEN, Case, CaseState
from intake.interruption import Control
from intake.journey import submitted_answers
from intake.question_shape import shaped_as_question
from intake.reading.plain import plain
from intake.review import ReviewError
from intake.store.drafts import Attachment, Draft
from intake.values import Answered

_SCORES = (5, 4, 3)
_AT_ONCE = {"reply": "reply", "n": "dissatisfied", "o": "reopen", "a": "note"}
"""Buttons that begin a talk → what the talk is about."""


class Track:
    def __init__(self, desk: Desk, drawing: Drawing) -> None:
        self._desk = desk
        self._drawing = TrackDrawing(desk)
        self._talks = Talks(desk, self._drawing)
        self._forms = drawing

    def named(self, speaker: Speaker) -> Turn | None:
        if said(speaker.text) in CASES:
            return Turn(self._drawing.listed(speaker))
        return None

    def press_menu(self, speaker: Speaker, what: str) -> Turn | None:
        if what != "mine":
            return None
        return Turn(self._drawing.listed(speaker), label=self._desk.words(speaker).say("menu.mine"))

    # Words outside any form

    def text(self, speaker: Speaker) -> Turn | None:
        """A case's number opens it. While staff wait for an answer, words that are no question may be it."""
        number = valid_number(speaker.text)
        if number is not None:
            return self.press(speaker, number, "v")
        if not speaker.text or speaker.message.choice is not None:
            return None
        handed = self._handed(speaker)
        if handed is not None:
            return self._relay(handed, speaker)
        waiting = self._waiting(speaker)
        if not waiting or self._asks(speaker.text):
            return None
        return self._talks.whose(speaker, waiting, text=speaker.text)

    def _asks(self, text: str) -> bool:
        words = plain(text)
        on_policy = any(word in words for word in self._desk.needs.reference.policy_words)
        return shaped_as_question(text) or (on_policy and len(words) < 30) or len(words) < 4

    def _waiting(self, speaker: Speaker) -> list[Case]:
        return [case for case in self._drawing.own(speaker) if case.state is CaseState.NEED_INFO]

    def relayed(self, speaker: Speaker) -> Turn | None:
        """In the middle of a form: words go to the staff who have taken over, if any have."""
        if not speaker.text or speaker.message.choice is not None:
            return None
        handed = self._handed(speaker)
        return self._relay(handed, speaker) if handed is not None else None

    def _handed(self, speaker: Speaker) -> Case | None:
        """The case in which a person has taken over from the assistant."""
        cases = self._drawing.own(speaker)
        return next((case for case in cases if case.handler == "human" and case.state in OPEN), None)

    def _relay(self, case: Case, speaker: Speaker) -> Turn:
        """Pass the words on and stay out of it: who has taken over is said once, then only that they have it."""
        words = self._desk.words(speaker)
        told = "cases.relayed_again" if self._was_told(case, speaker) else "cases.relayed"
        try:
            self._desk.needs.handling.act(speaker.actor(), case.reference, "note", text=speaker.text)
        except ReviewError as refusal:
            return Turn(Reply("form_refused", words.tell(refusal.saying)), words.say("record.refused"))
        return Turn(Reply("form_relayed", words.say(told, reference=case.reference)))

    def _was_told(self, case: Case, speaker: Speaker) -> bool:
        """Whether the person has written since staff took over, and so has been told that they did."""
        events = self._desk.needs.cases.events(case.id)
        taken = [event.seq for event in events if event.action == "take_over" or event.detail.get("take_over")]
        since = max(taken, default=0)
        return any(event.actor == speaker.person and event.action == "note" and event.seq > since for event in events)

    def file_without_form(self, speaker: Speaker, file: FileIn) -> Turn:
        """A file needs a place: the case that waits for one, or one the person names."""
        words = self._desk.words(speaker)
        problem = unfit(file, [], words)
        if problem:
            return Turn(Reply("form_invalid", problem))
        cases = self._waiting(speaker) or [case for case in self._drawing.own(speaker) if case.state in OPEN]
        if not cases:
            choices = (of_menu("menu", words.say("menu.open")),)
            return Turn(Reply("form_invalid", words.say("files.nowhere", name=file.name), choices), file.name)
        return self._talks.whose(speaker, cases, file=file)

    # Buttons of a case

    def press(self, speaker: Speaker, reference: str, what: str) -> Turn:
        words = self._desk.words(speaker)
        try:
            case = self._desk.needs.handling.view(speaker.actor(), reference)
            turn = self._pressed(case, speaker, what, words)
        except ReviewError as refusal:
            turn = self._refused(speaker, reference, words.tell(refusal.saying))
        return turn if turn.label is not None else replace(turn, label=words.say("record.case", reference=reference))

    def _pressed(self, case: Case, speaker: Speaker, what: str, words: Words) -> Turn:
        name, _, value = what.partition(".")
        if what in _AT_ONCE:
            return self._talks.begin(case, speaker, _AT_ONCE[what])
        if name == "s":
            return self._talks.begin(case, speaker, "supplement", steps=(value,))
        if name == "c":
            return self._confirm(case, speaker, value, words)
        if what == "u":
            return self._acted(case, speaker, "urge", "cases.urged")
        if what in ("w", "W"):
            return self._withdraw(case, speaker, words, sure=what == "W")
        return Turn(self._drawing.case(case, speaker))

    def _confirm(self, case: Case, speaker: Speaker, value: str, words: Words) -> Turn:
        """Ask how it was, then close; the mark may be left out."""
        if value:
            score = int(value) if value in {str(score) for score in _SCORES} else None
            return self._acted(case, speaker, "confirm", "cases.confirmed", score=score)
        if "confirm" not in self._drawing.may(case, speaker):
            return self._acted(case, speaker, "confirm", "cases.confirmed")
        choices = [of_case(case.reference, f"c.{score}", words.say(f"score.{score}")) for score in _SCORES]
        choices.append(of_case(case.reference, "c.0", words.say("score.none")))
        return Turn(Reply("form_case", words.say("score.ask", title=case.title), tuple(choices)))

    def _withdraw(self, case: Case, speaker: Speaker, words: Words, *, sure: bool) -> Turn:
        if sure or "withdraw" not in self._drawing.may(case, speaker):
            return self._acted(case, speaker, "withdraw", "cases.withdrawn")
        choices = (
            of_case(case.reference, "W", words.say("cases.withdraw_yes")),
            of_case(case.reference, "v", words.say("cases.withdraw_no")),
        )
        return Turn(Reply("form_case", words.say("cases.withdraw_ask", title=case.title), choices))

    def _acted(self, case: Case, speaker: Speaker, action: str, done: str, **values: Any) -> Turn:
        words = self._desk.words(speaker)
        after = self._desk.needs.handling.act(speaker.actor(), case.reference, action, **values)
        return Turn(self._drawing.case(after, speaker, words.say(done)))

    def _refused(self, speaker: Speaker, reference: str, why: str) -> Turn:
        """Why it was not done, and how the case stands, if it is the speaker's to see."""
        case = self._desk.needs.cases.get(reference)
        if case is None or case.person != speaker.person:
            mine = of_menu("mine", self._desk.words(speaker).say("menu.mine"))
            return Turn(Reply("form_not_found", why, (mine,)))
        return Turn(replace(self._drawing.case(case, speaker, why), status="form_invalid"))

    # From a form into a case

    def add_to(self, draft: Draft, speaker: Speaker, reference: str) -> Turn:
        """「补充到原需求」: what the draft says that the case does not, then the draft is gone."""
        words = self._desk.words(speaker)
        try:
            case = self._desk.needs.handling.view(speaker.actor(), reference)
            after = self._added(draft, speaker, case, words)
        except ReviewError as refusal:
            before = words.tell(refusal.saying)
            return Turn(self._forms.show(draft, speaker, before=before, status="form_invalid"))
        self._desk.needs.drafts.drop(draft.id)
        label = words.say("similar.add", reference=reference)
        return Turn(self._drawing.case(after, speaker, words.say("similar.added", reference=reference)), label=label)

    def _added(self, draft: Draft, speaker: Speaker, case: Case, words: Words) -> Case:
        form, handling = self._desk.form(draft), self._desk.needs.handling
        told = {step.id: step for step in form.steps if step.part == "need" and step.id not in ("title", "summary")}
        given = {s: a for s, a in submitted_answers(form, draft.answers).items() if s in told and a.value is not None}
        fresh = {s: a for s, a in given.items() if s not in case.answers and told[s].type != "file"}
        if fresh:
            case = handling.act(speaker.actor(), case.reference, "correct", answers=fresh)
        also = [
            self._forms.line(told[s], a, words)
            for s, a in given.items()
            if s not in fresh and told[s].type != "file" and _value(case, s) != a.value
        ]
        files: list[Attachment] = self._desk.needs.drafts.attached(draft.id)
        if also or files:
            text = lines(words.say("similar.also_said"), *also) if also else ""
            case = handling.act(speaker.actor(), case.reference, "note", text=text, files=files)
        return case

    # Talks

    def is_talk(self, draft: Draft) -> bool:
        return is_talk(draft)

    def show(self, talk: Draft, speaker: Speaker, before: str = "") -> Turn:
        return Turn(self._talks.show(talk, speaker, before))

    def talk(self, talk: Draft, speaker: Speaker, control: Control | None, on_stage: OnStage | None) -> Turn:
        return self._talks.take(talk, speaker, control, on_stage)

    def press_talk(self, talk: Draft, speaker: Speaker, pressed: Pressed) -> Turn:
        if talk.rev != pressed.rev:
            stale = self._desk.words(speaker).say("form.stale")
            return Turn(self._talks.show(talk, speaker, stale), label=self._desk.words(speaker).say("record.button"))
        return self._talks.press(talk, speaker, pressed.what)


def _value(case: Case, step: str) -> Any:
    answered: Answered | None = case.answers.get(step)
    return answered.value if answered else None
