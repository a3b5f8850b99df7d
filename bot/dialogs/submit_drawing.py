"""Draws where a draft stands: the question with its buttons. What the draft holds decides; nothing is changed here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.dialogs.buttons import of_draft
from bot.dialogs.desk import Desk
from bot.dialogs.pending import Pending
from bot.dialogs.submit_card_drawing import CardDrawing
from bot.dialogs.submit_stages import Stage, offer_for, stage_of
from bot.dialogs.turn import Speaker
from bot.dialogs.words import Words, lines, paragraphs
from bot.licence_photos import STEPS as LICENCE_STEPS
from bot.messages import Choice, FormInput, FormPart, Reply
from intake.display import show
from intake.journey import FAILURES_BEFORE_WAY_OUT, asked_route, progress
from intake.models import Step
from intake.store.drafts import Draft
from intake.values import Answered

MOST_BUTTONS = 24
"""A longer list is asked by name."""
SHORT = 24
"""Characters of a value that still fit on a button."""
INPUTS: dict[str, FormInput] = {
    "text": "text", "lines": "lines", "tags": "tags", "int": "number", "money": "money", "date": "date",
    "phone": "phone", "email": "email", "uscc": "code", "enum": "choice", "district": "choice", "zone": "choice",
    "industry": "choice", "multi": "multi", "bool": "yes_no", "file": "file",
}  # fmt: skip


class Drawing:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._cards = CardDrawing(desk)

    def show(self, draft: Draft, speaker: Speaker, *, before: str = "", again: bool = False, status: str = "") -> Reply:
        """What the draft waits for, after `before` (an echo, an error). `again`: said after something else came in."""
        stage = stage_of(self._desk, draft, speaker)
        if stage is Stage.STEP:
            return self._step(draft, speaker, before=before, again=again, status=status)
        reply = self._cards.show(stage, draft, speaker, in_full=not status)
        head = self._desk.words(speaker).say("form.continue_plain") if again else ""
        text = paragraphs(before, lines(head, reply.text))
        return Reply(status or reply.status, text, reply.choices, files=reply.files, form=reply.form)

    def _step(self, draft: Draft, speaker: Speaker, *, before: str, again: bool, status: str) -> Reply:
        step = self._desk.step(draft)
        if step is None:
            raise LookupError(draft.id)
        words = self._desk.words(speaker)
        ask = lines(question(step, words, self._offer_line(draft, step, speaker)), self._licence_line(step, words))
        number, total = position(self._desk, draft)
        choices = tuple(self._choices(draft, step, speaker))
        part = FormPart(
            draft.id, number, total, INPUTS[step.type], draft.kind, step.id, ask,
            picked=_picked(draft, step, choices),
        )  # fmt: skip
        text = paragraphs(before, lines(self.head(draft, words, again=again), ask))
        return Reply(status or "form_question", text, choices, form=part)

    def head(self, draft: Draft, words: Words, *, again: bool = False) -> str:
        """「技术需求 · 第 3/8 项」, or 「继续填写（第 3/8 项）：」 after something else."""
        number, total = position(self._desk, draft)
        if again:
            return words.say("form.continue", number=number, total=total)
        step = self._desk.step(draft)
        if step is not None and step.part != "need":
            return words.say("form.head_profile", number=number, total=total)
        return words.say("form.head", form=self._desk.form(draft).label, number=number, total=total)

    def preview(self, draft: Draft, speaker: Speaker) -> str:
        """What was filled in so far, as on the card."""
        return self._cards.preview(draft, self._desk.words(speaker))

    def line(self, step: Step, answered: Answered, words: Words) -> str:
        """An answer as a line: 「拟投入资金：100–300 万元」."""
        return self._cards.line(step, answered, words)

    def kinds(self, draft: Draft, speaker: Speaker) -> Reply:
        """All kinds for a story, where none of the likely ones was it."""
        return self._cards.kinds(draft, self._desk.words(speaker))

    def help(self, draft: Draft, speaker: Speaker) -> str:
        """What is asked here, how long it may be, and what can be said at any time."""
        words, step = self._desk.words(speaker), self._desk.step(draft)
        if step is None:
            return words.say("form.help_card")
        about = (
            words.say("form.help_step", label=step.label, ask=step.ask),
            step.help,
            step.why,
            _bounds(step, words),
            words.say("form.example", example=step.example) if step.example else "",
        )
        return paragraphs(lines(*about), words.say("form.help_moves"))

    def _offer_line(self, draft: Draft, step: Step, speaker: Speaker) -> str:
        words, offer = self._desk.words(speaker), offer_for(self._desk, draft, step, speaker)
        if offer is None or step.type == "multi":
            return ""
        key = "form.propose" if step.proposed else "form.said" if step.free_text and not step.personal else "form.offer"
        return words.say(key, shown=words.tell(show(step, offer)))

    def _licence_line(self, step: Step, words: Words) -> str:
        """That a picture of the licence will do, where one can be read."""
        photos = self._desk.needs.licences
        return words.say("licence.hint") if photos and photos.pictures and step.id in LICENCE_STEPS else ""

    def _choices(self, draft: Draft, step: Step, speaker: Speaker) -> Iterator[Choice]:
        words, pending = self._desk.words(speaker), Pending.of(draft)
        if pending.kept is not None:
            yield of_draft(draft, "a", words.say("form.use_kept"))
        yield from self._suggested(draft, step, speaker, pending)
        offer = offer_for(self._desk, draft, step, speaker)
        yield from _options(draft, step, words, pending, offer)
        if step.way_out is not None:
            yield of_draft(draft, "w", step.way_out.label)
        yield from self._moves(draft, step, words)

    def _suggested(self, draft: Draft, step: Step, speaker: Speaker, pending: Pending) -> Iterator[Choice]:
        words = self._desk.words(speaker)
        if pending.suggestion is not None:
            yield of_draft(draft, "g", words.say(f"form.suggestion_{'phone' if step.type == 'phone' else 'code'}"))
        offer = offer_for(self._desk, draft, step, speaker)
        if offer is not None and step.type != "multi" and not _has_buttons(step):
            yield of_draft(draft, "u", use_label(step, offer, words))

    def _moves(self, draft: Draft, step: Step, words: Words) -> Iterator[Choice]:
        if draft.failures >= FAILURES_BEFORE_WAY_OUT and not step.must_be_yes:
            if step.required != "O" and step.way_out is None and step.id not in draft.answers:
                yield of_draft(draft, "k", words.say("form.skip_to_staff"))
            yield of_draft(draft, "H", words.say("form.human"))
        if step.id in draft.answers:
            yield of_draft(draft, "k", words.say("form.leave_as_is"))
        elif step.required == "O":
            yield of_draft(draft, "k", words.say("form.skip"))
        if self._can_go_back(draft, step):
            yield of_draft(draft, "b", words.say("form.back"))
        yield of_draft(draft, "s", words.say("form.save"))

    def _can_go_back(self, draft: Draft, step: Step) -> bool:
        steps = asked_route(self._desk.form(draft), draft.answers, draft.pace)
        return bool(steps) and steps[0].id != step.id


def question(step: Step, words: Words, offer: str = "") -> str:
    """The step as it is asked: the question, what helps, why it is asked, an example."""
    example = words.say("form.example", example=step.example) if step.example else ""
    multi = words.say("form.multi_hint") if step.type == "multi" else ""
    by_name = words.say("form.by_name") if len(step.options) > MOST_BUTTONS else ""
    return lines(step.ask, step.help, step.why, example, multi, by_name, offer)


def use_label(step: Step, offer: Answered, words: Words) -> str:
    shown = words.tell(show(step, offer))
    if len(shown) > SHORT:
        return words.say("form.use_above")
    return words.say("form.use_this" if step.free_text and not step.personal else "form.use", shown=shown)


def position(desk: Desk, draft: Draft) -> tuple[int, int]:
    """(number, total) of the step within its part of the route; the last of all on the card."""
    form, standing = desk.form(draft), draft.standing
    found = progress(form, standing)
    if found is not None:
        return found.number_in_part, found.total_in_part
    total = len(asked_route(form, draft.answers, draft.pace))
    return total, total


def _has_buttons(step: Step) -> bool:
    return 0 < len(step.options) <= MOST_BUTTONS


def _options(draft: Draft, step: Step, words: Words, pending: Pending, offer: Answered | None) -> Iterator[Choice]:
    if step.type == "bool":
        yield of_draft(draft, "Y", words.say("form.yes"))
        yield of_draft(draft, "N", words.say("form.no"))
    elif _has_buttons(step):
        for index, option in enumerate(step.options):
            tick = words.say("form.tick") if option.code in pending.picked else ""
            likely = words.say("form.likely") if offer is not None and offer.value == option.code else ""
            yield of_draft(draft, f"o{index}", f"{tick}{option.label}{likely}")
    if step.type == "multi" and len(pending.picked) >= (step.min or 1):
        yield of_draft(draft, "ok", words.say("form.picked", count=len(pending.picked)))


def _picked(draft: Draft, step: Step, choices: Sequence[Choice]) -> tuple[str, ...]:
    picked = Pending.of(draft).picked
    codes = {f"o{index}": option.code for index, option in enumerate(step.options)}
    return tuple(choice.id for choice in choices if codes.get(choice.id.rpartition(":")[2]) in picked)


def _bounds(step: Step, words: Words) -> str:
    if step.type in ("enum", "district", "zone", "industry"):
        return words.say("form.choose_one")
    if step.type not in ("text", "lines", "tags", "multi"):
        return ""
    unit = {"text": "characters", "lines": "lines", "tags": "tags", "multi": "choices"}[step.type]
    if step.min is not None and step.max is not None:
        return words.say(f"form.bounds_{unit}", min=step.min, max=step.max)
    return words.say(f"form.at_most_{unit}", max=step.max) if step.max is not None else ""
