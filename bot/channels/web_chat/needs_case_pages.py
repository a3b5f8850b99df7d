"""我的需求: one's own drafts and cases, a case with its history, and what its owner may do to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from bot.channels.web_chat.needs_door import NeedsDoor
from bot.channels.web_chat.needs_fields import Standings, chosen_fields
from bot.channels.web_chat.needs_files import FileRefused
from bot.channels.web_chat.needs_form_page import DO, REV
from bot.channels.web_chat.needs_ports import CasePage, NeedRefusal
from bot.channels.web_chat.needs_posted import Posted
from bot.channels.web_chat.needs_take import take
from bot.channels.web_chat.needs_turn import go_on_in_chat
from bot.channels.web_chat.needs_upload import kept_file, sent_back
from bot.channels.web_chat.refusals import DoorStatus, Refusal
from intake.journey import missing_required, next_step
from intake.models import Form, Saying
from intake.store.drafts import Attachment, Draft
from intake.values import Answered

ACTIONS = frozenset({"reply", "note", "confirm", "dissatisfied", "urge", "withdraw", "reopen"})
"""What a page offers of what the owner may do; the rest is done in the conversation."""
BRINGS_FILES = frozenset({"reply", "note"})
SCORES = ("5", "4", "3", "2", "1")
TEXT_MOST = 2_000


@dataclass(frozen=True, slots=True)
class Doing:
    """Something that was tried on a case and not done: what was typed, and why not."""

    action: str = ""
    text: str = ""
    typed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    errors: Mapping[str, Saying] = field(default_factory=dict)
    refused: str = ""


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A draft in the list: how many questions are still open before it can be submitted."""

    draft: Draft
    label: str
    left: int


def case_page_routes(door: NeedsDoor) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    pages = CasePages(door)
    routes.add_api_route("/needs/mine", pages.mine, methods=["GET"])
    routes.add_api_route("/needs/mine", pages.change_draft, methods=["POST"])
    routes.add_api_route("/needs/case/{reference}", pages.show, methods=["GET"])
    routes.add_api_route("/needs/case/{reference}", pages.act, methods=["POST"])
    routes.add_api_route("/needs/case/{reference}/files/{digest}", pages.file, methods=["GET"])
    return routes


