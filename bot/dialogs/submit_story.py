"""「用您自己的话说说」: what was read from a story is proposed beside its source; nothing counts until confirmed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.dialogs.buttons import number_after
from bot.dialogs.desk import STORY, Desk
from bot.dialogs.pending import Pending, Proposed
from bot.dialogs.said import ALL_RIGHT, NONE_OF_IT, line_number, said
from bot.dialogs.submit_drawing import Drawing
from bot.dialogs.submit_stages import STORY_STEPS, known_profile, may_be_read_by_model
from bot.dialogs.submit_steps import Steps, refused
from bot.dialogs.turn import OnStage, Speaker, Turn
from intake.freetext import propose, propose_kinds
from intake.interruption import Decision, decide
from intake.journey import Standing, give_answer, route
from intake.models import Form, Read, Saying, Step
from intake.question_shape import shaped_as_question
from intake.reading.plain import lines_as_typed
from intake.reading.sensitive import refusals
from intake.reading.steps import read_step
from intake.store.drafts import Draft
from intake.story_model import propose_by_model
from intake.values import Answered

LONGEST_STORY = 2000
SHORTEST_STORY = 6
BeginKind = Callable[..., Turn]


class Stories:
    """`begin` starts a form of a kind with a story in hand."""

    def __init__(self, desk: Desk, drawing: Drawing, steps: Steps, begin: BeginKind) -> None:
        self._desk = desk
        self._drawing = drawing
        self._steps = steps
        self._begin = begin

    # The story

    def text(self, draft: Draft, speaker: Speaker, on_stage: OnStage | None, *, certain: bool = False) -> Turn:
        """`certain`: the person said that this is the content and no question."""
        text, words = speaker.text, self._desk.words(speaker)
        found = refusals(text)
        if found:
            return self._steps.refuse(draft, speaker, found[0])
        if not certain:
            telling = telling_step(self._desk.form(draft))
            decision = decide(telling, text, True, self._desk.needs.reference.policy_words)
            if decision is Decision.QUESTION:
                return self._steps.interrupted(draft, speaker, text, on_stage)
            if decision is Decision.UNSURE:
                return self._steps.ask_which(draft, speaker)
        if not SHORTEST_STORY <= len(text) <= LONGEST_STORY:
            key = "story.too_short" if len(text) < SHORTEST_STORY else "story.too_long"
            before = words.say(key, max=LONGEST_STORY, typed=len(text))
            return Turn(self._drawing.show(draft, speaker, before=before, status="form_invalid"))
        return self._told(draft, speaker, text)

    def _told(self, draft: Draft, speaker: Speaker, text: str) -> Turn:
        if draft.kind != STORY:
            return self.propose(draft, speaker, text)
        kinds = propose_kinds(text, self._desk.needs.reference)
        saved = self._desk.keep(draft, speaker, Pending(doing="kind", story=text))
        if len(kinds) == 1:
            return self._begin(speaker, kinds[0], story=saved)
        return Turn(self._drawing.show(saved, speaker))

    def propose(self, draft: Draft, speaker: Speaker, text: str) -> Turn:
        """Show what the story says to this form; where it says nothing that can be read, ask step by step."""
        words, text = self._desk.words(speaker), lines_as_typed(text)
        proposals = self._proposals(draft, speaker, text)
        offers = _story_offers(self._desk, draft, text, {each.step for each in proposals})
        if not proposals:
            saved = self._desk.keep(draft, speaker, Pending(offers=offers))
            return Turn(self._drawing.show(saved, speaker, before=words.say("story.nothing_read")))
        kept = text if self._desk.needs.story_model else ""  # a language model may be asked to read it again
        found = Pending(doing="proposed", story=kept, proposals=proposals, offers=offers)
        return Turn(self._drawing.show(self._desk.keep(draft, speaker, found), speaker))

    def read_by_model(self, draft: Draft, speaker: Speaker) -> Turn:
        """What a language model reads in the story besides; pressing the button said yes to sending it, this once."""
        words, pending, model = self._desk.words(speaker), Pending.of(draft), self._desk.needs.story_model
        if model is None or not may_be_read_by_model(self._desk, draft):
            return Turn(self._drawing.show(draft, speaker))
        taken = {*draft.answers, *known_profile(self._desk, draft, speaker), *(p.step for p in pending.proposals)}
        at, form, story = self._desk.circumstances(draft), self._desk.form(draft), pending.story
        more = tuple(
            Proposed(step=p.step, answered=Answered(value=p.value, text=story[p.start : p.end]), by_model=True)
            for p in propose_by_model(model, story, form, at, draft.answers, taken)
        )
        saved = self._desk.keep(draft, speaker, pending.but(story="", proposals=(*pending.proposals, *more)))
        before = words.say("story.model_more", count=len(more)) if more else words.say("story.model_none")
        return Turn(self._drawing.show(saved, speaker, before=before))

    def _proposals(self, draft: Draft, speaker: Speaker, text: str) -> tuple[Proposed, ...]:
        """Never for a step that was answered, nor for what is known of the organisation."""
        form = self._desk.form(draft)
        taken = set(draft.answers) | set(known_profile(self._desk, draft, speaker))
        return tuple(
            Proposed(step=each.step, answered=Answered(value=each.value, text=text[each.start : each.end]))
            for each in propose(text, form, self._desk.circumstances(draft))
            if each.step not in taken
        )

    # Which kind it is

    def kind(self, draft: Draft, speaker: Speaker, on_stage: OnStage | None) -> Turn:
        """The kind of a story by its name, typed."""
        if found := refusals(speaker.text):
            return self._steps.refuse(draft, speaker, found[0])
        if shaped_as_question(speaker.text):
            return self._steps.interrupted(draft, speaker, speaker.text, on_stage)
        word = said(speaker.text)
        for kind, form in self._desk.formbook.forms.items():
            if word in (form.label, kind):
                return self._begin(speaker, kind, story=draft)
        for entry in self._desk.formbook.menu:
            if word in (entry.label, *entry.aliases) and len(entry.kinds) == 1:
                return self._begin(speaker, entry.kinds[0], story=draft)
        before = self._desk.words(speaker).say("story.pick_one")
        return Turn(self._drawing.show(draft, speaker, before=before, status="form_invalid"))

    # What was read from it

    def confirm(self, draft: Draft, speaker: Speaker, on_stage: OnStage | None) -> Turn:
        """Words in reply to the proposals: yes, no, a number to mend, a question; or the value being mended."""
        pending, word = Pending.of(draft), said(speaker.text)
        if pending.editing is not None:
            return self._mended(draft, speaker, pending, on_stage)
        if word in ALL_RIGHT:
            return self.press(draft, speaker, "ay")
        if word in NONE_OF_IT:
            return self.press(draft, speaker, "an")
        number = line_number(speaker.text)
        if number is not None and 1 <= number <= len(pending.proposals):
            return self.press(draft, speaker, f"ae{number - 1}")
        if found := refusals(speaker.text):
            return self._steps.refuse(draft, speaker, found[0])
        if shaped_as_question(speaker.text):
            return self._steps.interrupted(draft, speaker, speaker.text, on_stage)
        before = self._desk.words(speaker).say("story.confirm_how")
        return Turn(self._drawing.show(draft, speaker, before=before, status="form_invalid"))

    def press(self, draft: Draft, speaker: Speaker, what: str) -> Turn:
        pending = Pending.of(draft)
        if what == "st" and pending.doing == "story":
            return self._step_by_step(draft, speaker)
        if what.startswith("k.") and what[2:] in self._desk.formbook.forms:
            return self._begin(speaker, what[2:], story=draft)
        if what == "am" and pending.doing == "proposed":
            return self.read_by_model(draft, speaker)
        if what == "ay":
            return self._accept(draft, speaker, pending)
        if what == "an":
            saved = self._desk.keep(draft, speaker, Pending(offers=pending.offers))
            return Turn(self._drawing.show(saved, speaker))
        return Turn(self._drawing.show(self._adjusted(draft, speaker, pending, what), speaker))

    def _adjusted(self, draft: Draft, speaker: Speaker, pending: Pending, what: str) -> Draft:
        """After ✎, after dropping or keeping the one being mended, after picking another option for it."""
        index = number_after(what, "ae")
        if index is not None and index < len(pending.proposals):
            return self._desk.keep(draft, speaker, pending.but(editing=pending.proposals[index].step))
        if pending.editing is None:
            return draft
        if what == "ab":
            return self._desk.keep(draft, speaker, pending.but(editing=None))
        if what == "ad":
            left = tuple(each for each in pending.proposals if each.step != pending.editing)
            after = pending.but(proposals=left, editing=None, doing="proposed" if left else "")
            return self._desk.keep(draft, speaker, after)
        step, option = self._desk.form(draft).step(pending.editing), number_after(what, "o")
        if option is None or option >= len(step.options):
            return draft
        chosen = step.options[option]
        value = (chosen.code,) if step.type == "multi" else chosen.code
        return self._replaced(draft, speaker, pending, Answered(value=value, text=chosen.label))

    def _mended(self, draft: Draft, speaker: Speaker, pending: Pending, on_stage: OnStage | None) -> Turn:
        step = self._desk.form(draft).step(pending.editing or "")
        read = read_step(step, speaker.text, self._desk.circumstances(draft, step))
        if isinstance(read, Read) and read.value is not None:
            saved = self._replaced(draft, speaker, pending, read.answered(speaker.text))
            return Turn(self._drawing.show(saved, speaker))
        if shaped_as_question(speaker.text) and not refused(read):
            return self._steps.interrupted(draft, speaker, speaker.text, on_stage)
        error = read.error if not isinstance(read, Read) else Saying("error.text.empty")
        if refused(read):
            return self._steps.refuse(draft, speaker, error)
        before = self._desk.words(speaker).tell(error)
        return Turn(self._drawing.show(draft, speaker, before=before, status="form_invalid"))

    def _replaced(self, draft: Draft, speaker: Speaker, pending: Pending, answered: Answered) -> Draft:
        proposals = tuple(
            Proposed(step=each.step, answered=answered) if each.step == pending.editing else each
            for each in pending.proposals
        )
        return self._desk.keep(draft, speaker, pending.but(proposals=proposals, editing=None))

    def _accept(self, draft: Draft, speaker: Speaker, pending: Pending) -> Turn:
        """All that is still proposed becomes answers, as far as their steps are on the route; none is overwritten."""
        form, standing = self._desk.form(draft), draft.standing
        for each in sorted(pending.proposals, key=lambda each: _place(form, each.step)):
            if each.step not in standing.answers and _on_route(form, standing, each.step):
                standing = give_answer(form, standing, each.step, each.answered)
        count = len(standing.answers) - len(draft.answers)
        saved = self._desk.save(pending.carried().on(draft.at(standing)), speaker)
        before = self._desk.words(speaker).say("story.filled_in", count=count)
        return Turn(self._drawing.show(saved, speaker, before=before))

    def _step_by_step(self, draft: Draft, speaker: Speaker) -> Turn:
        """Without a story: the form's own questions; without a kind: which it is."""
        if draft.kind == STORY:
            return Turn(self._drawing.show(self._desk.keep(draft, speaker, Pending(doing="kind")), speaker))
        return Turn(self._drawing.show(self._desk.keep(draft, speaker, Pending.of(draft).carried()), speaker))

    def kept(self, draft: Draft, speaker: Speaker) -> Turn:
        """A text that was in doubt, now told as the story."""
        pending = Pending.of(draft)
        text = pending.unsure or pending.kept or ""
        settled = pending.but(unsure=None, kept=None).on(draft)
        message = replace(speaker.message, text=text, choice=None)
        return self.text(settled, replace(speaker, message=message), None, certain=True)


def telling_step(form: Form) -> Step:
    """The step whose words tell the need; the first one where none is known to."""
    return next((step for step in form.steps if step.id in STORY_STEPS), form.steps[0])


def opens_with_story(form: Form) -> bool:
    """True where the first question is not itself an open one."""
    return form.steps[0].id not in ("content", "question")


def _story_offers(desk: Desk, draft: Draft, text: str, proposed: Sequence[str] | set[str]) -> dict[str, Answered]:
    """The story itself for the step that tells the need, where no rule proposed it."""
    for step in route(desk.form(draft), draft.answers):
        name = step.id.rpartition("_1_")[2]
        if step.part == "need" and step.type == "text" and name in STORY_STEPS and step.id not in draft.answers:
            read = read_step(step, text, desk.circumstances(draft))
            if step.id not in proposed and isinstance(read, Read):
                return {step.id: read.answered(text)}
            return {}
    return {}


def _place(form: Form, step_id: str) -> int:
    return next(index for index, step in enumerate(form.steps) if step.id == step_id)


def _on_route(form: Form, standing: Standing, step_id: str) -> bool:
    return step_id in {step.id for step in route(form, standing.answers, "full")}
