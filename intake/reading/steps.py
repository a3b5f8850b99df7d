"""One sentence to one step: the reader that fits the step's type, after the check for what must not be kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from intake.models import Option, Read, Saying, Step, StepType, Unread
from intake.reading.choices import OTHER, read_choice, read_choices, read_yes_no
from intake.reading.dates import read_date
from intake.reading.industries import read_industry
from intake.reading.money import read_money
from intake.reading.phone import read_phone
from intake.reading.places import read_district, read_zone
from intake.reading.plain import tight
from intake.reading.sensitive import refusals
from intake.reading.texts import read_email, read_int, read_lines, read_tags, read_text
from intake.reading.uscc import read_uscc
from intake.reference import Reference


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a sentence is read against: the lists, today in Asia/Shanghai, the organisation's name, options on offer."""

    reference: Reference
    today: date
    org_name: str | None = None
    options: tuple[Option, ...] | None = None


Reader = Callable[[str, Step, Circumstances], Read | Unread]
_OWN_CHECK: frozenset[StepType] = frozenset({"uscc", "phone", "file"})


def read_step(step: Step, text: str, at: Circumstances) -> Read | Unread:
    """What the text means as an answer to the step. A refusal.* error means that it must not be stored at all."""
    if at.options is not None:
        step = step.model_copy(update={"options": at.options})
    if step.type not in _OWN_CHECK:
        refused = refusals(text)
        if refused:
            return Unread(refused[0])
    if step.way_out is not None and _names_way_out(text, step.way_out):
        return Read(None, Saying(f"show.{step.way_out_state}"), state=step.way_out_state)
    read = _READERS[step.type](text, step, at)
    return _with_follow_up(read, step) if isinstance(read, Read) else read


def _names_way_out(text: str, way_out: Option) -> bool:
    return tight(text) in (way_out.label, *way_out.aliases)


def _with_follow_up(read: Read, step: Step) -> Read:
    """The word beside 其他 belongs to the step's follow-up."""
    if OTHER not in read.also:
        return read
    also = {(f"{step.id}_other" if name == OTHER else name): value for name, value in read.also.items()}
    return replace(read, also=also)


_READERS: Mapping[StepType, Reader] = {
    "text": lambda text, step, at: read_text(text, step, at.org_name),
    "lines": lambda text, step, _at: read_lines(text, step),
    "tags": lambda text, step, _at: read_tags(text, step),
    "enum": lambda text, step, _at: read_choice(text, step.options),
    "multi": lambda text, step, _at: read_choices(text, step.options, step.min or 1, step.max),
    "bool": lambda text, _step, _at: read_yes_no(text),
    "int": lambda text, step, _at: read_int(text, step),
    "money": lambda text, _step, _at: read_money(text),
    "date": lambda text, _step, at: read_date(text, at.today),
    "phone": lambda text, _step, _at: read_phone(text),
    "email": lambda text, _step, _at: read_email(text),
    "uscc": lambda text, _step, _at: read_uscc(text),
    "district": lambda text, _step, at: read_district(text, at.reference),
    "zone": lambda text, step, at: _zone(text, step, at),
    "industry": lambda text, _step, at: read_industry(text, at.reference),
    "file": lambda _text, _step, _at: Unread(Saying("error.file.send_a_file")),
}


def _zone(text: str, step: Step, at: Circumstances) -> Read | Unread:
    """A zone on offer by number or name first; any other by its name, since it may correct the district."""
    offered = read_choice(text, step.options)
    return offered if isinstance(offered, Read) else read_zone(text, at.reference)
