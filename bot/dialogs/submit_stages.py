"""Where a draft stands as the conversation sees it, and the values that can be offered for a step."""

from __future__ import annotations

from enum import StrEnum

from bot.dialogs.desk import Desk
from bot.dialogs.pending import Pending
from bot.dialogs.turn import Speaker
from intake.display import codes_of
from intake.freetext import propose
from intake.journey import asked_route, options_for
from intake.models import CHOICE_TYPES, Form, Read, Step
from intake.reading.places import read_district
from intake.reading.plain import lines_as_typed
from intake.store.drafts import Draft
from intake.story_model import may_be_sent
from intake.values import Answered, Answers

PROFILE_PARTS = ("profile", "contact")
STORY_STEPS = ("problem", "content", "question", "duties", "tasks", "background", "problem_solved", "product", "topic")
"""Steps whose words tell the need, the likeliest first: a title and a summary are proposed from them."""


class Stage(StrEnum):
    """What the next message will be taken for."""

    STORY = "story"
    KIND = "kind"
    PROPOSED = "proposals"
    UNSURE = "unsure"
    CONSENT = "consent"
    PROFILE = "profile"
    STEP = "step"
    CARD = "card"


def stage_of(desk: Desk, draft: Draft, speaker: Speaker) -> Stage:
    """Derived from the draft each time, like the route itself."""
    pending = Pending.of(draft)
    if pending.unsure is not None:
        return Stage.UNSURE
    if pending.doing:
        return {"story": Stage.STORY, "kind": Stage.KIND, "proposed": Stage.PROPOSED}[pending.doing]
    step = desk.step(draft)
    if step is None:
        return Stage.CARD
    if step.part == "consent":
        return Stage.CONSENT
    if step.part in PROFILE_PARTS and draft.reasked is None and not pending.profile_asked:
        return Stage.PROFILE if known_profile(desk, draft, speaker) else Stage.STEP
    return Stage.STEP


def known_profile(desk: Desk, draft: Draft, speaker: Speaker) -> dict[str, Answered]:
    """What was told of the organisation before and fits here, where that is all this form asks; otherwise empty."""
    if not desk.needs.people.consented(speaker.person):
        return {}
    form, kept = desk.form(draft), desk.needs.people.profile(speaker.person)
    known = {
        step.id: kept[step.id]
        for step in form.steps
        if step.part in PROFILE_PARTS and step.id in kept and step.id not in draft.answers
    }
    merged = {**draft.answers, **known}
    return known if known and _complete(form, merged) else {}


def _complete(form: Form, answers: Answers) -> bool:
    steps = [step for step in asked_route(form, answers) if step.part in PROFILE_PARTS]
    return all(step.id in answers and _on_offer(step, answers[step.id], answers) for step in steps)


def _on_offer(step: Step, answered: Answered, answers: Answers) -> bool:
    if step.type not in CHOICE_TYPES or answered.value is None:
        return True
    return codes_of(answered.value) <= {option.code for option in options_for(step, answers)}


def offer_for(desk: Desk, draft: Draft, step: Step, speaker: Speaker) -> Answered | None:
    """A value for the step that is known or can be read from what was said; it counts once it is pressed."""
    if step.id in draft.answers:
        return None
    offer = _known(desk, draft, step, speaker) or _proposed(desk, draft, step)
    return offer if offer is not None and _on_offer(step, offer, draft.answers) else None


def _known(desk: Desk, draft: Draft, step: Step, speaker: Speaker) -> Answered | None:
    implied = Pending.of(draft).offers.get(step.id)
    if implied is not None:
        return implied
    if step.part in PROFILE_PARTS and desk.needs.people.consented(speaker.person):
        kept = desk.needs.people.profile(speaker.person).get(step.id)
        if kept is not None and kept.value is not None:
            return kept
    if step.type == "district" and speaker.district:
        read = read_district(speaker.district, desk.needs.reference)
        return Answered(value=read.value, text=speaker.district) if isinstance(read, Read) else None
    return None


def may_be_read_by_model(desk: Desk, draft: Draft) -> bool:
    """Whether a language model may be offered to read the story: once, where there is one, and no secret need."""
    story = Pending.of(draft).story
    return bool(story and desk.needs.story_model and may_be_sent(story, desk.form(draft), draft.answers))


def _proposed(desk: Desk, draft: Draft, step: Step) -> Answered | None:
    """A title, a summary or keywords from what was told already."""
    story = lines_as_typed(told(draft))
    if not step.proposed or not story:
        return None
    proposals = propose(story, desk.form(draft), desk.circumstances(draft))
    for proposal in proposals:
        if proposal.step == step.id:
            return Answered(value=proposal.value, text=story[proposal.start : proposal.end])
    return None


def told(draft: Draft) -> str:
    """The words that tell the need, as far as they were given."""
    for step_id in STORY_STEPS:
        answered = draft.answers.get(step_id) or draft.answers.get(f"positions_1_{step_id}")
        if answered is not None and isinstance(answered.value, str):
            return answered.value
    return ""
