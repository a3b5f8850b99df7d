"""How a need begins: the menu in the owner's words, words that open it, own words first, an unanswered question."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from bot.dialogs.buttons import QUESTION, of_draft, of_menu
from bot.dialogs.desk import STORY, Desk
from bot.dialogs.pending import Pending
from bot.dialogs.said import OPENING, said
from bot.dialogs.submit_drawing import Drawing
from bot.dialogs.submit_files import ATTACHMENTS
from bot.dialogs.submit_moves import Moves
from bot.dialogs.submit_steps import Steps
from bot.dialogs.submit_story import SHORTEST_STORY, Stories, opens_with_story
from bot.dialogs.turn import Speaker, Turn
from bot.dialogs.words import Words, lines, paragraphs
from bot.history import FORM
from bot.messages import Choice, Message, Reply
from bot.turns import Recorded
from intake.freetext import propose_kinds
from intake.models import Form, MenuEntry, Read
from intake.question_shape import shaped_as_question
from intake.reading.sensitive import refusals
from intake.reading.steps import read_step
from intake.store.drafts import Draft
from intake.values import Answered

LOOK_BACK = 50
"""Turns searched for the question that a button of its answer belongs to."""
ASKING = "ask_policy"
"""The entry of the menu for which no form is needed: a question is simply asked."""
_NO_STAFF_FOR = frozenset({"unanswerable_off_topic", "unanswerable_other_region"})
"""What no team here could answer either."""


class Start:
    def __init__(self, desk: Desk, drawing: Drawing, steps: Steps, moves: Moves) -> None:
        self._desk = desk
        self._drawing = drawing
        self._moves = moves
        self.stories = Stories(desk, drawing, steps, self.begin)

    def opening(self, text: str) -> str | None:
        """What the whole text opens, as the button of the menu it stands for. Never a part of a text."""
        word = said(text)
        if word in OPENING:
            return OPENING[word]
        for entry in self._desk.formbook.menu:
            if word in (entry.label, *entry.aliases):
                return f"entry.{entry.code}"
        for kind, form in self._desk.formbook.forms.items():
            if word == form.label:
                return f"kind.{kind}"
        return None

    def press(self, speaker: Speaker, what: str) -> Turn | None:
        """A button of the menu; None where it is none of these."""
        if what == "menu":
            return Turn(self.menu(speaker), label=self._desk.words(speaker).say("menu.open"))
        if what == "own":
            return self._own_words(speaker)
        name, _, rest = what.partition(".")
        entries = {entry.code: entry for entry in self._desk.formbook.menu}
        if name == "entry" and rest in entries:
            return self._entry(speaker, entries[rest])
        if name == "anew":
            return self._anew(speaker, rest)
        if name == "kind" and rest in self._desk.formbook.forms:
            return self.begin(speaker, rest)
        return None

    def _anew(self, speaker: Speaker, which: str) -> Turn | None:
        """Give up the draft that was begun before, if it still stands as it did when that was asked."""
        kind, _, stood = which.partition(".")
        before = self._begun_before(speaker, kind)
        fresh = before is not None and stood == stands(before)
        if kind == STORY:
            return self._own_words(speaker, fresh=fresh)
        return self.begin(speaker, kind, fresh=fresh) if kind in self._desk.formbook.forms else None

    def _begun_before(self, speaker: Speaker, kind: str) -> Draft | None:
        return next((draft for draft in self._desk.needs.drafts.all(speaker.person) if draft.kind == kind), None)

    def _holds_something(self, draft: Draft) -> bool:
        """True where giving the draft up would lose what somebody told or sent."""
        pending = Pending.of(draft)
        told = pending.story or pending.proposals or pending.unsure or pending.kept
        return bool(draft.answers or told or self._desk.needs.drafts.attached(draft.id))

    def menu(self, speaker: Speaker, before: str = "") -> Reply:
        words = self._desk.words(speaker)
        rows = [
            words.say("menu.line", chain=entry.chain, label=entry.label, kinds=words.listed(self._labels(entry)))
            for entry in self._desk.formbook.menu
        ]
        text = paragraphs(before, lines(words.say("menu.title"), *rows), words.say("menu.hint"))
        return Reply("form_menu", text, tuple(self._menu_choices(speaker, words)))

    def _menu_choices(self, speaker: Speaker, words: Words) -> Iterator[Choice]:
        for entry in self._desk.formbook.menu:
            yield of_menu(f"entry.{entry.code}", entry.label)
        yield of_menu("own", words.say("menu.own_words"))
        yield of_menu("kind.brief", words.say("menu.brief"))
        yield of_menu("mine", words.say("menu.mine"))
        if self._desk.needs.drafts.all(speaker.person):
            yield of_menu("drafts", words.say("menu.drafts"))

    def _labels(self, entry: MenuEntry) -> list[str]:
        return [self._desk.formbook.form(kind).label for kind in entry.kinds]

    def _entry(self, speaker: Speaker, entry: MenuEntry) -> Turn:
        """One kind begins at once; of several the person says which; for a policy a question is enough."""
        words = self._desk.words(speaker)
        if entry.code == ASKING:
            choices = (of_menu(f"kind.{entry.kinds[0]}", words.say("menu.ask_staff")),)
            return Turn(Reply("form_menu", words.say("menu.just_ask"), choices), label=entry.label)
        if len(entry.kinds) == 1:
            return self.begin(speaker, entry.kinds[0])
        forms = [self._desk.formbook.form(kind) for kind in entry.kinds]
        rows = [words.say("menu.kind_line", label=form.label, intro=form.intro) for form in forms]
        buttons = tuple(of_menu(f"kind.{form.kind}", form.label) for form in forms)
        text = lines(words.say("menu.which", label=entry.label), *rows)
        return Turn(Reply("form_menu", text, buttons), label=entry.label)

    # Beginning a form

    def begin(
        self,
        speaker: Speaker,
        kind: str,
        *,
        story: Draft | None = None,
        origin: Mapping[str, Any] | None = None,
        fresh: bool = False,
    ) -> Turn:
        """A form of this kind; the one begun before is not lost without a word. `story`: told before its kind was."""
        form, drafts = self._desk.formbook.form(kind), self._desk.needs.drafts
        before = self._begun_before(speaker, kind)
        if before is not None and not fresh and self._holds_something(before):
            return self._two_of_a_kind(speaker, form, before, story, origin)
        if before is not None:
            drafts.drop(before.id)
        draft = drafts.begin(
            speaker.person,
            speaker.message.account,
            kind,
            form.version,
            self._desk.now(),
            origin=dict(
                origin or {}
            ),  # no message yet: it has not had its effect before the draft says what it waits for
        )
        return self._begun(self._with_files(draft, story), speaker, form, story, origin)

    def _with_files(self, draft: Draft, story: Draft | None) -> Draft:
        """What was sent along with a story goes with it into its form."""
        drafts = self._desk.needs.drafts
        files = drafts.attached(story.id) if story is not None else []
        for file in files:
            drafts.attach(draft.id, file, self._desk.now())
        if not files or ATTACHMENTS not in {step.id for step in self._desk.form(draft).steps}:
            return draft
        names = tuple(file.name for file in drafts.attached(draft.id))
        return replace(draft, answers={**draft.answers, ATTACHMENTS: Answered(value=names, text="、".join(names))})

    def _begun(
        self, draft: Draft, speaker: Speaker, form: Form, story: Draft | None, origin: Mapping[str, Any] | None
    ) -> Turn:
        text = Pending.of(story).story if story is not None else ""
        if story is not None and text:
            tell = self.stories.propose if opens_with_story(form) else self._offer
            turn = Turn(tell(draft, speaker, text).reply, label=form.label)
            self._desk.needs.drafts.drop(story.id)  # only now: a story is never nowhere
            return turn
        if story is not None:
            self._desk.needs.drafts.drop(story.id)
        if origin:
            return Turn(self._offer(draft, speaker, str(origin.get("question", ""))).reply, label=form.label)
        pending = Pending(doing="story") if opens_with_story(form) else Pending()
        saved = self._desk.keep(draft, speaker, pending)
        before = self._desk.words(speaker).say("menu.begin", form=form.label, intro=form.intro)
        return Turn(self._drawing.show(saved, speaker, before=before), label=form.label)

    def _offer(self, draft: Draft, speaker: Speaker, text: str) -> Turn:
        """What was said already as the value of the first step, to be confirmed by pressing it."""
        words, step = self._desk.words(speaker), self._desk.step(draft)
        read = read_step(step, text, self._desk.circumstances(draft)) if step is not None else None
        offers: dict[str, Answered] = {}
        if step is not None and isinstance(read, Read):
            offers = {step.id: read.answered(text)}
        saved = self._desk.keep(draft, speaker, Pending(offers=offers))
        before = words.say("menu.brought_along" if offers else "menu.open_words")
        return Turn(self._drawing.show(saved, speaker, before=before))

    def story_to(self, speaker: Speaker, kind: str, story: Draft, *, fresh: bool) -> Turn:
        """A story for a new form, or for the one begun before: what is answered there stands, the rest is proposed."""
        draft = next((each for each in self._desk.needs.drafts.all(speaker.person) if each.kind == kind), None)
        if draft is None or fresh:
            return self.begin(speaker, kind, story=story, fresh=True)
        resumed = self._desk.save(replace(self._with_files(draft, story), parked=False), speaker)
        turn = self.stories.propose(resumed, speaker, Pending.of(story).story)
        self._desk.needs.drafts.drop(story.id)
        return Turn(turn.reply, label=self._desk.words(speaker).say("menu.continue"))

    def _two_of_a_kind(
        self, speaker: Speaker, form: Form, before: Draft, story: Draft | None, origin: Mapping[str, Any] | None
    ) -> Turn:
        """There is one of this kind already, half filled in."""
        words = self._desk.words(speaker)
        anew = words.say("menu.anew")
        go_on = of_menu(f"cont.{before.id}", words.say("menu.continue"))
        if story is not None:
            fresh = of_draft(story, f"K.{form.kind}", anew)
            go_on = of_draft(story, f"C.{form.kind}", words.say("menu.continue"))
        elif origin:
            fresh = Choice(f"{QUESTION}:{origin['digest']}:{stands(before)}", anew)
        else:
            fresh = of_menu(f"anew.{form.kind}.{stands(before)}", anew)
        choices = (go_on, fresh)
        both = words.say("menu.two_of_a_kind", form=self._moves.named(before, words), count=len(before.answers))
        return Turn(Reply("form_menu", both, choices))

    def _own_words(self, speaker: Speaker, *, fresh: bool = False) -> Turn:
        """The need first, its kind afterwards. A story told before is not lost without a word."""
        drafts, words = self._desk.needs.drafts, self._desk.words(speaker)
        before = self._begun_before(speaker, STORY)
        if before is not None and not fresh and self._holds_something(before):
            go_on = of_menu(f"cont.{before.id}", words.say("menu.continue"))
            anew = of_menu(f"anew.{STORY}.{stands(before)}", words.say("menu.anew"))
            return Turn(Reply("form_menu", words.say("menu.two_stories"), (go_on, anew)))
        if before is not None:
            drafts.drop(before.id)
        draft = drafts.begin(speaker.person, speaker.message.account, STORY, 0, self._desk.now())
        saved = self._desk.keep(draft, speaker, Pending(doing="story"))
        return Turn(self._drawing.show(saved, speaker), label=words.say("menu.own_words"))

    # From a question that found no answer

    def with_register(self, reply: Reply, message: Message) -> Reply:
        """The same reply with the ways on: what was told as a need becomes one, a question goes to a person."""
        if not reply.status.startswith("unanswerable_"):
            return reply
        words, target = self._desk.lang(message.lang), f"{QUESTION}:{digest_of(message.id)}"
        choices = []
        if self._told_as_need(message.text or ""):
            choices.append(Choice(f"{target}:{STORY}", words.say("menu.register_told")))
            reply = replace(reply, text=paragraphs(reply.text, words.say("menu.told")))
        if reply.status not in _NO_STAFF_FOR:
            choices.append(Choice(target, words.say("menu.register")))
        return replace(reply, choices=(*reply.choices, *choices))

    def _told_as_need(self, text: str) -> bool:
        """No question, long enough to be told, and in words that point to some kind of need."""
        if len(text) < SHORTEST_STORY or shaped_as_question(text):
            return False
        return bool(propose_kinds(text, self._desk.needs.reference)) and not refusals(text)

    def question(self, speaker: Speaker, digest: str, what: str) -> Turn:
        """Begin a form for the question this button stood under: it is offered, and what was replied goes along."""
        words = self._desk.words(speaker)
        turn = self._asked(speaker, digest)
        if turn is not None and what == STORY:
            return self._story_of(speaker, turn.question)
        if turn is None:
            choices = (of_menu("kind.policy_help", words.say("menu.ask_staff")),)
            return Turn(Reply("form_menu", words.say("menu.question_gone"), choices))
        origin = {
            "question": turn.question,
            "status": turn.status,
            "reply": turn.reply,
            "citations": _cited(turn),
            "digest": digest,
        }
        before = self._begun_before(speaker, "policy_help")
        fresh = before is not None and what == stands(before)
        begun = self.begin(speaker, "policy_help", origin=origin, fresh=fresh)
        return Turn(begun.reply, label=words.say("menu.register"))

    def _story_of(self, speaker: Speaker, told: str) -> Turn:
        """The need out of what was said before a form was open. A story that is not yet sorted comes first."""
        words, opened = self._desk.words(speaker), self._own_words(speaker)
        draft = self._desk.needs.drafts.active(speaker.person)
        if draft is None or draft.kind != STORY or Pending.of(draft).doing != "story":
            return opened
        message = replace(speaker.message, text=told, choice=None)
        turn = self.stories.text(draft, replace(speaker, message=message), None, certain=True)
        return replace(turn, label=words.say("menu.register_told"))

    def _asked(self, speaker: Speaker, digest: str) -> Recorded | None:
        message = speaker.message
        turns = self._desk.history.last(message.account, message.conversation, LOOK_BACK)
        mine = (turn for turn in reversed(turns) if not turn.status.startswith(FORM))
        return next((turn for turn in mine if digest_of(turn.message) == digest), None)


def stands(draft: Draft) -> str:
    """Which draft, at which revision: what a button that gives it up was drawn for."""
    return f"{draft.id}.{draft.rev}"


def _cited(turn: Recorded) -> list[dict[str, str]]:
    """What the reply stood on, or came nearest: staff see what the asker saw."""
    answer = json.loads(turn.reply_json).get("answer") or {}
    cards = (*answer.get("citations", ()), *answer.get("nearest", ()))
    return [{name: str(card.get(name) or "") for name in ("title", "article", "quote")} for card in cards]


def digest_of(message: str) -> str:
    """A message's id, short enough for a button."""
    return hashlib.sha256(message.encode("utf-8", "surrogatepass")).hexdigest()[:16]
