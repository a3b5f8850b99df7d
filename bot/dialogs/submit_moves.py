"""Moves that fit any step: back, save, cancel, preview, help, a person to talk to, starting over."""

from __future__ import annotations

from dataclasses import replace

from bot.dialogs.buttons import of_draft, of_menu
from bot.dialogs.desk import STORY, Desk
from bot.dialogs.pending import Pending
from bot.dialogs.submit_drawing import Drawing
from bot.dialogs.submit_stages import Stage, stage_of, told
from bot.dialogs.submit_steps import Steps
from bot.dialogs.turn import Speaker, Turn
from bot.dialogs.words import Words, lines, paragraphs
from bot.messages import Choice, Reply
from intake.cases import OPEN
from intake.interruption import Control
from intake.journey import back
from intake.reading.sensitive import without_numbers
from intake.store.drafts import Draft


class Moves:
    def __init__(self, desk: Desk, drawing: Drawing, steps: Steps) -> None:
        self._desk = desk
        self._drawing = drawing
        self._steps = steps

    def control(self, draft: Draft, speaker: Speaker, control: Control) -> Turn | None:
        """None for RESTART, which is the menu's."""
        words = self._desk.words(speaker)
        if control is Control.BACK:
            return self._back(draft, speaker)
        if control is Control.SKIP:
            return self._skip(draft, speaker)
        if control is Control.SAVE:
            return self.park(draft, speaker)
        if control is Control.CANCEL:
            return self.cancel(draft, speaker)
        if control is Control.PREVIEW:
            preview = self._drawing.preview(draft, speaker)
            return Turn(self._drawing.show(draft, speaker, before=preview, again=True, status="form_preview"))
        if control is Control.HELP:
            help_ = self._drawing.help(draft, speaker)
            return Turn(self._drawing.show(draft, speaker, before=help_, again=True, status="form_help"))
        if control is Control.HUMAN:
            asked = self._drawing.show(draft, speaker, before=self.human_text(speaker), again=True, status="form_human")
            brief = of_menu("kind.brief", words.say("menu.brief"))
            return Turn(replace(asked, choices=(*asked.choices, brief) if draft.kind != "brief" else asked.choices))
        return None

    def _back(self, draft: Draft, speaker: Speaker) -> Turn:
        """The step before; a notice that was agreed to is passed over. Own words can be told anew."""
        words, pending = self._desk.words(speaker), Pending.of(draft)
        if pending.doing == "proposed":
            saved = self._desk.keep(draft, speaker, Pending(doing="story", kept=pending.story or None))
            return Turn(self._drawing.show(saved, speaker))
        form, standing = self._desk.form(draft), draft.standing
        before = back(form, standing)
        if before.reasked is not None and form.step(before.reasked).part == "consent":
            before = back(form, before)
        if before == standing or pending.doing:
            said = words.say("form.first_step")
            return Turn(self._drawing.show(draft, speaker, before=said))
        saved = self._desk.save(pending.carried().on(draft.at(before)), speaker)
        return Turn(self._drawing.show(saved, speaker))

    def _skip(self, draft: Draft, speaker: Speaker) -> Turn:
        stage = stage_of(self._desk, draft, speaker)
        if stage is Stage.STEP:
            return self._steps.skip(draft, speaker)
        if stage in (Stage.STORY, Stage.PROPOSED, Stage.UNSURE):
            pending = Pending.of(draft)
            after = Pending(doing="kind") if draft.kind == STORY else pending.carried()
            return Turn(self._drawing.show(self._desk.keep(draft, speaker, after), speaker))
        said = self._desk.words(speaker).say("form.no_skipping_here")
        return Turn(self._drawing.show(draft, speaker, before=said, status="form_invalid"))

    def park(self, draft: Draft, speaker: Speaker) -> Turn:
        """Put it away as it is. It is kept for thirty days, and for policy questions the way is free."""
        words = self._desk.words(speaker)
        saved = self._desk.save(replace(draft, parked=True), speaker)
        return Turn(self.parked(saved, speaker, words))

    def parked(self, draft: Draft, speaker: Speaker, words: Words) -> Reply:
        said = words.say("form.parked", form=self.named(draft, words))
        return Reply("form_parked", said, self.way_back(draft, speaker))

    def way_back(self, draft: Draft, speaker: Speaker) -> tuple[Choice, ...]:
        return (of_menu(f"cont.{draft.id}", self._desk.words(speaker).say("menu.continue")),)

    def cancel(self, draft: Draft, speaker: Speaker) -> Turn:
        """Ask before anything is lost; an empty draft goes at once."""
        words = self._desk.words(speaker)
        if not draft.answers and not self._desk.needs.drafts.attached(draft.id):
            return self.drop(draft, speaker)
        choices = (
            of_draft(draft, "X", words.say("form.drop")),
            of_draft(draft, "r", words.say("menu.continue")),
            of_draft(draft, "s", words.say("form.save")),
        )
        said = words.say("form.cancel", form=self.named(draft, words), count=len(draft.answers))
        return Turn(Reply("form_cancel", said, choices))

    def drop(self, draft: Draft, speaker: Speaker) -> Turn:
        words = self._desk.words(speaker)
        self._desk.needs.drafts.drop(draft.id)
        said = words.say("form.dropped", form=self.named(draft, words))
        return Turn(Reply("form_dropped", said, (of_menu("menu", words.say("menu.open")),)))

    def named(self, draft: Draft, words: Words) -> str:
        """「技术需求」 with its name, where it has one yet."""
        if draft.kind not in self._desk.formbook.forms:
            return words.say("menu.own_words")
        label, title = self._desk.form(draft).label, draft.answers.get("title")
        name = title.value if title is not None and isinstance(title.value, str) else without_numbers(told(draft))[:16]
        return words.say("form.named", form=label, name=name) if name else label

    def human(self, speaker: Speaker) -> Turn:
        """Whom to ring, outside a form."""
        words = self._desk.words(speaker)
        choices = (of_menu("kind.brief", words.say("menu.brief")), of_menu("mine", words.say("menu.mine")))
        return Turn(Reply("form_human", self.human_text(speaker), choices))

    def human_text(self, speaker: Speaker) -> str:
        """The contact of the house, and the teams that have this person's open cases."""
        words = self._desk.words(speaker)
        open_cases = [c for c in self._desk.needs.cases.of_person(speaker.person) if c.state in OPEN and c.team]
        teams = {case.reference: self._desk.needs.register.team(case.team) for case in open_cases if case.team}
        known = [
            words.say("human.team", reference=reference, team=team.name, phone=team.phone)
            for reference, team in teams.items()
            if team.phone
        ]
        return paragraphs(lines(words.say("human.contact", contact=self._desk.ask.contact), *known))
