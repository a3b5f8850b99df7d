"""Files and shared contacts: a file is kept at any step, a contact only one's own, where a number is asked.

Where the organisation's name or code is asked, the picture of a 营业执照 is read instead, and not kept.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

from bot.dialogs.desk import Desk
from bot.dialogs.pending import Pending
from bot.dialogs.submit_drawing import Drawing
from bot.dialogs.submit_stages import Stage, stage_of
from bot.dialogs.submit_steps import noted, refused
from bot.dialogs.turn import Speaker, Turn
from bot.dialogs.words import Words, lines
from bot.files import FileStoreError
from bot.licence_photos import STEPS as LICENCE_STEPS
from bot.licence_photos import LicencePhotos, offers_of
from bot.messages import Contact, FileIn, Reply
from intake.journey import route
from intake.models import Read, Step
from intake.reading.steps import read_step
from intake.store.drafts import Attachment, Draft
from intake.values import Answered

MOST_FILES = 5
MOST_BYTES = 10 * 1024 * 1024
ENDINGS = frozenset({"pdf", "docx", "xlsx", "pptx", "jpg", "jpeg", "png", "txt", "md", "csv", "log"})
"""Names only: that the content is what the name says was judged by the door that fetched it."""
ATTACHMENTS = "attachments"


class Files:
    def __init__(self, desk: Desk, drawing: Drawing) -> None:
        self._desk = desk
        self._drawing = drawing

    def file(self, draft: Draft, speaker: Speaker, file: FileIn) -> Turn:
        """At the step for files it is the answer; elsewhere it is kept and the same question stands."""
        words = self._desk.words(speaker)
        there = self._desk.needs.drafts.attached(draft.id)
        problem = unfit(file, [each.digest for each in there], words)
        if problem:
            return Turn(self._drawing.show(draft, speaker, before=problem, again=True, status="form_invalid"))
        step = self._desk.step(draft)
        if (read := self._licence(draft, speaker, step, file)) is not None:
            return read
        asked = step is not None and step.type == "file" and stage_of(self._desk, draft, speaker) is Stage.STEP
        target = step.id if asked and step is not None else ATTACHMENTS
        attachment = Attachment(file.digest, file.name, file.media_type, file.size, target)
        now_there = self._desk.needs.drafts.attach(draft.id, attachment, self._desk.now())
        saved = self._noted(draft, speaker, target, [each.name for each in now_there if each.step == target])
        key = "files.taken" if asked else "files.taken_beside"
        before = words.say(key, name=file.name, count=len(now_there), max=MOST_FILES)
        return Turn(self._drawing.show(saved, speaker, before=before, again=not asked), file.name)

    def _licence(self, draft: Draft, speaker: Speaker, step: Step | None, file: FileIn) -> Turn | None:
        """Name and code from a picture of a licence, on offer; None where the file is to be attached like any other."""
        photos = self._desk.needs.licences
        here = step is not None and step.id in LICENCE_STEPS and stage_of(self._desk, draft, speaker) is Stage.STEP
        if photos is None or not here or not photos.may_be_one(file.media_type):
            return None
        offers = _read_offers(photos, file)
        if not offers and file.media_type == "application/pdf":
            return None
        photos.forget([file.digest])
        words = self._desk.words(speaker)
        if not offers:
            before, status = words.say("licence.unread"), "form_invalid"
            return Turn(self._drawing.show(draft, speaker, before=before, again=True, status=status), file.name)
        pending = Pending.of(draft)
        saved = self._desk.keep(draft, speaker, pending.but(offers={**pending.offers, **offers}))
        said = [words.say(f"licence.{name}", value=str(offer.value)) for name, offer in offers.items()]
        before = lines(words.say("licence.read"), *said, words.say("licence.check"))
        return Turn(self._drawing.show(saved, speaker, before=before, again=True), file.name)

    def _noted(self, draft: Draft, speaker: Speaker, target: str, names: list[str]) -> Draft:
        """The files' names as the answer to their step, where the form has it; what is being asked stays."""
        if target not in {step.id for step in route(self._desk.form(draft), draft.answers, "full")}:
            return self._desk.save(draft, speaker)
        answered = Answered(value=tuple(names), text="、".join(names))
        answers = {**draft.answers, target: answered}
        reasked = None if draft.reasked == target else draft.reasked
        return self._desk.save(replace(draft, answers=answers, reasked=reasked), speaker)

    def contact(self, draft: Draft, speaker: Speaker, contact: Contact) -> Turn:
        """One's own number, where it is asked for. Whose it is only the platform can vouch for."""
        words, step = self._desk.words(speaker), self._desk.step(draft)
        recorded = words.say("record.personal")
        at_step = step is not None and step.type == "phone" and stage_of(self._desk, draft, speaker) is Stage.STEP
        if step is None or not at_step or not contact.own:
            key = "contact.not_own" if at_step else "contact.not_here"
            reply = self._drawing.show(draft, speaker, before=words.say(key), again=True, status="form_invalid")
            return Turn(reply, recorded)
        return Turn(self._number(draft, speaker, step, contact.phone), recorded)

    def _number(self, draft: Draft, speaker: Speaker, step: Step, phone: str) -> Reply:
        words = self._desk.words(speaker)
        read = read_step(step, phone, self._desk.circumstances(draft, step))
        if not isinstance(read, Read) or refused(read):
            said = words.say("contact.unreadable")
            return self._drawing.show(draft, speaker, before=said, again=True, status="form_invalid")
        answered = read.answered(phone)
        saved = self._desk.commit(draft, speaker, {step.id: answered}, Pending.of(draft).carried())
        return self._drawing.show(saved, speaker, before=noted(step, answered, words, read))


def _read_offers(photos: LicencePhotos, file: FileIn) -> dict[str, Answered]:
    try:
        licence = photos.read_kept(file)
    except FileStoreError:
        return {}
    return offers_of(licence) if licence else {}


def unfit(file: FileIn, there: list[str], words: Words) -> str:
    """Why a file cannot be taken, in words; empty where it can. Its content is checked by the door that fetched it."""
    if PurePosixPath(file.name).suffix.lower().lstrip(".") not in ENDINGS:
        return words.say("files.type", name=file.name)
    if file.size > MOST_BYTES:
        return words.say("files.too_large", name=file.name, max=MOST_BYTES // 1024 // 1024)
    if len(there) >= MOST_FILES and file.digest not in there:
        return words.say("files.too_many", max=MOST_FILES)
    return words.say("files.empty", name=file.name) if file.size == 0 else ""
