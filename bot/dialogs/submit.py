"""Start here for forms: whose turn is it in a form? The order of dispatch of the design (needs-intake.md §6.2).

1 restart, cancel, human · 2 other controls, as exact words or buttons · 3 a case that staff have in hand · 4 the active
question: parsed, committed, replied to · 5 what cannot be read and looks like a question: answered, asked again ·
6 what is wrong, with an example · 7 no form: None, and the message is a question about policies.
"""

from __future__ import annotations

from dataclasses import replace

from bot.accounts import Accounts
from bot.dialogs.buttons import CASE, FORM, MENU, QUESTION, Pressed
from bot.dialogs.desk import Desk
from bot.dialogs.said import CASES, DRAFTS, GO_ON, RIGHTS, said
from bot.dialogs.submit_card import Card
from bot.dialogs.submit_drawing import Drawing
from bot.dialogs.submit_filling import Filling
from bot.dialogs.submit_moves import Moves
from bot.dialogs.submit_opening import Opening
from bot.dialogs.submit_parked import Parked
from bot.dialogs.submit_start import Start
from bot.dialogs.submit_steps import Steps
from bot.dialogs.track import Track
from bot.dialogs.turn import OnStage, Speaker, Turn
from bot.messages import Message, Reply
from intake.interruption import Control, control_of
from intake.store.drafts import Draft, StaleDraftError

_ALWAYS = CASES | DRAFTS | GO_ON | RIGHTS.keys()
"""Words that mean the same whoever answers."""


