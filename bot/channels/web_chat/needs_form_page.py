"""表格填写: a form as one page over the same draft as the conversation, with or without JavaScript.

What can be read is committed before the page comes back; what cannot stands there again as typed, with what to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, RedirectResponse

from bot.channels.web_chat.needs_door import NeedsDoor, from_markdown
from bot.channels.web_chat.needs_fields import Standings, attachment_step, sections
from bot.channels.web_chat.needs_files import FileRefused, judge
from bot.channels.web_chat.needs_posted import LICENCE, Posted
from bot.channels.web_chat.needs_take import Taken, consent_step, still_missing, take, typed_of
from bot.channels.web_chat.needs_turn import go_on_in_chat
from bot.channels.web_chat.needs_upload import kept_file
from bot.channels.web_chat.needs_words import WEB
from bot.channels.web_chat.pages import lang_of, local_time
from bot.channels.web_chat.refusals import DoorStatus, Refusal
from intake.display import show
from intake.journey import Standing, carry_over
from intake.models import Form, Part, Saying, Step
from intake.store.drafts import Attachment, Draft, StaleDraftError
from intake.values import Answered, Answers

PARTS: tuple[Part, ...] = ("need", "consent", "profile", "contact")
"""What this page asks; the rest stands on the page that checks the answers."""
STEPS, REV, DO = "_steps", "_rev", "_do"
DETACH = "detach:"
NAMED = "org_name"
"""The step beside which a licence may be read."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form as somebody has it before them: the draft (None before the first save) and what goes beside it."""

    account: str | None
    form: Form
    draft: Draft | None
    answers: Answers
    typed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    errors: Mapping[str, Saying] = field(default_factory=dict)
    warnings: Mapping[str, tuple[Saying, ...]] = field(default_factory=dict)
    stored: Mapping[str, Saying] = field(default_factory=dict)
    conflict: bool = False
    saved: bool = False


def form_page_routes(door: NeedsDoor) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    page = FormPage(door)
    routes.add_api_route("/needs", page.menu, methods=["GET"])
    routes.add_api_route("/needs/form/{kind}", page.show, methods=["GET"])
    routes.add_api_route("/needs/form/{kind}", page.post, methods=["POST"])
    return routes


