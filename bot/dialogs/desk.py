"""What every dialog about needs works with: the parts of intake, the sentences, policy answers, keeping a draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from bot.dialogs.ask import AskDialog
from bot.dialogs.pending import Pending
from bot.dialogs.turn import OnStage, Speaker
from bot.dialogs.words import Words, both_languages
from bot.history import History
from bot.messages import Reply
from bot.needs import Needs
from bot.phrases import Lang
from intake.formbook import Formbook
from intake.journey import current_step, give_answer, options_for
from intake.models import Form, Step
from intake.reading.steps import Circumstances
from intake.store.drafts import Draft
from intake.values import Answered

STORY = "story"
"""A draft of no form yet: a need told before anybody said what kind it is."""


@dataclass(frozen=True, slots=True)
class Desk:
    """`ask` answers policies; `history` finds the question that a need begins with."""

    needs: Needs
    ask: AskDialog
    history: History
    _words: Mapping[str, Words] = field(default_factory=both_languages)

    @property
    def formbook(self) -> Formbook:
        return self.needs.formbook

    def words(self, speaker: Speaker) -> Words:
        return self._words[speaker.lang]

    def lang(self, lang: Lang) -> Words:
        return self._words[lang]

    def now(self) -> datetime:
        return self.needs.clock.now()

    def today(self) -> date:
        return self.needs.clock.today()

    def form(self, draft: Draft) -> Form:
        """The form a draft fills in. A story of no kind yet is told as the general form."""
        return self.formbook.form("other" if draft.kind == STORY else draft.kind)

    def step(self, draft: Draft) -> Step | None:
        """The step being asked, with the options that fit the answers so far; None on the card."""
        step = current_step(self.form(draft), draft.standing)
        if step is None or not step.options:
            return step
        return step.model_copy(update={"options": options_for(step, draft.answers)})

    def circumstances(self, draft: Draft, step: Step | None = None) -> Circumstances:
        """What a text is read against in this draft."""
        name = draft.answers.get("org_name")
        org_name = name.value if name is not None and isinstance(name.value, str) else None
        options = step.options if step is not None and step.options else None
        return Circumstances(self.needs.reference, self.today(), org_name, options)

    def save(self, draft: Draft, speaker: Speaker) -> Draft:
        """Commit the draft as this message leaves it; consent that stands already is filled in on the way."""
        return self.needs.drafts.save(self._consented(draft, speaker), self.now(), speaker.message.id)

    def keep(self, draft: Draft, speaker: Speaker, pending: Pending) -> Draft:
        """Commit another pending; answers and standing stay."""
        return self.save(pending.on(draft), speaker)

    def commit(self, draft: Draft, speaker: Speaker, answers: Mapping[str, Answered], pending: Pending) -> Draft:
        """Commit answers to steps on the route, in the order given, and what is pending after them."""
        form, standing = self.form(draft), draft.standing
        for step_id, answered in answers.items():
            standing = give_answer(form, standing, step_id, answered)
        left = {step: offer for step, offer in pending.offers.items() if step not in standing.answers}
        return self.save(pending.but(offers=left).on(draft.at(standing)), speaker)

    def _consented(self, draft: Draft, speaker: Speaker) -> Draft:
        """Nobody is asked again for a consent that stands."""
        if draft.kind not in self.formbook.forms:
            return draft
        step = current_step(self.form(draft), draft.standing)
        if step is None or step.part != "consent" or not self.needs.people.consented(speaker.person):
            return draft
        given = Answered(value=True, text="")
        standing = give_answer(self.form(draft), draft.standing, step.id, given)
        return replace(draft, answers=standing.answers, reasked=standing.reasked)

    def receipt_shown(self, speaker: Speaker, reference: str) -> None:
        """The receipt is the reply itself: its notice need not be shown again."""
        if self.needs.inbox is not None:
            self.needs.inbox.shown(speaker.message.account, "receipt", reference, self.now())

    def policy(self, text: str, speaker: Speaker, on_stage: OnStage | None) -> Reply:
        """An answer about policies in mid-form: it leans on nothing said before and reaches no embedder."""
        return self.ask.ask(
            text,
            lang=speaker.lang,
            history=(),
            district=speaker.district,
            as_of=speaker.message.as_of,
            on_stage=on_stage,
            private=True,
        )