class SubmitDialog:
    """A need from the first word to the receipt. `take` is None for what is nobody's turn here."""

    def __init__(self, desk: Desk, accounts: Accounts) -> None:
        self._desk = desk
        self._drawing = drawing = Drawing(desk)
        steps = Steps(desk, drawing)
        self._moves = moves = Moves(desk, drawing, steps)
        self._card = Card(desk, drawing, steps, moves)
        self._start = Start(desk, drawing, steps, moves)
        self._parked = Parked(desk, drawing, moves)
        self._track = Track(desk, drawing)
        self._opening = Opening(desk, accounts, self._start, self._parked, self._track, self._card)
        self._filling = Filling(
            desk, drawing, steps, moves, self._card, self._start, self._track, self._opening
        )  # fmt: skip

    def take(self, speaker: Speaker, on_stage: OnStage | None = None) -> Turn | None:
        try:
            turn = self._taken(speaker, on_stage)
        except StaleDraftError:  # another door was quicker: what stands now is what counts
            turn = self._taken_again(speaker)
        return turn if turn is None else self._with_way_back(turn, speaker)

    def with_register(self, reply: Reply, message: Message) -> Reply:
        """A refusal with the way to a person beside it."""
        return self._start.with_register(reply, message)

    def _with_way_back(self, turn: Turn, speaker: Speaker) -> Turn:
        """Whatever was looked at in the middle of a form, the form is one press away."""
        reply = turn.reply
        if reply.form is not None or any(
            choice.id.startswith((f"{FORM}:", f"{MENU}:cont.")) for choice in reply.choices
        ):
            return turn
        active = self._desk.needs.drafts.active(speaker.person)
        if active is None or self._track.is_talk(active):
            return turn
        return replace(turn, reply=replace(reply, choices=(*reply.choices, *self._moves.way_back(active, speaker))))

    def _taken(self, speaker: Speaker, on_stage: OnStage | None) -> Turn | None:
        drafts = self._desk.needs.drafts.all(speaker.person)
        applied = next((draft for draft in drafts if draft.last_message == speaker.message.id), None)
        if applied is not None:
            return self._applied(applied, speaker)
        active = next((draft for draft in drafts if not draft.parked), None)
        pressed = Pressed.of(speaker.choice)
        if pressed is not None:
            return self._press(active, speaker, pressed, on_stage)
        if active is None:
            return self._outside(speaker)
        if self._track.is_talk(active):
            return self._in_talk(active, speaker, on_stage)
        if (relayed := self._relayed(active, speaker)) is not None:
            return relayed
        if (changed := self._parked.brought_up_to_date(active, speaker)) is not None:
            return changed
        return self._filling.take(active, speaker, on_stage)

    def _relayed(self, active: Draft, speaker: Speaker) -> Turn | None:
        """What is no control goes to the staff who have a case in hand, before any question of a form.

        One's own lists and one's rights stay a word away.
        """
        words = speaker.message.control or speaker.text
        if control_of(words) is not None or said(words) in _ALWAYS:
            return None
        turn = self._track.relayed(speaker)
        recorded = self._personal(active, speaker)
        return turn if turn is None or recorded is None else replace(turn, recorded=recorded)

    def _taken_again(self, speaker: Speaker) -> Turn | None:
        active = self._desk.needs.drafts.active(speaker.person)
        if active is None:
            return self._outside(speaker)
        if self._track.is_talk(active):
            return self._track.show(active, speaker)
        before = self._desk.words(speaker).say("form.changed_meanwhile")
        return Turn(self._drawing.show(active, speaker, before=before, again=True), self._personal(active, speaker))

    def _applied(self, draft: Draft, speaker: Speaker) -> Turn:
        """A message that was applied, but not replied to, before the process ended: where that left the draft."""
        if self._track.is_talk(draft):
            return self._track.show(draft, speaker)
        recorded = self._personal(draft, speaker)
        if draft.parked:
            return Turn(self._moves.parked(draft, speaker, self._desk.words(speaker)), recorded)
        return Turn(self._drawing.show(draft, speaker, again=True), recorded)

    def _personal(self, draft: Draft, speaker: Speaker) -> str | None:
        """What the record gets where the words are, or may be, a personal answer."""
        if draft.kind not in self._desk.formbook.forms or not speaker.text:
            return None
        personal = [step.id for step in self._desk.form(draft).steps if step.personal]
        given = {draft.answers[step].text for step in personal if step in draft.answers}
        step = self._desk.step(draft)
        asked = step is not None and step.personal
        return self._desk.words(speaker).say("record.personal") if asked or speaker.text in given else None

    # Outside forms

    def _outside(self, speaker: Speaker) -> Turn | None:
        """No form is being filled in: what opens one, lists, tracks; otherwise nobody's turn."""
        message = speaker.message
        if message.file is not None:
            return self._track.file_without_form(speaker, message.file)
        if message.contact is not None:
            words = self._desk.words(speaker)
            return Turn(Reply("form_menu", words.say("contact.not_here")), words.say("record.personal"))
        control = control_of(message.control or speaker.text)
        if control is not None:
            return self._control_outside(speaker, control)
        if (offered := self._opening.offered(speaker)) is not None:
            return self._press(None, speaker, offered, None)
        return self._opening.by_words(speaker) or self._track.text(speaker)

    def _control_outside(self, speaker: Speaker, control: Control) -> Turn:
        words = self._desk.words(speaker)
        if control is Control.HUMAN:
            return self._moves.human(speaker)
        if control is Control.HELP:
            return Turn(self._start.menu(speaker, words.say("menu.help")))
        if control is Control.RESTART:
            return Turn(self._start.menu(speaker))
        return Turn(self._start.menu(speaker, words.say("menu.nothing_open")))

    def _in_talk(self, talk: Draft, speaker: Speaker, on_stage: OnStage | None) -> Turn | None:
        """Words about a case; what can only mean something else goes first."""
        control = control_of(speaker.message.control or speaker.text)
        opened = self._opening.inside(speaker) if control is None and speaker.text else None
        return opened or self._track.talk(talk, speaker, control, on_stage)

    # Buttons

    def _press(self, active: Draft | None, speaker: Speaker, pressed: Pressed, on_stage: OnStage | None) -> Turn | None:
        if pressed.kind == FORM:
            return self._press_form(active, speaker, pressed, on_stage)
        if pressed.kind == CASE:
            return self._track.press(speaker, pressed.target, pressed.what)
        if pressed.kind == QUESTION:
            return self._start.question(speaker, pressed.target, pressed.what)
        if pressed.kind == MENU:
            return self._opening.by_button(speaker, pressed.what) or self._gone(active, speaker)
        return self._opening.right(speaker, pressed.what) or self._gone(active, speaker)

    def _press_form(self, active: Draft | None, speaker: Speaker, pressed: Pressed, on_stage: OnStage | None) -> Turn:
        """A button of a form counts for the draft and the revision it was drawn for; any other changes nothing."""
        if active is None or active.id != pressed.target:
            return self._card.again(pressed.target, speaker) or self._gone(active, speaker)
        if self._track.is_talk(active):
            return self._track.press_talk(active, speaker, pressed)
        if (changed := self._parked.brought_up_to_date(active, speaker)) is not None:
            return changed
        if active.rev != pressed.rev:
            return self._filling.stale(active, speaker)
        return self._filling.press(active, speaker, pressed.what, on_stage)

    def _gone(self, active: Draft | None, speaker: Speaker) -> Turn:
        """A button of something that is not there any more."""
        words = self._desk.words(speaker)
        if active is None:
            return Turn(self._start.menu(speaker, words.say("form.gone")), label=words.say("record.button"))
        if self._track.is_talk(active):
            return self._track.show(active, speaker)
        return self._filling.stale(active, speaker)
