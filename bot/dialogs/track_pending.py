"""Where a talk about a case stands, and what its next question is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.dialogs.buttons import number_after
from bot.dialogs.desk import Desk
from intake.cases import Case
from intake.display import codes_of
from intake.journey import missing_required, options_for
from intake.models import Form, Step
from intake.reading.choices import OTHER
from intake.reading.steps import Circumstances
from intake.store.drafts import Attachment, Draft
from intake.values import Answered

TALK = "case:"
"""What the kind of such a draft begins with; the case's number follows, nothing while it is not known whose it is."""


def is_talk(draft: Draft) -> bool:
    return draft.kind.startswith(TALK)


class TalkPending(BaseModel):
    """`doing`: reply · note · dissatisfied · reopen (actions), supplement, or whose (to which of `cases` words belong).

    `came_from` is the form in the middle of which it began.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    doing: str = ""
    cases: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    picked: tuple[str, ...] = ()
    text: str = ""
    came_from: str | None = None

    def but(self, **changes: object) -> Self:
        return self.model_copy(update=changes)

    def on(self, draft: Draft) -> Draft:
        return replace(draft, pending=self.model_dump(mode="json", exclude_defaults=True))


@dataclass(frozen=True, slots=True)
class Talk:
    """A talk with the case it is about (None while that is not known)."""

    draft: Draft
    pending: TalkPending
    case: Case | None
    form: Form | None
    files: tuple[Attachment, ...]

    @classmethod
    def of(cls, draft: Draft, desk: Desk) -> Self:
        try:
            pending = TalkPending.model_validate(draft.pending)
        except ValidationError:
            pending = TalkPending()
        reference = draft.kind.removeprefix(TALK)
        case = desk.needs.cases.get(reference) if reference else None
        form = desk.formbook.forms.get(case.kind) if case else None
        return cls(draft, pending, case, form, tuple(desk.needs.drafts.attached(draft.id)))

    @property
    def reference(self) -> str:
        return self.draft.kind.removeprefix(TALK)

    @property
    def answers(self) -> dict[str, Answered]:
        """The case's answers with those of the talk over them."""
        return {**(self.case.answers if self.case else {}), **self.draft.answers}

    @property
    def step(self) -> Step | None:
        """The step being asked: the first that was neither answered nor passed over."""
        settled = {*self.draft.answers, *self.pending.skipped}
        wanted = next((step for step in self.pending.steps if step not in settled), None)
        if wanted is None or self.form is None:
            return None
        step = self.form.step(wanted)
        return step.model_copy(update={"options": options_for(step, self.answers)}) if step.options else step

    def knows(self, step: str) -> bool:
        return self.form is not None and any(other.id == step for other in self.form.steps)

    def steps_after(self, answers: dict[str, Answered]) -> tuple[str, ...]:
        """The steps to ask once these are answered: what they make necessary is asked, too (the word beside 其他)."""
        if self.form is None:
            return self.pending.steps
        wanting = {step.id for step in missing_required(self.form, self.answers)}
        after = missing_required(self.form, {**self.answers, **answers})
        more = tuple(step.id for step in after if step.id not in wanting)
        more += tuple(f"{step}_other" for step, answered in answers.items() if self._names_other(step, answered))
        return (*self.pending.steps, *(step for step in more if step not in self.pending.steps))

    def _names_other(self, step: str, answered: Answered) -> bool:
        """True where 其他 was chosen and the form asks for its word."""
        if not self.knows(f"{step}_other") or answered.value is None:
            return False
        return OTHER in codes_of(answered.value)

    def circumstances(self, desk: Desk, step: Step) -> Circumstances:
        name = self.answers.get("org_name")
        org_name = name.value if name is not None and isinstance(name.value, str) else None
        return Circumstances(desk.needs.reference, desk.today(), org_name, step.options or None)

    def picked_by(self, step: Step, what: str) -> tuple[str, ...] | None:
        """The choices ticked after this button of a multiple choice; None for any other button."""
        index = number_after(what, "o")
        if step.type != "multi" or index is None or index >= len(step.options):
            return None
        code = step.options[index].code
        left = tuple(other for other in self.pending.picked if other != code)
        if code in self.pending.picked:
            return left
        return left if step.max is not None and len(left) >= step.max else (*left, code)

    def pressed(self, step: Step, what: str) -> Answered | None:
        """The answer that a button gives to the step."""
        index = number_after(what, "o")
        if index is not None and index < len(step.options) and step.type != "multi":
            return Answered(value=step.options[index].code, text=step.options[index].label)
        if what == "w" and step.way_out is not None:
            return Answered(value=None, text=step.way_out.label, state=step.way_out_state)
        if what in ("Y", "N") and step.type == "bool":
            return Answered(value=what == "Y", text="是" if what == "Y" else "否")
        if what == "ok" and step.type == "multi" and self.pending.picked:
            chosen = [option for option in step.options if option.code in self.pending.picked]
            return Answered(value=tuple(o.code for o in chosen), text="、".join(o.label for o in chosen))
        return None
