"""What a language model may read out of a story: stretches of it; the value is what our own readers make of each.

Nothing personal and nothing restricted is ever asked about or sent. Proposals only: the person confirms each one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from intake.freetext import Proposal, may_be_proposed
from intake.models import Form, Read, Step
from intake.reading.sensitive import refusals
from intake.reading.steps import Circumstances, read_step
from intake.values import Answered

LONGEST_SOURCE = 200
CONFIDENTIALITY, RESTRICTED = "confidentiality", "restricted"


@dataclass(frozen=True, slots=True)
class Asked:
    """A step that a model is asked about. `options` are labels to choose from."""

    step: str
    label: str
    ask: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What a model says of a step: the stretch of the story it stands on and, where there are options, which one."""

    step: str
    source: str
    option: str = ""


class StoryModel(Protocol):
    """A language model, as intake needs one. It answers with nothing where it cannot."""

    def find(self, story: str, fields: Sequence[Asked]) -> Sequence[Found]: ...


def may_be_sent(story: str, form: Form, answers: Mapping[str, Answered]) -> bool:
    """Never a need that is, or asks to be, for its handlers' eyes only; nor what could not even be kept."""
    marked = answers.get(CONFIDENTIALITY)
    if marked is not None and marked.value == RESTRICTED:
        return False
    if form.default_confidentiality == RESTRICTED or refusals(story):
        return False
    steps = [step for step in form.steps if step.id == CONFIDENTIALITY]
    names = [n for s in steps for o in s.options if o.code == RESTRICTED for n in (o.label, *o.aliases)]
    return not any(name in story for name in names)


def propose_by_model(
    model: StoryModel, story: str, form: Form, at: Circumstances, answers: Mapping[str, Answered], done: set[str]
) -> tuple[Proposal, ...]:
    """Proposals for steps that are not `done`, at most one a step, in the order of the form; spans index the story."""
    if not may_be_sent(story, form, answers):
        return ()
    steps = {step.id: step for step in form.steps if may_be_proposed(step) and step.id not in done}
    if not steps:
        return ()
    found: dict[str, Proposal] = {}
    for each in model.find(story, [_asked(step) for step in steps.values()]):
        proposal = _proposal(story, each, steps[each.step], at) if each.step in steps else None
        if proposal is not None:
            found.setdefault(each.step, proposal)
    return tuple(found[step] for step in steps if step in found)


def _asked(step: Step) -> Asked:
    return Asked(step.id, step.label, step.ask, tuple(option.label for option in step.options[:40]))


def _proposal(story: str, found: Found, step: Step, at: Circumstances) -> Proposal | None:
    """The stretch as it stands in the story, read by the step's own reader; None where either fails."""
    source = found.source.strip()
    start = story.find(source) if 1 < len(source) <= LONGEST_SOURCE else -1
    words = found.option.strip() if step.options and found.option.strip() else source
    if start < 0 or (words != source and words not in {option.label for option in step.options}):
        return None
    read = read_step(step, words, at)
    if not isinstance(read, Read) or read.value is None:
        return None
    return Proposal(step.id, read.value, read.echo, start, start + len(source))