class CasePages:
    def __init__(self, door: NeedsDoor) -> None:
        self._door = door

    async def mine(self, request: Request) -> Response:
        needs = self._door.needs
        account = await self._door.known(request)
        drafts = await self._door.ask(needs.drafts, account) if account else ()
        cases = await self._door.ask(needs.cases, account) if account else ()
        rows = [self._row(draft) for draft in drafts if ":" not in draft.kind]  # those are talks about cases
        return self._door.page(request, "needs_mine.html", drafts=rows, cases=cases, forms=needs.formbook.forms)

    async def change_draft(self, request: Request) -> Response:
        """Go on with a draft in the conversation, or drop it."""
        account = await self._door.admit(request)
        async with self._door.posted(request) as posted, self._door.desk.turns.place(account):
            do, draft = posted.one(DO), posted.one("_draft")
            mine = await self._door.ask(self._door.needs.drafts, account)
            found = next((each for each in mine if each.id == draft), None)
            if found is None:
                return RedirectResponse("/needs/mine", 303)
            if do == "drop":
                await self._door.ask(self._door.needs.drop, account, found.id)
                return RedirectResponse("/needs/mine", 303)
            await self._door.ask(self._door.needs.save, replace(found, parked=False))
            await go_on_in_chat(self._door, request, account)
        return RedirectResponse("/", 303)

    async def show(self, request: Request, reference: str) -> Response:
        case = await self._own(await self._door.known(request), reference)
        if case is None:
            return RedirectResponse("/needs/mine", 303)
        return self._drawn(request, case, Doing())

    async def act(self, request: Request, reference: str) -> Response:
        account = await self._door.admit(request)
        async with self._door.posted(request) as posted, self._door.desk.turns.place(account):
            case = await self._own(account, reference)
            action = posted.one(DO)
            if case is None or action not in ACTIONS:
                raise Refusal(DoorStatus.NOT_FOUND)
            doing = Doing(action, posted.one("text")[:TEXT_MOST], posted.values)
            values, doing = await self._values(case, doing, posted)
            if not doing.errors:
                doing = await self._done(request, account, case, doing, values)
            if doing.refused or doing.errors:
                case = await self._own(account, reference) or case
                return self._drawn(request, case, doing, status=422)
        return RedirectResponse(f"/needs/case/{case.row.reference}?done={action}#timeline", 303)

    async def file(self, request: Request, reference: str, digest: str) -> Response:
        case = await self._own(await self._door.known(request), reference)
        file = next((file for file in case.files if file.digest == digest), None) if case else None
        if file is None:
            raise Refusal(DoorStatus.NOT_FOUND)
        return await sent_back(self._door, file)

    async def _own(self, account: str | None, reference: str) -> CasePage | None:
        return await self._door.ask(self._door.needs.case, account, reference) if account else None

    async def _values(self, case: CasePage, doing: Doing, posted: Posted) -> tuple[dict[str, Any], Doing]:
        """What goes with the action: words, answers to what staff asked, a file, a score."""
        if doing.action == "confirm":
            score = posted.one("score")
            return {"score": int(score) if score in SCORES else None, "text": doing.text}, doing
        if doing.action not in BRINGS_FILES:
            return ({} if doing.action == "urge" else {"text": doing.text}), doing
        values: dict[str, Any] = {"text": doing.text}
        errors: dict[str, Saying] = {}
        if doing.action == "reply":
            values["answers"], errors = self._answers(case, posted)
        try:
            file = await kept_file(self._door, posted) if not errors else None
        except FileRefused as refused:
            return values, replace(doing, errors={**errors, "file": Saying(f"web.needs.file.{refused.key}")})
        values["files"] = (Attachment(file.digest, file.name, file.media_type, file.size),) if file else ()
        return values, replace(doing, errors=errors)

    def _answers(self, case: CasePage, posted: Posted) -> tuple[dict[str, Answered], dict[str, Saying]]:
        """The answers to the steps staff asked about, as far as something new stands there."""
        needs, form = self._door.needs, self._form(case)
        if form is None or not case.asked:
            return {}, {}
        taken = take(form, case.answers, posted.values, case.asked, needs.reference, needs.today())
        changed = {
            step: answered
            for step, answered in taken.answers.items()
            if step in case.asked and answered != case.answers.get(step)
        }
        return changed, dict(taken.errors)

    async def _done(
        self, request: Request, account: str, case: CasePage, doing: Doing, values: Mapping[str, Any]
    ) -> Doing:
        reference = case.row.reference
        try:
            await self._door.ask(self._door.needs.act, account, reference, doing.action, **values)
        except NeedRefusal as refusal:
            return replace(doing, refused=self._door.sorry(request, refusal))
        return doing

    def _drawn(self, request: Request, case: CasePage, doing: Doing, status: int = 200) -> Response:
        form = self._form(case)
        at = Standings(case.answers, doing.typed, errors=doing.errors)
        return self._door.page(
            request,
            "needs_case.html",
            status=status,
            case=case,
            own=True,
            doing=doing,
            done=_known_action(request.query_params.get("done")),
            scores=SCORES,
            kind=form.label if form else case.row.kind,
            asked=chosen_fields(form, case.asked, at) if form else (),
            rev_name=REV,
        )

    def _form(self, case: CasePage) -> Form | None:
        return self._door.needs.formbook.forms.get(case.row.kind)

    def _row(self, draft: Draft) -> DraftRow:
        form = self._door.needs.formbook.forms.get(draft.kind)
        if form is None:
            return DraftRow(draft, "", -1)
        missing = [step for step in missing_required(form, draft.answers) if step.part != "card"]
        left = len(missing) if missing or next_step(form, draft.answers) is None else 1
        return DraftRow(draft, form.label, left)


def _known_action(done: str | None) -> str:
    return done if done in ACTIONS else ""
