"""The summary card: who may see it, the promises, mending a line, submitting once however often it is pressed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.dialogs.buttons import number_after, of_draft
from bot.dialogs.desk import Desk
from bot.dialogs.moments import month_day
from bot.dialogs.pending import Pending
from bot.dialogs.receipts import Receipts
from bot.dialogs.said import COMMIT, EDIT, PUBLISH, SUBMIT, line_number, said
from bot.dialogs.submit_card_drawing import COMMITMENTS
from bot.dialogs.submit_drawing import Drawing
from bot.dialogs.submit_moves import Moves
from bot.dialogs.submit_steps import Steps
from bot.dialogs.track_drawing import TrackDrawing
from bot.dialogs.turn import OnStage, Speaker, Turn
from bot.dialogs.words import Words, lines
from bot.messages import Reply
from intake.journey import JourneyRefusal, card_steps, edit, give_answer, missing_required, summary
from intake.models import Read, Step
from intake.question_shape import shaped_as_question
from intake.reading.choices import read_choice
from intake.reading.sensitive import refusals
from intake.similar import SimilarCase
from intake.store.drafts import Draft
from intake.submission import NotReadyError
from intake.values import Answered


class Card:
    def __init__(self, desk: Desk, drawing: Drawing, steps: Steps, moves: Moves) -> None:
        self._desk = desk
        self._drawing = drawing
        self._steps = steps
        self._moves = moves
        self._receipts = Receipts(desk)
        self._cases = TrackDrawing(desk)

    def text(self, draft: Draft, speaker: Speaker, on_stage: OnStage | None) -> Turn:
        """Everything on the card can be said as well as pressed. A number is a line to mend."""
        what = self._what(draft, said(speaker.text))
        if what is not None:
            return self.press(draft, speaker, what)
        if found := refusals(speaker.text):
            return self._steps.refuse(draft, speaker, found[0])
        if shaped_as_question(speaker.text):
            return self._steps.interrupted(draft, speaker, speaker.text, on_stage)
        before = self._desk.words(speaker).say("card.how")
        return Turn(self._drawing.show(draft, speaker, before=before, status="form_invalid"))

    def _what(self, draft: Draft, word: str) -> str | None:
        """The button that the words stand for."""
        if word in SUBMIT:
            return "go"
        if word in EDIT:
            return "E"
        number = line_number(word)
        if number is not None:
            return f"e{number}"
        steps = {step.id: step for step in card_steps(self._desk.form(draft), draft.answers)}
        if word in COMMIT:
            return "cm" if COMMITMENTS[0] in steps else None
        if word in PUBLISH and "publish_consent" in steps:
            return "pc" if PUBLISH[word] else "pn"
        visible = steps.get("confidentiality")
        read = read_choice(word, visible.options) if visible else None
        if visible is None or not isinstance(read, Read):
            return None
        return f"c{[option.code for option in visible.options].index(str(read.value))}"

    def press(self, draft: Draft, speaker: Speaker, what: str) -> Turn:
        if what in ("go", "new"):
            return self.submit(draft, speaker, anyway=what == "new")
        if what == "E":
            return self._which_line(draft, speaker)
        if (number := number_after(what, "e")) is not None:
            return self._edit(draft, speaker, number)
        answers = self._pressed(draft, speaker, what)
        if not answers:
            return Turn(self._drawing.show(draft, speaker))
        standing = draft.standing
        for step, answered in answers.items():
            standing = give_answer(self._desk.form(draft), standing, step, answered)
        saved = self._desk.save(Pending.of(draft).carried().on(draft.at(standing)), speaker)
        return Turn(self._drawing.show(saved, speaker))

    def _pressed(self, draft: Draft, speaker: Speaker, what: str) -> dict[str, Answered]:
        """The answers a button of the card gives."""
        words = self._desk.words(speaker)
        steps = {step.id: step for step in card_steps(self._desk.form(draft), draft.answers)}
        if what == "cm":
            yes = Answered(value=True, text=words.say("card.commit"))
            return {name: yes for name in COMMITMENTS if name in steps}
        if what in ("pc", "pn") and "publish_consent" in steps:
            label = words.say("card.publish" if what == "pc" else "card.publish_not")
            return {"publish_consent": Answered(value=what == "pc", text=label)}
        index, step = number_after(what, "c"), steps.get("confidentiality")
        if index is None or step is None or index >= len(step.options):
            return {}
        return {step.id: Answered(value=step.options[index].code, text=step.options[index].label)}

    def _which_line(self, draft: Draft, speaker: Speaker) -> Turn:
        words = self._desk.words(speaker)
        rows = sorted(summary(self._desk.form(draft), draft.answers), key=lambda line: line.number)
        choices = tuple(
            of_draft(draft, f"e{line.number}", words.say("card.edit_line", number=line.number, label=line.step.label))
            for line in rows
        )
        shown = self._drawing.show(draft, speaker)
        back_to = of_draft(draft, "r", words.say("card.back_to"))
        return Turn(Reply("form_card", words.say("card.which"), (*choices, back_to), form=shown.form))

    def _edit(self, draft: Draft, speaker: Speaker, number: int) -> Turn:
        words = self._desk.words(speaker)
        try:
            standing = edit(self._desk.form(draft), draft.standing, number)
        except JourneyRefusal as refusal:
            return Turn(self._drawing.show(draft, speaker, before=words.tell(refusal.saying), status="form_invalid"))
        saved = self._desk.save(Pending.of(draft).carried().on(draft.at(standing)), speaker)
        return Turn(self._drawing.show(saved, speaker))

    # Submitting

    def submit(self, draft: Draft, speaker: Speaker, *, anyway: bool = False) -> Turn:
        """Like needs are shown first. What bars it is said. The receipt comes after everything is committed."""
        words = self._desk.words(speaker)
        missing = missing_required(self._desk.form(draft), draft.answers)
        if missing:
            return self._wanting(draft, speaker, missing)
        similar = () if anyway else self._desk.needs.submission.similar(draft)
        if similar:
            return self._similar(draft, speaker, similar)
        try:
            receipt = self._desk.needs.submission.submit(draft, speaker.via, speaker.lang)
        except NotReadyError as refusal:
            return self._wanting(draft, speaker, refusal.steps)
        return Turn(self._receipts.reply(receipt, speaker), label=words.say("card.submit"))

    def _wanting(self, draft: Draft, speaker: Speaker, steps: Sequence[Step]) -> Turn:
        """Name what is missing; a notice that was changed or withdrawn meanwhile is asked again."""
        words = self._desk.words(speaker)
        consent = [step for step in steps if step.part == "consent"]
        if consent:
            answers = {step: answered for step, answered in draft.answers.items() if step != consent[0].id}
            draft = self._desk.save(replace(draft, answers=answers, reasked=None), speaker)
            return Turn(self._drawing.show(draft, speaker, before=words.say("consent.again")))
        before = words.say("card.still_missing", labels=words.listed(step.label for step in steps))
        return Turn(self._drawing.show(draft, speaker, before=before, status="form_invalid"))

    def _similar(self, draft: Draft, speaker: Speaker, similar: Sequence[SimilarCase]) -> Turn:
        words = self._desk.words(speaker)
        rows = [
            words.say(
                "similar.line",
                title=case.title,
                reference=case.reference,
                state=self._state(case.reference, words),
                day=month_day(case.submitted_at, words),
            )
            for case in similar
        ]
        own = {case.reference for case in self._desk.needs.cases.of_person(speaker.person)}
        choices = [
            of_draft(draft, f"to.{case.reference}", words.say("similar.add", reference=case.reference))
            for case in similar
            if case.reference in own  # a colleague's can be seen to exist, not added to
        ]
        choices.append(of_draft(draft, "new", words.say("similar.new")))
        choices.append(of_draft(draft, "r", words.say("card.back_to")))
        shown = self._drawing.show(draft, speaker)
        return Turn(Reply("form_similar", lines(words.say("similar.ask"), *rows), tuple(choices), form=shown.form))

    def _state(self, reference: str, words: Words) -> str:
        case = self._desk.needs.cases.get(reference)
        return self._cases.state(case, words) if case is not None else ""

    def again(self, draft: str, speaker: Speaker) -> Turn | None:
        """The receipt of a draft that was submitted already: the same number, however often the button is pressed."""
        case = self._desk.needs.cases.of_draft(draft)
        if case is None or case.person != speaker.person:
            return None
        receipt = self._desk.needs.submission.receipt(case, repeated=True)
        return Turn(self._receipts.reply(receipt, speaker), label=self._desk.words(speaker).say("card.submit"))
