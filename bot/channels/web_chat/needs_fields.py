"""How a form is drawn as one page: its parts, and for each step the control, its hints and what stands in it. Pure.

Nothing here is a sentence of ours but for keys; labels, questions, examples and reasons are the form's own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from bot.channels.web_chat.needs_take import WAY_OUT, Typed, typed_of
from intake.display import NO, YES, show, show_value
from intake.journey import route
from intake.models import Form, Option, Part, Saying, Step
from intake.values import Answered, Answers

Control = Literal["line", "area", "radios", "boxes", "select", "yes", "file"]
RADIOS_MOST = 9
LINE_MOST = 60
"""A text of at most so many characters fits a single line."""
AREA_CHARACTERS = 4_000
"""Where a browser stops taking in: far above any step's own limit, so that a paste is counted and not cut."""
INPUTMODES = {"int": "numeric", "phone": "tel", "email": "email"}
AUTOCOMPLETE = {
    "org_name": "organization",
    "contact_name": "name",
    "contact_phone": "tel",
    "contact_email": "email",
    "contact_title": "organization-title",
    "address": "street-address",
    "website": "url",
}
ECHOED = frozenset({"money", "date", "uscc"})
"""Types whose words are read as something else, which is said under the field."""
_COPY = re.compile(r"(.+)_([2-9])_.+")


@dataclass(frozen=True, slots=True)
class Pick:
    """One choice of a field. `hosts` are the districts that host a zone."""

    code: str
    label: str
    chosen: bool
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dependence:
    """When a step is asked: `label` of the step it depends on, the labels that bring it up (none: any answer)."""

    label: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """A step on the page. `rows` of a text area; `way_out_ticked` is None where there is no way out.

    `when` is what the script reads (`step:code,code step:code`), `depends` the same in words. `stored` is what is kept
    where somebody else changed it meanwhile.
    """

    step: Step
    control: Control
    value: str = ""
    picks: tuple[Pick, ...] = ()
    inputmode: str = "text"
    autocomplete: str = "off"
    rows: int = 3
    required: bool = False
    when: str = ""
    depends: tuple[Dependence, ...] = ()
    hidden: bool = False
    way_out_ticked: bool | None = None
    error: Saying | None = None
    warnings: tuple[Saying, ...] = ()
    echo: Saying | None = None
    stored: Saying | None = None
    prefilled: bool = False

    @property
    def id(self) -> str:
        return self.step.id

    @property
    def way_out_name(self) -> str:
        return self.step.id + WAY_OUT

    @property
    def filled(self) -> bool:
        return bool(self.value) or any(pick.chosen for pick in self.picks) or bool(self.way_out_ticked)


@dataclass(frozen=True, slots=True)
class CopyGroup:
    """A further round of the same questions (another position), folded until it is wanted."""

    number: int
    fields: tuple[Field, ...]
    when: str

    @property
    def open(self) -> bool:
        return any(each.filled or each.error for each in self.fields)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the form: what is asked at once, further rounds of it, and what may be left out."""

    part: Part
    fields: tuple[Field, ...]
    copies: tuple[CopyGroup, ...] = ()
    more: tuple[Field, ...] = ()

    @property
    def more_open(self) -> bool:
        return any(each.error for each in self.more)

    @property
    def more_filled(self) -> int:
        return sum(1 for each in self.more if each.filled)


@dataclass(frozen=True, slots=True)
class Standings:
    """What the fields are filled from: what was typed just now, the answers kept, what is known or was read before."""

    answers: Answers
    typed: Typed = field(default_factory=dict)
    known: Answers = field(default_factory=dict)
    errors: Mapping[str, Saying] = field(default_factory=dict)
    warnings: Mapping[str, tuple[Saying, ...]] = field(default_factory=dict)
    stored: Mapping[str, Saying] = field(default_factory=dict)


def sections(form: Form, at: Standings, parts: Iterable[Part]) -> tuple[Section, ...]:
    """The form's parts in its order. Files stand apart (`attachment_step`)."""
    found: list[Section] = []
    wanted = frozenset(parts)
    steps = [step for step in form.steps if step.part in wanted and step.type != "file"]
    shown = {step.id for step in route(form, at.answers, "full")}
    aside = _aside(form)
    for part in dict.fromkeys(step.part for step in steps):
        fields = [field_of(form, step, at, shown=step.id in shown) for step in steps if step.part == part]
        main = tuple(each for each in fields if each.id not in aside and _copy_of(each.step) is None)
        more = tuple(each for each in fields if each.id in aside and _copy_of(each.step) is None)
        found.append(Section(part, main, _copies(fields), more))
    return tuple(found)


def chosen_fields(form: Form, ids: Sequence[str], at: Standings) -> tuple[Field, ...]:
    """Fields of certain steps alone, as for an answer to staff; conditions do not count there."""
    wanted = [step for step in form.steps if step.id in ids and step.type != "file"]
    return tuple(replace(field_of(form, step, at, shown=True), when="", depends=()) for step in wanted)


