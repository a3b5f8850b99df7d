"""A talk about a case: an answer field by field, a reason, a remark, a supplement; sent when it is complete."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.dialogs.buttons import of_menu
from bot.dialogs.desk import Desk
from bot.dialogs.said import SEND, said
from bot.dialogs.submit_files import unfit
from bot.dialogs.submit_steps import refused
from bot.dialogs.track_drawing import TrackDrawing
from bot.dialogs.track_pending import TALK, Talk, TalkPending, is_talk
from bot.dialogs.track_talk_drawing import TalkDrawing
from bot.dialogs.turn import OnStage, Speaker, Turn
from bot.dialogs.words import paragraphs
from bot.messages import FileIn, Reply
from intake.cases import Case
from intake.interruption import Control, Decision, decide
from intake.models import Read, Saying, Step
from intake.reading.sensitive import refusals
from intake.reading.steps import read_step
from intake.review import GuardError, ReviewError
from intake.store.drafts import Attachment, Draft
from intake.values import Answered

__all__ = ["Talks", "is_talk"]

_ENDING = (Control.CANCEL, Control.RESTART, Control.BACK, Control.SAVE)


class Talks:
    def __init__(self, desk: Desk, cases: TrackDrawing) -> None:
        self._desk = desk
        self._cases = cases
        self._drawing = TalkDrawing(desk, cases)

    def show(self, draft: Draft, speaker: Speaker, before: str = "") -> Reply:
        return self._drawing.show(Talk.of(draft, self._desk), speaker, before)

    # Beginning

    def begin(self, case: Case, speaker: Speaker, doing: str, steps: tuple[str, ...] = ()) -> Turn:
        """Begin one, if the owner may do this now. A form in the middle of which it begins is parked."""
        action = "correct" if doing == "supplement" else doing
        if action not in self._cases.may(case, speaker):
            before = self._desk.words(speaker).say("cases.not_now")
            return Turn(replace(self._cases.case(case, speaker, before), status="form_invalid"))
        if doing == "reply":
            steps = tuple(step.id for step in self._cases.asked(case)[0])
        known = {step.id for step in self._desk.formbook.form(case.kind).steps}
        steps = tuple(step for step in steps if step in known)
        if doing == "supplement" and not steps:
            return Turn(self._cases.case(case, speaker))
        pending = TalkPending(doing=doing, steps=steps)
        return Turn(self.show(self._begun(speaker, case.reference, pending), speaker))

    def whose(self, speaker: Speaker, cases: list[Case], *, text: str = "", file: FileIn | None = None) -> Turn:
        """Words or a file without a place: the person says which case they belong to; they are kept meanwhile."""
        words = self._desk.words(speaker)
        if found := refusals(text):
            return Turn(Reply("form_refused", words.tell(found[0])), words.say("record.refused"))
        pending = TalkPending(doing="whose", cases=tuple(case.reference for case in cases), text=text)
        draft = self._begun(speaker, "", pending)
        if file is not None:
            attachment = Attachment(file.digest, file.name, file.media_type, file.size)
            self._desk.needs.drafts.attach(draft.id, attachment, self._desk.now())
        return Turn(self.show(draft, speaker), file.name if file else None)

    def _begun(self, speaker: Speaker, reference: str, pending: TalkPending) -> Draft:
        drafts, kind = self._desk.needs.drafts, f"{TALK}{reference}"
        mine = drafts.all(speaker.person)
        came_from = next((draft.id for draft in mine if not draft.parked and not is_talk(draft)), None)
        for draft in mine:
            if draft.kind == kind:
                drafts.drop(draft.id)
        account, now = speaker.message.account, self._desk.now()
        draft = drafts.begin(speaker.person, account, kind, 0, now)
        return self._keep(draft, speaker, pending.but(came_from=came_from))

    def _keep(self, draft: Draft, speaker: Speaker, pending: TalkPending) -> Draft:
        return self._desk.needs.drafts.save(pending.on(draft), self._desk.now(), speaker.message.id)

    # What was said

    def take(self, draft: Draft, speaker: Speaker, control: Control | None, on_stage: OnStage | None) -> Turn:
        message, talk = speaker.message, Talk.of(draft, self._desk)
        words = self._desk.words(speaker)
        if control in _ENDING:
            return self._end(talk, speaker, words.say("talk.left"))
        if control is Control.SKIP and talk.step is not None:
            return self.press(draft, speaker, "k")
        if message.file is not None:
            return self._file(talk, speaker, message.file)
        if control is not None or not speaker.text:
            return Turn(self.show(draft, speaker, words.say("talk.how")))
        if talk.step is not None:
            return self._answer(talk, speaker, talk.step, on_stage)
        if found := refusals(speaker.text):
            return self._refuse(talk, speaker, found[0])
        return self._words(talk, speaker)

    def _answer(self, talk: Talk, speaker: Speaker, step: Step, on_stage: OnStage | None) -> Turn:
        text = speaker.text
        words, read = self._desk.words(speaker), read_step(step, text, talk.circumstances(self._desk, step))
        recorded = words.say("record.personal") if step.personal else None
        if refused(read):
            return self._refuse(talk, speaker, refusals(text)[0] if refusals(text) else Saying("refusal.id_card"))
        decision = decide(step, text, isinstance(read, Read), self._desk.needs.reference.policy_words)
        if decision is Decision.QUESTION:
            answer = self._desk.policy(text, speaker, on_stage)
            asked = self.show(talk.draft, speaker, answer.text)
            kept = None if step.personal else answer.answer
            shown = replace(asked, status="form_answered", citations=answer.citations, answer=kept)
            return Turn(shown, recorded)
        if not isinstance(read, Read):
            return Turn(
                replace(self.show(talk.draft, speaker, words.tell(read.error)), status="form_invalid"), recorded
            )
        answers = {step.id: read.answered(text)}
        other = f"{step.id}_other"
        if other in read.also and talk.knows(other):
            answers[other] = Answered(value=read.also[other], text=str(read.also[other]))
        return Turn(self._answered(talk, speaker, answers).reply, recorded)

    def _answered(self, talk: Talk, speaker: Speaker, answers: dict[str, Answered]) -> Turn:
        """Commit, and ask what follows from it; a supplement goes out as soon as it is complete."""
        pending = talk.pending.but(steps=talk.steps_after(answers), picked=())
        draft = replace(talk.draft, answers={**talk.draft.answers, **answers})
        after = Talk.of(self._keep(draft, speaker, pending), self._desk)
        if after.step is None and talk.pending.doing == "supplement":
            return self._supplement(after, speaker)
        return Turn(self._drawing.show(after, speaker))

    def _words(self, talk: Talk, speaker: Speaker) -> Turn:
        """Words where words are asked: a reason goes out at once; an answer waits for 发送 while fields go with it."""
        doing, text = talk.pending.doing, speaker.text
        if doing == "whose":
            return Turn(self._drawing.show(talk, speaker, self._desk.words(speaker).say("talk.pick")))
        if said(text) in SEND and (talk.pending.text or talk.draft.answers or talk.files):
            return self._send(talk, speaker)
        if doing != "reply" or not (talk.pending.steps or talk.files):
            return self._send(talk, speaker, text)
        both = "\n".join(filter(None, (talk.pending.text, text)))
        after = self._keep(talk.draft, speaker, talk.pending.but(text=both))
        return Turn(self.show(after, speaker))

    def _refuse(self, talk: Talk, speaker: Speaker, why: Saying) -> Turn:
        words = self._desk.words(speaker)
        reply = replace(self._drawing.show(talk, speaker, words.tell(why)), status="form_refused")
        return Turn(reply, words.say("record.refused"))

    def _file(self, talk: Talk, speaker: Speaker, file: FileIn) -> Turn:
        words = self._desk.words(speaker)
        problem = unfit(file, [each.digest for each in talk.files], words)
        if problem or talk.pending.doing not in ("reply", "note", "whose"):
            return Turn(self._drawing.show(talk, speaker, problem or words.say("talk.no_file")), file.name)
        attachment = Attachment(file.digest, file.name, file.media_type, file.size)
        self._desk.needs.drafts.attach(talk.draft.id, attachment, self._desk.now())
        after = self._keep(talk.draft, speaker, talk.pending)
        return Turn(self.show(after, speaker, words.say("talk.file_taken", name=file.name)), file.name)

    # What was pressed

    def press(self, draft: Draft, speaker: Speaker, what: str) -> Turn:
        talk, words = Talk.of(draft, self._desk), self._desk.words(speaker)
        label = self._drawing.label(talk, speaker)
        if what == "x":
            return self._end(talk, speaker, words.say("talk.left"), label)
        if talk.pending.doing == "whose":
            if what == "q":
                return self._question(talk, speaker)
            return Turn(self._placed(talk, speaker, what).reply, label=label)
        if what == "S" and talk.pending.doing in ("reply", "note"):
            return Turn(self._send(talk, speaker).reply, label=label)
        if what == "k" and talk.step is not None:
            return self._skipped(talk, speaker, talk.step, label=label)
        if talk.step is not None:
            return Turn(self._pressed(talk, speaker, talk.step, what).reply, label=label)
        return Turn(self.show(draft, speaker), label=label)

    def _skipped(self, talk: Talk, speaker: Speaker, step: Step, label: str) -> Turn:
        """The step after it; a supplement of which nothing is left to ask goes out, or is over."""
        pending = talk.pending.but(skipped=(*talk.pending.skipped, step.id), picked=())
        after = Talk.of(self._keep(talk.draft, speaker, pending), self._desk)
        if after.step is not None or pending.doing != "supplement":
            return Turn(self._drawing.show(after, speaker), label=label)
        if after.draft.answers:
            return Turn(self._supplement(after, speaker).reply, label=label)
        return self._end(after, speaker, self._desk.words(speaker).say("talk.left"), label)

    def _pressed(self, talk: Talk, speaker: Speaker, step: Step, what: str) -> Turn:
        picked = talk.picked_by(step, what)
        if picked is not None:
            return Turn(self.show(self._keep(talk.draft, speaker, talk.pending.but(picked=picked)), speaker))
        answered = talk.pressed(step, what)
        if answered is None:
            return Turn(self._drawing.show(talk, speaker))
        return self._answered(talk, speaker, {step.id: answered})

    def _question(self, talk: Talk, speaker: Speaker) -> Turn:
        """It was a question after all."""
        text = talk.pending.text
        self._desk.needs.drafts.drop(talk.draft.id)
        answer = self._desk.policy(text, speaker, None)
        return Turn(replace(answer, status="form_answered"), label=text)

    def _placed(self, talk: Talk, speaker: Speaker, what: str) -> Turn:
        """The case that words or a file belong to: an answer where staff wait for one, a remark where they do not."""
        index = int(what[1:]) if what[:1] == "w" and what[1:].isdigit() else len(talk.pending.cases)
        if index >= len(talk.pending.cases):
            return Turn(self._drawing.show(talk, speaker))
        case = self._desk.needs.handling.view(speaker.actor(), talk.pending.cases[index])
        doing = "reply" if "reply" in self._cases.may(case, speaker) else "note"
        placed = TalkPending(doing=doing, text=talk.pending.text, came_from=talk.pending.came_from)
        moved = replace(talk.draft, kind=f"{TALK}{case.reference}")
        for draft in self._desk.needs.drafts.all(speaker.person):
            if draft.kind == moved.kind:
                self._desk.needs.drafts.drop(draft.id)
        after = Talk.of(self._keep(moved, speaker, placed), self._desk)
        return self._send(after, speaker)

    # Sending

    def _send(self, talk: Talk, speaker: Speaker, text: str = "") -> Turn:
        doing, text = talk.pending.doing, text or talk.pending.text
        values: dict[str, Any] = {"text": text}
        if doing in ("reply", "note"):
            values["files"] = talk.files
        if doing == "reply":
            values["answers"] = dict(talk.draft.answers)
        return self._acted(talk, speaker, doing, values)

    def _supplement(self, talk: Talk, speaker: Speaker) -> Turn:
        return self._acted(talk, speaker, "correct", {"answers": dict(talk.draft.answers)})

    def _acted(self, talk: Talk, speaker: Speaker, action: str, values: dict[str, Any]) -> Turn:
        """Do it, then forget the talk. Sent again after a crash in between, it is not done a second time."""
        words, reference = self._desk.words(speaker), talk.reference
        try:
            if not self._done(reference, speaker, action, values):
                self._desk.needs.handling.act(speaker.actor(), reference, action, **values)
        except GuardError as refusal:
            return Turn(replace(self._drawing.show(talk, speaker, words.tell(refusal.saying)), status="form_invalid"))
        except ReviewError as refusal:
            return self._end(talk, speaker, words.tell(refusal.saying))
        return self._end(talk, speaker, words.say(f"talk.done_{action}"), after=action)

    def _done(self, reference: str, speaker: Speaker, action: str, values: dict[str, Any]) -> bool:
        case = self._desk.needs.cases.get(reference)
        if case is None:
            return False
        if action == "correct":
            return all(case.answers.get(step) == answered for step, answered in values["answers"].items())
        events = self._desk.needs.cases.events(case.id)
        last = events[-1] if events else None
        if last is None or last.actor != speaker.person or last.action != action:
            return False
        return last.text == values.get("text", "") and (self._desk.now() - last.at).total_seconds() < 60

    def _end(self, talk: Talk, speaker: Speaker, ended: str, label: str | None = None, after: str = "") -> Turn:
        """The talk is over: the case as it stands, and the way back to the form it began in."""
        words, came_from = self._desk.words(speaker), talk.pending.came_from
        self._desk.needs.drafts.drop(talk.draft.id)
        case = self._desk.needs.cases.get(talk.reference) if talk.reference else None
        if case is None:
            return Turn(Reply("form_case", ended, (of_menu("mine", words.say("menu.mine")),)), label=label)
        if after == "correct":
            ended = paragraphs(ended, words.say("talk.quality", total=case.quality.get("total", 0)))
        reply = self._cases.case(case, speaker, ended)
        if came_from is not None and self._desk.needs.drafts.get(came_from) is not None:
            go_on = of_menu(f"cont.{came_from}", words.say("menu.continue"))
            reply = replace(reply, choices=(go_on, *reply.choices))
        return Turn(reply, label=label)
