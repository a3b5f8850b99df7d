"""Draws where a talk about a case stands: the question to answer, the words wanted, or what is about to be sent."""

from __future__ import annotations

from collections.abc import Iterator

from bot.dialogs.buttons import of_draft
from bot.dialogs.desk import Desk
from bot.dialogs.submit_card_drawing import excerpt
from bot.dialogs.submit_drawing import INPUTS, MOST_BUTTONS, question
from bot.dialogs.track_drawing import TrackDrawing
from bot.dialogs.track_pending import Talk
from bot.dialogs.turn import Speaker
from bot.dialogs.words import Words, lines, paragraphs
from bot.messages import Choice, FormPart, Reply
from intake.display import show
from intake.models import Step


class TalkDrawing:
    def __init__(self, desk: Desk, cases: TrackDrawing) -> None:
        self._desk = desk
        self._cases = cases

    def show(self, talk: Talk, speaker: Speaker, before: str = "") -> Reply:
        words = self._desk.words(speaker)
        if talk.pending.doing == "whose":
            return self._whose(talk, words, before)
        if talk.step is not None:
            return self._step(talk, talk.step, words, before)
        if talk.pending.doing == "reply" and (talk.draft.answers or talk.pending.text or talk.files):
            return self._ready(talk, words, before)
        return self._wanted(talk, words, before)

    def label(self, talk: Talk, speaker: Speaker) -> str:
        """The button as it read, for the record."""
        offered = {choice.id: choice.label for choice in self.show(talk, speaker).choices}
        return offered.get(speaker.choice, self._desk.words(speaker).say("record.button"))

    def _whose(self, talk: Talk, words: Words, before: str) -> Reply:
        cases = [self._desk.needs.cases.get(reference) for reference in talk.pending.cases]
        titles = [case.title if case else "" for case in cases]
        file = talk.files[0].name if talk.files else ""
        if file:
            said = words.say("talk.whose_file", name=file)
        elif len(cases) == 1:
            said = words.say("talk.is_it", text=excerpt(talk.pending.text), title=titles[0])
        else:
            said = words.say("talk.whose_text", text=excerpt(talk.pending.text))
        choices = [
            of_draft(talk.draft, f"w{index}", words.say("talk.this_one", title=excerpt(title, 20)))
            for index, title in enumerate(titles)
        ]
        choices.append(of_draft(talk.draft, "x" if file else "q", words.say("talk.none_file" if file else "talk.none")))
        return self._reply(talk, paragraphs(before, said), choices, "choice")

    def _step(self, talk: Talk, step: Step, words: Words, before: str) -> Reply:
        place = talk.pending.steps.index(step.id) + 1 if step.id in talk.pending.steps else 1
        total = len(talk.pending.steps)
        head = words.say("talk.head", reference=talk.reference, number=place, total=total)
        now = talk.answers.get(step.id)
        stands = words.say("talk.stands", shown=words.tell(show(step, now))) if now is not None else ""
        ask = lines(question(step, words), stands)
        part = FormPart(talk.draft.id, place, total, INPUTS[step.type], talk.draft.kind, step.id, ask)
        choices = tuple(self._step_choices(talk, step, words))
        return Reply("form_question", paragraphs(before, lines(head, ask)), choices, form=part)

    def _step_choices(self, talk: Talk, step: Step, words: Words) -> Iterator[Choice]:
        draft = talk.draft
        if step.type == "bool":
            yield of_draft(draft, "Y", words.say("form.yes"))
            yield of_draft(draft, "N", words.say("form.no"))
        elif len(step.options) <= MOST_BUTTONS:
            for index, option in enumerate(step.options):
                tick = words.say("form.tick") if option.code in talk.pending.picked else ""
                yield of_draft(draft, f"o{index}", tick + option.label)
        if step.type == "multi" and len(talk.pending.picked) >= (step.min or 1):
            yield of_draft(draft, "ok", words.say("form.picked", count=len(talk.pending.picked)))
        if step.way_out is not None:
            yield of_draft(draft, "w", step.way_out.label)
        if talk.pending.doing == "reply":
            yield of_draft(draft, "k", words.say("talk.skip"))
        yield of_draft(draft, "x", words.say("talk.leave"))

    def _ready(self, talk: Talk, words: Words, before: str) -> Reply:
        """What will be sent, to be looked over."""
        form = talk.form
        rows = [
            words.say("card.line_plain", label=form.step(s).label, shown=words.tell(show(form.step(s), a)))
            for s, a in talk.draft.answers.items()
            if form is not None
        ]
        files = words.listed(file.name for file in talk.files)
        rows += [words.say("card.files", names=files)] if files else []
        rows += [words.say("talk.words", text=talk.pending.text)] if talk.pending.text else []
        said = lines(words.say("talk.ready"), *rows, words.say("talk.ready_hint"))
        choices = [
            of_draft(talk.draft, "S", words.say("talk.send")),
            of_draft(talk.draft, "x", words.say("talk.leave")),
        ]
        return self._reply(talk, paragraphs(before, said), choices, "text")

    def _wanted(self, talk: Talk, words: Words, before: str) -> Reply:
        """Words are wanted: a reason, a remark, an answer in one's own words."""
        title = talk.case.title if talk.case else talk.reference
        asked = self._cases.asked_text(talk.case, words) if talk.case and talk.pending.doing == "reply" else ""
        said = paragraphs(before, asked, words.say(f"talk.want_{talk.pending.doing or 'note'}", title=title))
        choices = [of_draft(talk.draft, "x", words.say("talk.leave"))]
        if talk.files:
            choices.insert(0, of_draft(talk.draft, "S", words.say("talk.send")))
        return self._reply(talk, said, choices, "text")

    def _reply(self, talk: Talk, said: str, choices: list[Choice], kind: str) -> Reply:
        part = FormPart(talk.draft.id, 0, 0, "choice" if kind == "choice" else "text", talk.draft.kind, "", said)
        return Reply("form_question", said, tuple(choices), form=part)