def attachment_step(form: Form) -> Step | None:
    return next((step for step in form.steps if step.type == "file"), None)


def field_of(form: Form, step: Step, at: Standings, *, shown: bool) -> Field:
    """One step with what stands in it. What was typed just now comes before what is kept."""
    kept = at.answers.get(step.id)
    before = at.known.get(step.id) if kept is None else None
    typed = tuple(at.typed[step.id]) if step.id in at.typed else typed_of(step, kept or before)
    control = control_of(step)
    return Field(
        step,
        control,
        value="" if step.options or control in ("radios", "yes") else "\n".join(typed),
        picks=_picks(step, control, typed),
        inputmode=INPUTMODES.get(step.type, "text"),
        autocomplete=AUTOCOMPLETE.get(step.id, "off"),
        rows=_rows(step),
        required=step.required != "O",
        when=_when(step),
        depends=_depends(form, step),
        hidden=not shown,
        way_out_ticked=_way_out(step, kept, at.typed),
        error=at.errors.get(step.id),
        warnings=at.warnings.get(step.id, ()),
        echo=_echo(step, kept, typed),
        stored=at.stored.get(step.id),
        prefilled=before is not None and step.id not in at.typed and bool(typed),
    )


def control_of(step: Step) -> Control:
    """Few choices lie open, many fold into a list; a choice that may be left out is a list, to be un-chosen."""
    if step.type == "file":
        return "file"
    if step.must_be_yes:
        return "yes"
    if step.type == "multi":
        return "boxes"
    if step.type == "bool":
        return "radios"
    if step.options:
        return "radios" if len(step.options) <= RADIOS_MOST and step.required != "O" else "select"
    return "area" if step.type == "lines" or (step.type == "text" and (step.max or 0) > LINE_MOST) else "line"


def _rows(step: Step) -> int:
    if step.type == "lines":
        return 4
    return 2 if (step.max or 0) <= 120 else 3 if (step.max or 0) <= 200 else 5


def _picks(step: Step, control: Control, typed: Sequence[str]) -> tuple[Pick, ...]:
    if control == "yes":
        return (Pick(YES, step.label, YES in typed),)
    if step.type == "bool":
        chosen = set(typed) or ({NO} if step.id.endswith("_more") else set())
        return tuple(Pick(code, code, code in chosen) for code in (YES, NO))
    return tuple(_pick(option, option.code in typed) for option in step.options)


def _pick(option: Option, chosen: bool) -> Pick:
    return Pick(option.code, option.label, chosen, option.hosts)


def _way_out(step: Step, kept: Answered | None, typed: Typed) -> bool | None:
    if step.way_out is None:
        return None
    if step.id in typed or step.id + WAY_OUT in typed:
        return bool(typed.get(step.id + WAY_OUT))
    return kept is not None and kept.state == step.way_out_state


def _echo(step: Step, kept: Answered | None, typed: Sequence[str]) -> Saying | None:
    """How an amount or a date was understood, where that is not what stands in the field."""
    if step.type not in ECHOED or kept is None or kept.value is None or tuple(typed) != typed_of(step, kept):
        return None
    shown = show_value(kept.value) if step.personal else show(step, kept)
    return None if shown.values.get("text", shown.values.get("day")) == "".join(typed).strip() else shown


def _when(step: Step) -> str:
    return " ".join(f"{condition.step}:{','.join(condition.any_of)}" for condition in step.when)


def _depends(form: Form, step: Step) -> tuple[Dependence, ...]:
    found = []
    for condition in step.when:
        other = form.step(condition.step)
        labels = {option.code: option.label for option in other.options} | {YES: YES, NO: NO}
        choices = tuple(labels.get(code, code) for code in condition.any_of)
        found.append(Dependence(other.label, choices if len(choices) < len(other.options) else ()))
    return tuple(found)


def _aside(form: Form) -> frozenset[str]:
    """Steps that may be left out before submitting, and those that hang on one of them."""
    aside: set[str] = set()
    for step in form.steps:
        hangs = any(condition.step in aside for condition in step.when)
        optional = step.required == "O" and not step.fast and step.follow_up_of is None
        if hangs or optional or step.follow_up_of in aside:
            aside.add(step.id)
    return frozenset(aside)


def _copy_of(step: Step) -> tuple[str, int] | None:
    found = _COPY.fullmatch(step.id) if step.copy_of is not None else None
    return (found[1], int(found[2])) if found else None


def _copies(fields: Sequence[Field]) -> tuple[CopyGroup, ...]:
    groups: dict[tuple[str, int], list[Field]] = {}
    for each in fields:
        copy = _copy_of(each.step)
        if copy is not None:
            groups.setdefault(copy, []).append(each)
    return tuple(CopyGroup(number, tuple(group), group[0].when) for (_, number), group in groups.items())
