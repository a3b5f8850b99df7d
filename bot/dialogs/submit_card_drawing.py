"""Draws what is not a single question: own words and what was read from them, the notice, the profile, the card."""

from __future__ import annotations

from collections.abc import Iterator

from bot.dialogs.buttons import of_draft
from bot.dialogs.desk import STORY, Desk
from bot.dialogs.pending import Pending, Proposed
from bot.dialogs.submit_stages import Stage, known_profile, may_be_read_by_model
from bot.dialogs.turn import Speaker
from bot.dialogs.words import Words, lines, paragraphs
from bot.messages import Choice, FormInput, FormPart, Reply
from intake.display import show
from intake.freetext import propose_kinds
from intake.journey import SummaryLine, card_steps, missing_required, summary
from intake.models import Form, Step
from intake.reading.sensitive import without_numbers
from intake.store.drafts import Draft
from intake.values import Answered

EXCERPT = 60
COMMITMENTS = ("no_state_secret", "truth_commit")


class CardDrawing:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def show(self, stage: Stage, draft: Draft, speaker: Speaker, *, in_full: bool = True) -> Reply:
        """`in_full`: the notice with all its words; otherwise it stands a few lines above."""
        words = self._desk.words(speaker)
        if stage is Stage.CONSENT:
            return self._consent(draft, speaker, words, in_full=in_full)
        draw = {
            Stage.STORY: self._story,
            Stage.KIND: self._kind,
            Stage.PROPOSED: self._proposed,
            Stage.UNSURE: self._unsure,
            Stage.PROFILE: self._profile,
            Stage.CARD: self._card,
        }[stage]
        return draw(draft, speaker, words)

    def _story(self, draft: Draft, _speaker: Speaker, words: Words) -> Reply:
        known = draft.kind != STORY
        ask = words.say("story.ask", form=self._desk.form(draft).label) if known else words.say("story.ask_any")
        choices = [of_draft(draft, "st", words.say("story.step_by_step" if known else "story.pick_kind"))]
        if Pending.of(draft).kept is not None:
            choices.insert(0, of_draft(draft, "a", words.say("form.use_kept")))
        choices.append(of_draft(draft, "s", words.say("form.save")))
        return self._reply("form_question", draft, "story", ask, choices)

    def _kind(self, draft: Draft, _speaker: Speaker, words: Words) -> Reply:
        """Which kind a story is of: the likeliest, or all where nothing points anywhere."""
        kinds = propose_kinds(Pending.of(draft).story, self._desk.needs.reference)
        ask = words.say("story.which_kind" if kinds else "story.which_of_all")
        choices = list(self._kind_buttons(draft, kinds or self.all_kinds()))
        if kinds:
            choices.append(of_draft(draft, "km", words.say("story.other_kind")))
        return self._reply("form_question", draft, "choice", ask, choices)

    def all_kinds(self) -> tuple[str, ...]:
        """Every kind on the menu, once."""
        return tuple(dict.fromkeys(kind for entry in self._desk.formbook.menu for kind in entry.kinds))

    def kinds(self, draft: Draft, words: Words) -> Reply:
        """All kinds, where none of the likely ones was it."""
        choices = list(self._kind_buttons(draft, self.all_kinds()))
        return self._reply("form_question", draft, "choice", words.say("story.which_of_all"), choices)

    def _kind_buttons(self, draft: Draft, kinds: tuple[str, ...]) -> Iterator[Choice]:
        for kind in kinds:
            yield of_draft(draft, f"k.{kind}", self._desk.formbook.form(kind).label)

    def _proposed(self, draft: Draft, speaker: Speaker, words: Words) -> Reply:
        pending = Pending.of(draft)
        if pending.editing is not None:
            return self._editing(draft, speaker, words, pending)
        rows = [self._proposal(number, each, draft, words) for number, each in enumerate(pending.proposals, start=1)]
        form, offered = self._desk.form(draft), may_be_read_by_model(self._desk, draft)
        note = words.say("story.model_note") if offered else ""
        ask = lines(words.say("story.understood"), *rows, words.say("story.confirm_hint"), note)
        choices = [of_draft(draft, "ay", words.say("story.all_right"))]
        for index, each in enumerate(pending.proposals):
            label = words.say("story.edit", number=index + 1, label=form.step(each.step).label)
            choices.append(of_draft(draft, f"ae{index}", label))
        if offered:
            choices.append(of_draft(draft, "am", words.say("story.model_read")))
        choices.append(of_draft(draft, "an", words.say("story.none_of_it")))
        return self._reply("form_proposed", draft, "proposals", ask, choices)

    def _proposal(self, number: int, proposed: Proposed, draft: Draft, words: Words) -> str:
        step = self._desk.form(draft).step(proposed.step)
        shown = words.tell(show(step, proposed.answered))
        if proposed.by_model:
            said = excerpt(proposed.answered.text)
            return words.say("story.line_model", number=number, label=step.label, shown=shown, said=said)
        if shown == proposed.answered.text or step.free_text:
            return words.say("story.line_plain", number=number, label=step.label, shown=shown)
        said = excerpt(proposed.answered.text)
        return words.say("story.line", number=number, label=step.label, shown=shown, said=said)

    def _editing(self, draft: Draft, _speaker: Speaker, words: Words, pending: Pending) -> Reply:
        step = self._desk.form(draft).step(pending.editing or "")
        proposed = next(each for each in pending.proposals if each.step == step.id)
        now = words.say("story.now", shown=words.tell(show(step, proposed.answered)))
        example = words.say("form.example", example=step.example) if step.example else ""
        choices = [of_draft(draft, f"o{index}", option.label) for index, option in enumerate(step.options[:24])]
        choices.append(of_draft(draft, "ad", words.say("story.drop_it")))
        choices.append(of_draft(draft, "ab", words.say("story.keep_it")))
        ask = lines(step.ask, step.help, example, now)
        return self._reply("form_question", draft, "text" if not step.options else "choice", ask, choices, step)

    def _unsure(self, draft: Draft, _speaker: Speaker, words: Words) -> Reply:
        text = excerpt(Pending.of(draft).unsure or "")
        choices = [
            of_draft(draft, "q", words.say("form.is_question")),
            of_draft(draft, "a", words.say("form.is_answer")),
        ]
        return self._reply("form_unsure", draft, "choice", words.say("form.unsure", text=text), choices)

    def _consent(self, draft: Draft, speaker: Speaker, words: Words, *, in_full: bool) -> Reply:
        notice = plain_markdown(self._desk.needs.privacy.consent_notice(speaker.lang).text)
        choices = [
            of_draft(draft, "cy", words.say("consent.yes")),
            of_draft(draft, "cn", words.say("consent.no")),
            of_draft(draft, "s", words.say("form.save")),
        ]
        shown = (words.say("consent.before"), notice) if in_full else ()
        ask = paragraphs(*shown, words.say("consent.ask"))
        return self._reply("form_consent", draft, "consent", ask, choices, self._desk.step(draft))

    def _profile(self, draft: Draft, speaker: Speaker, words: Words) -> Reply:
        known = known_profile(self._desk, draft, speaker)
        form = self._desk.form(draft)
        rows = [self.line(form.step(step), answered, words) for step, answered in known.items()]
        choices = [
            of_draft(draft, "py", words.say("profile.keep")),
            of_draft(draft, "pe", words.say("profile.change")),
            of_draft(draft, "s", words.say("form.save")),
        ]
        return self._reply("form_question", draft, "profile", lines(words.say("profile.ask"), *rows), choices)

    def _card(self, draft: Draft, _speaker: Speaker, words: Words) -> Reply:
        form = self._desk.form(draft)
        rows = [self._row(line, words, both=_promises_both(form)) for line in self.card_lines(draft)]
        files = self._files_line(draft, words)
        missing = missing_required(form, draft.answers)
        hint = words.say("card.missing_hint" if missing else "card.ready")
        ask = lines(words.say("card.head", form=form.label), *rows, *files, "", hint)
        choices = tuple(self._card_choices(draft, words, ready=not missing))
        return self._reply("form_card", draft, "card", ask, list(choices))

    def preview(self, draft: Draft, words: Words) -> str:
        """The answers given so far; what is still open is not counted against anybody here."""
        given = [line for line in self.card_lines(draft) if line.step.id in draft.answers]
        if not given:
            return words.say("card.nothing_yet")
        both = _promises_both(self._desk.form(draft))
        return lines(words.say("card.preview"), *(self._row(line, words, both=both) for line in given))

    def card_lines(self, draft: Draft) -> list[SummaryLine]:
        """The numbered lines; the commitments share the line of the first of them."""
        return [line for line in summary(self._desk.form(draft), draft.answers) if line.step.id != COMMITMENTS[1]]

    def _row(self, line: SummaryLine, words: Words, *, both: bool) -> str:
        promise = line.step.id == COMMITMENTS[0]
        label = words.say("card.commitments" if both else "card.commitment_secret") if promise else line.step.label
        shown = words.say("card.confirmed" if not line.missing else "card.to_confirm") if promise else ""
        key = "card.line_missing" if line.missing else "card.line"
        return words.say(key, number=line.number, label=label, shown=shown or words.tell(line.shown))

    def _files_line(self, draft: Draft, words: Words) -> list[str]:
        if "attachments" in draft.answers:
            return []
        names = [file.name for file in self._desk.needs.drafts.attached(draft.id)]
        return [words.say("card.files", names=words.listed(names))] if names else []

    def _card_choices(self, draft: Draft, words: Words, *, ready: bool) -> Iterator[Choice]:
        form = self._desk.form(draft)
        for step in card_steps(form, draft.answers):
            if step.id not in draft.answers or step in missing_required(form, draft.answers):
                yield from self._card_step(draft, step, words)
        if ready:
            yield of_draft(draft, "go", words.say("card.submit"))
        yield of_draft(draft, "E", words.say("card.edit"))
        yield of_draft(draft, "s", words.say("form.save"))
        yield of_draft(draft, "x", words.say("card.cancel"))

    def _card_step(self, draft: Draft, step: Step, words: Words) -> Iterator[Choice]:
        if step.id == "confidentiality":
            default = self._desk.form(draft).default_confidentiality
            for index, option in enumerate(step.options):
                advised = words.say("card.advised") if option.code == default else ""
                yield of_draft(draft, f"c{index}", option.label + advised)
        elif step.id == "publish_consent":
            yield of_draft(draft, "pc", words.say("card.publish"))
            yield of_draft(draft, "pn", words.say("card.publish_not"))
        elif step.id == COMMITMENTS[0]:
            both = _promises_both(self._desk.form(draft))
            yield of_draft(draft, "cm", words.say("card.commit" if both else "card.commit_secret"))

    def line(self, step: Step, answered: Answered, words: Words) -> str:
        return words.say("card.line_plain", label=step.label, shown=words.tell(show(step, answered)))

    def _reply(
        self, status: str, draft: Draft, kind: FormInput, ask: str, choices: list[Choice], step: Step | None = None
    ) -> Reply:
        part = FormPart(draft.id, 0, 0, kind, draft.kind, step.id if step else "", ask)
        return Reply(status, ask, tuple(choices), form=part)


def _promises_both(form: Form) -> bool:
    """Quick registration asks only that nothing secret is in it."""
    return any(step.id == COMMITMENTS[1] for step in form.steps)


def excerpt(text: str, longest: int = EXCERPT) -> str:
    """The beginning of what somebody wrote, telephone numbers masked."""
    flat = " ".join(without_numbers(text).split())
    return flat if len(flat) <= longest else f"{flat[:longest]}…"


def plain_markdown(text: str) -> str:
    """The few marks our own notices use, taken off for doors that draw plain text."""
    return "\n".join(
        line.lstrip("# ") if line.startswith("#") else line.replace("**", "") for line in text.splitlines()
    )
