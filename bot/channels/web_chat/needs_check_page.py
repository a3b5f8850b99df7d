"""Check your answers, submit once however often it is pressed, and take the receipt away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import segno
from fastapi import APIRouter, Request, Response
from markupsafe import Markup
from starlette.responses import RedirectResponse

from bot.channels.web_chat.needs_door import NeedsDoor
from bot.channels.web_chat.needs_fields import Standings, sections
from bot.channels.web_chat.needs_form_page import PARTS, REV
from bot.channels.web_chat.needs_ports import NeedReceipt, NeedRefusal, NotReady
from bot.channels.web_chat.needs_posted import Posted
from bot.channels.web_chat.needs_take import still_missing, take
from bot.channels.web_chat.pages import lang_of
from intake.journey import Standing, missing_required, summary, supplements
from intake.models import Form, Saying
from intake.store.drafts import Draft, StaleDraftError

DRAFT = "_draft"


@dataclass(frozen=True, slots=True)
class Card:
    """A draft that is whole but for what is asked on the card."""

    account: str
    form: Form
    draft: Draft
    typed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    errors: Mapping[str, Saying] = field(default_factory=dict)
    changed: bool = False
    refused: str = ""


def check_page_routes(door: NeedsDoor) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    page = CheckPage(door)
    routes.add_api_route("/needs/check", page.show_latest, methods=["GET"])
    routes.add_api_route("/needs/check/{kind}", page.show, methods=["GET"])
    routes.add_api_route("/needs/submit", page.submit, methods=["POST"])
    routes.add_api_route("/needs/receipt/{reference}", page.receipt, methods=["GET"])
    return routes


class CheckPage:
    def __init__(self, door: NeedsDoor) -> None:
        self._door = door

    async def show_latest(self, request: Request) -> Response:
        """The draft being filled in, for whoever comes from the conversation."""
        account = await self._door.known(request)
        drafts = await self._door.ask(self._door.needs.drafts, account) if account else ()
        active = next((draft for draft in drafts if not draft.parked), None)
        if active is None or active.kind not in self._door.needs.formbook.forms:
            return RedirectResponse("/needs", 303)
        return RedirectResponse(f"/needs/check/{active.kind}", 303)

    async def show(self, request: Request, kind: str) -> Response:
        account = await self._door.known(request)
        card = await self._card(account, lambda draft: draft.kind == kind)
        if card is None:
            return RedirectResponse(f"/needs/form/{kind}" if kind in self._door.needs.formbook.forms else "/needs", 303)
        if _open_before_card(card):
            return RedirectResponse(f"/needs/form/{kind}?check=1", 303)
        return await self._drawn(request, card)

    async def submit(self, request: Request) -> Response:
        """Idempotent on the draft: whoever presses twice gets the same receipt."""
        account = await self._door.admit(request)
        async with self._door.posted(request) as posted, self._door.desk.turns.place(account):
            card = await self._card(account, lambda draft: draft.id == posted.one(DRAFT))
            if card is None:
                return await self._submitted_before(account, posted.one(DRAFT))
            if posted.one(REV) != str(card.draft.rev):
                return await self._drawn(request, replace(card, typed=posted.values, changed=True), status=409)
            return await self._submitted(request, await self._with_card(card, posted))

    async def receipt(self, request: Request, reference: str) -> Response:
        account = await self._door.known(request)
        found = await self._door.ask(self._door.needs.receipt, account, reference) if account else None
        if found is None:
            return RedirectResponse(f"/needs/track?ref={_plain(reference)}", 303)
        return self._receipt_page(request, found)

    async def _card(self, account: str | None, wanted: Callable[[Draft], bool]) -> Card | None:
        if account is None:
            return None
        book = self._door.needs.formbook
        drafts = await self._door.ask(self._door.needs.drafts, account)
        draft = next((draft for draft in drafts if wanted(draft) and draft.kind in book.forms), None)
        return Card(account, book.form(draft.kind), draft) if draft else None

    async def _with_card(self, card: Card, posted: Posted) -> Card:
        """The card with what was answered on it, committed."""
        needs, form = self._door.needs, card.form
        shown = _card_steps(form)
        taken = take(form, card.draft.answers, posted.values, shown, needs.reference, needs.today())
        errors = {**still_missing(form, taken.answers, [step.id for step in form.steps]), **taken.errors}
        card = replace(card, typed=posted.values, errors=errors)
        if dict(taken.answers) == dict(card.draft.answers):
            return card
        moved = card.draft.at(Standing(taken.answers, None, card.draft.pace))
        try:
            return replace(card, draft=await self._door.ask(needs.save, replace(moved, parked=False)))
        except StaleDraftError:
            return replace(card, changed=True)

    async def _submitted(self, request: Request, card: Card) -> Response:
        if card.changed or card.errors:
            return await self._drawn(request, card, status=409 if card.changed else 422)
        try:
            receipt = await self._door.ask(self._door.needs.submit, card.draft, lang_of(request))
        except NotReady as refusal:
            errors = dict.fromkeys(refusal.missing, refusal.saying)
            return await self._drawn(request, replace(card, errors=errors), status=422)
        except StaleDraftError:
            return await self._drawn(request, replace(card, changed=True), status=409)
        except NeedRefusal as refusal:
            refused = self._door.sorry(request, refusal)
            return await self._drawn(request, replace(card, refused=refused), status=422)
        return RedirectResponse(f"/needs/receipt/{receipt.reference}", 303)

    async def _submitted_before(self, account: str, draft: str) -> Response:
        reference = await self._door.ask(self._door.needs.submitted, account, draft) if draft else None
        return RedirectResponse(f"/needs/receipt/{reference}" if reference else "/needs/mine", 303)

    async def _drawn(self, request: Request, card: Card, status: int = 200) -> Response:
        needs, form, answers = self._door.needs, card.form, card.draft.answers
        at = Standings(answers, card.typed, errors=card.errors)
        lines = [line for line in summary(form, answers) if line.step.part != "card"]
        return self._door.page(
            request,
            "needs_check.html",
            status=status,
            card=card,
            form=form,
            lines=lines,
            sections=sections(form, at, ("card",)),
            steps=" ".join(_card_steps(form)),
            files=await self._door.ask(needs.attached, card.draft.id),
            similar=await self._door.ask(needs.similar, card.draft),
            supplements=supplements(form, answers),
        )

    def _receipt_page(self, request: Request, receipt: NeedReceipt) -> Response:
        track = f"{self._door.base(request)}/needs/track?ref={receipt.reference}"
        form = self._door.needs.formbook.forms.get(receipt.kind)
        return self._door.page(
            request,
            "needs_receipt.html",
            receipt=receipt,
            kind=form.label if form else receipt.kind,
            track=track,
            qr=qr_code(track),
        )


def qr_code(text: str) -> Markup:
    """A QR code as SVG for the page itself: paths only, no request."""
    svg = segno.make(text, error="m", micro=False).svg_inline(
        border=2, omitsize=True, svgclass="qr-code", lineclass=None
    )
    return Markup(svg)  # noqa: S704 (drawn by us, the text is in its paths)


def _card_steps(form: Form) -> list[str]:
    return [step.id for step in form.steps if step.part == "card"]


def _open_before_card(card: Card) -> bool:
    return any(step.part in PARTS for step in missing_required(card.form, card.draft.answers))


def _plain(reference: str) -> str:
    """A reference for an address: nothing but what references are made of."""
    kept = "".join(sign for sign in reference if sign.isascii() and (sign.isalnum() or sign == "-"))
    return kept[:20]
