"""Forms put away: listing, going on, dropping; and a draft whose form has changed since."""

from __future__ import annotations

from dataclasses import replace

from bot.dialogs.buttons import of_menu
from bot.dialogs.desk import STORY, Desk
from bot.dialogs.moments import clock
from bot.dialogs.submit_drawing import Drawing
from bot.dialogs.submit_moves import Moves
from bot.dialogs.turn import Speaker, Turn
from bot.dialogs.words import lines
from bot.messages import Reply
from intake.journey import carry_over
from intake.models import Form
from intake.store.drafts import Draft
from intake.store.forms import form_of
from intake.values import Answered, DateSpan, Money, Phone

_VALUES: dict[str, type] = {
    "money": Money, "date": DateSpan, "phone": Phone, "bool": bool, "int": int,
    "multi": tuple, "tags": tuple, "lines": tuple, "file": tuple,
}  # fmt: skip
"""What a value of a step's type is; all others are words or codes."""


class Parked:
    def __init__(self, desk: Desk, drawing: Drawing, moves: Moves) -> None:
        self._desk = desk
        self._drawing = drawing
        self._moves = moves

    def press(self, speaker: Speaker, what: str) -> Turn | None:
        """The buttons of the list; None where it is none of them."""
        if what == "drafts":
            return Turn(self.listed(speaker), label=self._desk.words(speaker).say("menu.drafts"))
        if what == "go_on":
            return self.go_on(speaker)
        name, _, rest = what.partition(".")
        draft, _, rev = rest.partition(".")
        if name not in ("cont", "del", "del!"):
            return None
        found = self._desk.needs.drafts.get(draft)
        if found is None or found.person != speaker.person or not self._is_form(found):
            words = self._desk.words(speaker)
            return Turn(Reply("form_gone", words.say("form.gone"), (of_menu("menu", words.say("menu.open")),)))
        return self._chosen(found, speaker, "del" if name == "del!" and rev != str(found.rev) else name)

    def _chosen(self, draft: Draft, speaker: Speaker, name: str) -> Turn:
        """The sure word counts for the draft as it stood when it was asked for; otherwise it is asked for again."""
        words = self._desk.words(speaker)
        if name == "cont":
            return self.resume(draft, speaker)
        if name == "del!":
            return self._moves.drop(draft, speaker)
        choices = (
            of_menu(f"del!.{draft.id}.{draft.rev}", words.say("form.drop")),
            of_menu(f"cont.{draft.id}", words.say("menu.continue")),
        )
        said = words.say("form.cancel", form=self._moves.named(draft, words), count=len(draft.answers))
        return Turn(Reply("form_cancel", said, choices))

    def listed(self, speaker: Speaker) -> Reply:
        words, drafts = self._desk.words(speaker), self.forms_of(speaker)
        if not drafts:
            return Reply("form_drafts", words.say("drafts.none"), (of_menu("menu", words.say("menu.open")),))
        rows, choices = [], []
        for number, draft in enumerate(drafts, start=1):
            name = self._moves.named(draft, words)
            at = clock(draft.updated_at, words)
            rows.append(words.say("drafts.line", number=number, form=name, count=len(draft.answers), at=at))
            choices.append(of_menu(f"cont.{draft.id}", words.say("drafts.continue", number=number)))
            choices.append(of_menu(f"del.{draft.id}", words.say("drafts.drop", number=number)))
        return Reply("form_drafts", lines(words.say("drafts.head"), *rows), tuple(choices))

    def forms_of(self, speaker: Speaker) -> list[Draft]:
        """The person's forms, the latest first; talks about a case are no forms."""
        return [draft for draft in self._desk.needs.drafts.all(speaker.person) if self._is_form(draft)]

    def go_on(self, speaker: Speaker) -> Turn:
        """「继续填写」: the only one at once, of several the person chooses."""
        drafts = self.forms_of(speaker)
        return self.resume(drafts[0], speaker) if len(drafts) == 1 else Turn(self.listed(speaker))

    def resume(self, draft: Draft, speaker: Speaker) -> Turn:
        if (changed := self.brought_up_to_date(draft, speaker)) is not None:
            return changed
        if draft.parked:
            draft = self._desk.save(replace(draft, parked=False), speaker)
        words = self._desk.words(speaker)
        return Turn(self._drawing.show(draft, speaker, again=True), label=words.say("menu.continue"))

    def brought_up_to_date(self, draft: Draft, speaker: Speaker) -> Turn | None:
        """Where the form has changed: what fits is kept, and what is asked again is named. None where it has not."""
        if draft.kind == STORY:
            return None
        form = self._desk.form(draft)
        if form.version == draft.form_version:
            return None
        source = form_of(self._desk.needs.cases.engine, draft.kind, draft.form_version) or form
        kept, lost = carry_over({s: a for s, a in draft.answers.items() if _typed(form, s, a)}, source, form)
        lost = (*lost, *(step for step in draft.answers if step not in kept and step not in lost))
        labels = {step.id: step.label for step in (*source.steps, *form.steps)}
        current = replace(
            draft, answers=kept, form_version=form.version, reasked=None, failures=0, pending={}, parked=False
        )
        saved = self._desk.save(current, speaker)
        words = self._desk.words(speaker)
        names = words.listed(labels.get(step, step) for step in lost)
        before = words.say("drafts.changed_some" if lost else "drafts.changed", labels=names)
        return Turn(self._drawing.show(saved, speaker, before=before, again=True))

    def _is_form(self, draft: Draft) -> bool:
        return draft.kind == STORY or draft.kind in self._desk.formbook.forms


def _typed(form: Form, step_id: str, answered: Answered) -> bool:
    """Whether the value is of the kind the form wants now: the form it was given in may not be at hand any more."""
    step = next((step for step in form.steps if step.id == step_id), None)
    if step is None or answered.value is None:
        return step is not None
    return isinstance(answered.value, _VALUES.get(step.type, str))