class FormPage:
    def __init__(self, door: NeedsDoor) -> None:
        self._door = door

    async def menu(self, request: Request) -> Response:
        account = await self._door.known(request)
        drafts = await self._door.ask(self._door.needs.drafts, account) if account else ()
        book = self._door.needs.formbook
        begun = {draft.kind: draft for draft in drafts}
        return self._door.page(request, "needs_menu.html", menu=book.menu, forms=book.forms, begun=begun)

    async def show(self, request: Request, kind: str) -> Response:
        account = await self._door.known(request)
        form = self._form(kind)
        draft = await self._draft(account, form)
        answers = draft.answers if draft else {}
        errors = still_missing(form, answers, _page_steps(form)) if "check" in request.query_params else {}
        sheet = Sheet(account, form, draft, answers, errors=errors, saved="saved" in request.query_params)
        return await self._drawn(request, sheet)

    async def post(self, request: Request, kind: str) -> Response:
        form = self._form(kind)
        account = await self._door.admit(request)
        async with self._door.posted(request) as posted, self._door.desk.turns.place(account):
            sheet = await self._saved(request, account, form, posted)
            if posted.one(DO) == LICENCE and not sheet.conflict:
                sheet = await self._with_licence(sheet, posted)
            return await self._answered(request, sheet, posted)

    async def _saved(self, request: Request, account: str, form: Form, posted: Posted) -> Sheet:
        """The sheet after this post: committed, or beside the draft that somebody changed meanwhile."""
        draft = await self._draft(account, form)
        before = draft.answers if draft else {}
        shown = [step for step in posted.one(STEPS).split() if step in _page_steps(form)]
        taken = take(form, before, posted.values, shown, self._door.needs.reference, self._door.needs.today())
        sheet = Sheet(account, form, draft, taken.answers, _typed(posted, shown), taken.errors, taken.warnings)
        if draft and posted.one(REV) != str(draft.rev) and before and taken.answers != before:
            differing = _differing(form, before, taken.answers, posted)
            return replace(sheet, answers=before, stored=differing, conflict=True)
        return await self._committed(request, sheet, taken, posted)

    async def _committed(self, request: Request, sheet: Sheet, taken: Taken, posted: Posted) -> Sheet:
        door, account, form = self._door, str(sheet.account), sheet.form
        if taken.consented and not await door.ask(door.needs.consented, account):
            await door.ask(door.needs.consent, account, True, lang_of(request))
        try:
            draft = sheet.draft
            if draft is None:
                draft = await door.ask(door.needs.begin, account, form.kind)
            changed = dict(taken.answers) != dict(draft.answers) or draft.parked or draft.form_version != form.version
            if changed:
                standing = Standing(taken.answers, None, draft.pace)
                moved = replace(draft.at(standing), form_version=form.version, parked=False)
                draft = await door.ask(door.needs.save, moved)
        except StaleDraftError:
            there = await self._draft(account, form)
            return replace(sheet, draft=there, answers=there.answers if there else {}, conflict=True)
        sheet = replace(sheet, draft=draft, answers=draft.answers, saved=True)
        return await self._with_files(sheet, draft, posted)

    async def _with_files(self, sheet: Sheet, draft: Draft, posted: Posted) -> Sheet:
        """A file that came along, or one that is to go."""
        door, step = self._door, attachment_step(sheet.form)
        if step is None:
            return sheet
        do = posted.one(DO)
        if do.startswith(DETACH):
            await door.ask(door.needs.detach, draft.id, do.removeprefix(DETACH))
        try:
            there = await door.ask(door.needs.attached, draft.id)
            if posted.file is not None and len(there) >= (step.max or 5):
                raise FileRefused("too_many")
            file = await kept_file(door, posted)
        except FileRefused as refused:
            return replace(sheet, errors={**sheet.errors, step.id: Saying(f"web.needs.file.{refused.key}")})
        if file is not None:
            kept = Attachment(file.digest, file.name, file.media_type, file.size, step.id)
            await door.ask(door.needs.attach, draft.id, kept)
        return sheet

    async def _with_licence(self, sheet: Sheet, posted: Posted) -> Sheet:
        """Name and code read from the picture of a licence stand in their fields to be checked; it is not kept."""
        door, file = self._door, posted.files.get(LICENCE)
        key = "none" if file is None else ""
        if not await door.ask(door.needs.consented, str(sheet.account)):
            key = "consent"
        elif file is not None and sheet.draft is not None:
            try:
                kind = (await run_in_threadpool(judge, file.content, file.name)).media_type
                read = await door.ask(door.needs.read_licence, sheet.draft, file.content, kind)
                if read is not None:
                    return replace(sheet, draft=read)
                key = "unread"
            except FileRefused as refused:
                return replace(sheet, errors={**sheet.errors, NAMED: Saying(f"web.needs.file.{refused.key}")})
        return replace(sheet, errors={**sheet.errors, NAMED: Saying(f"{WEB}licence_{key}")})

    async def _answered(self, request: Request, sheet: Sheet, posted: Posted) -> Response:
        if "application/json" in request.headers.get("accept", ""):
            return self._as_json(request, sheet)
        if sheet.conflict:
            return await self._drawn(request, sheet, status=409)
        do = posted.one(DO)
        if do == "check":
            missing = still_missing(sheet.form, sheet.answers, _page_steps(sheet.form))
            sheet = replace(sheet, errors={**missing, **sheet.errors})
        if sheet.errors:
            return await self._drawn(request, sheet, status=422)
        return await self._onward(request, sheet, do)

    async def _onward(self, request: Request, sheet: Sheet, do: str) -> Response:
        """Where a form leads that was saved without an error."""
        kind = sheet.form.kind
        if do == "check":
            return RedirectResponse(f"/needs/check/{kind}", 303)
        if do == "chat":
            await go_on_in_chat(self._door, request, str(sheet.account))
            return RedirectResponse("/", 303)
        anchor = "#f-attachments" if do == "upload" or do.startswith(DETACH) else "#saved"
        anchor = f"#f-{NAMED}" if do == LICENCE else anchor
        return RedirectResponse(f"/needs/form/{kind}?saved=1{anchor}", 303)

    def _as_json(self, request: Request, sheet: Sheet) -> Response:
        """For the script that saves while one writes. `rev` is what the next save has to name."""
        words = self._door.desk.pages.words[lang_of(request)]
        said = self._door.words[lang_of(request)]
        held = f"{WEB}consent_first" in {saying.key for saying in sheet.errors.values()}
        key = "conflict_short" if sheet.conflict else "saved_held" if held else "saved_at"
        at = local_time(self._door.desk.now())[-5:]
        body = {
            "saved": sheet.saved,
            "conflict": sheet.conflict,
            "rev": sheet.draft.rev if sheet.draft else None,
            "text": words(f"needs.form.{key}", at=at),
            "errors": {step: said.say(error) for step, error in sheet.errors.items()},
        }
        return JSONResponse(body, 409 if sheet.conflict else 200)

    async def _drawn(self, request: Request, sheet: Sheet, status: int = 200) -> Response:
        door, account, form = self._door, sheet.account, sheet.form
        consented = bool(account) and await door.ask(door.needs.consented, account)
        profile = await door.ask(door.needs.profile, account) if account and consented else {}
        answers = _with_consent(form, sheet.answers) if consented else sheet.answers
        offered = await door.ask(door.needs.offered, sheet.draft) if sheet.draft else {}
        at = Standings(answers, sheet.typed, {**profile, **offered}, sheet.errors, sheet.warnings, sheet.stored)
        notice = await door.ask(door.needs.notice, lang_of(request))
        files = await door.ask(door.needs.attached, sheet.draft.id) if sheet.draft else ()
        return door.page(
            request,
            "needs_form.html",
            status=status,
            sheet=sheet,
            form=form,
            sections=sections(form, at, PARTS),
            steps=" ".join(_page_steps(form)),
            consented=consented,
            notice=from_markdown(notice.text),
            version=notice.version,
            files=files,
            attachment=attachment_step(form),
            reads_licences=door.needs.reads_licences,
        )

    def _form(self, kind: str) -> Form:
        try:
            return self._door.needs.formbook.form(kind)
        except KeyError as error:
            raise Refusal(DoorStatus.NOT_FOUND) from error

    async def _draft(self, account: str | None, form: Form) -> Draft | None:
        """The account's draft of this form. Of an older version it keeps what still fits."""
        if account is None:
            return None
        drafts = await self._door.ask(self._door.needs.drafts, account)
        draft = next((draft for draft in drafts if draft.kind == form.kind), None)
        if draft is None or draft.form_version == form.version:
            return draft
        kept, _ = carry_over(draft.answers, form, form)
        return replace(draft, answers=kept)


def _page_steps(form: Form) -> list[str]:
    return [step.id for step in form.steps if step.part in PARTS and step.type != "file"]


def _typed(posted: Posted, shown: Sequence[str]) -> dict[str, Sequence[str]]:
    """What stood in the page's fields, an empty one included; boxes of ways out keep their own names."""
    fields = {step: [text for text in posted.values.get(step, ()) if text] for step in shown}
    return {**fields, **{name: values for name, values in posted.values.items() if "." in name}}


def _with_consent(form: Form, answers: Answers) -> Answers:
    step = consent_step(form)
    return {**answers, step.id: Answered(value=True, text="是")} if step and step.id not in answers else answers


def _differing(form: Form, before: Answers, after: Answers, posted: Posted) -> dict[str, Saying]:
    """What is kept of the steps that this page would change."""
    changed = [step for step in form.steps if before.get(step.id) != after.get(step.id)]
    return {step.id: show(step, before.get(step.id)) for step in changed if _differs(step, before, posted)}


def _differs(step: Step, before: Answers, posted: Posted) -> bool:
    return tuple(posted.values.get(step.id, ())) != typed_of(step, before.get(step.id))
