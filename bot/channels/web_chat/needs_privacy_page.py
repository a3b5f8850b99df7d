"""What is kept about oneself: read the notice, take a copy, withdraw consent, have everything erased."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from bot.channels.web_chat.desk import CONVERSATION
from bot.channels.web_chat.needs_door import NeedsDoor, from_markdown
from bot.channels.web_chat.needs_form_page import DO
from bot.channels.web_chat.pages import lang_of

TYPED = "confirm"


def privacy_routes(door: NeedsDoor) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    pages = PrivacyPages(door)
    routes.add_api_route("/needs/privacy", pages.show, methods=["GET"])
    routes.add_api_route("/needs/privacy", pages.change, methods=["POST"])
    routes.add_api_route("/needs/privacy/export", pages.export, methods=["POST"])
    return routes


class PrivacyPages:
    def __init__(self, door: NeedsDoor) -> None:
        self._door = door

    async def show(self, request: Request) -> Response:
        return await self._drawn(request)

    async def change(self, request: Request) -> Response:
        """Withdraw consent, or erase; each wants its word typed, since neither can be taken back."""
        account = await self._door.admit(request)
        async with self._door.posted(request) as posted, self._door.desk.turns.place(account):
            do = posted.one(DO)
            words = self._door.desk.pages.words[lang_of(request)]
            if do not in ("withdraw", "erase"):
                return RedirectResponse("/needs/privacy", 303)
            if posted.one(TYPED).strip() != words(f"needs.privacy.{do}_word"):
                return await self._drawn(request, wrong=do, status=422)
            await self._carry_out(account, do, lang_of(request))
        return RedirectResponse(f"/needs/privacy?done={do}", 303)

    async def export(self, request: Request) -> Response:
        """A copy of everything, as a file to save: what was submitted, and the conversation."""
        account = await self._door.admit(request)
        kept = await self._door.ask(self._door.needs.export, account)
        turns = await self._door.desk.past(account)
        conversation = [{"at": turn.at.isoformat(), "asked": turn.question, "reply": turn.reply} for turn in turns]
        body = json.dumps({**kept, "conversation": conversation}, ensure_ascii=False, indent=1, default=str)
        headers = {"Content-Disposition": 'attachment; filename="my-data.json"'}
        return Response(body, media_type="application/json", headers=headers)

    async def _carry_out(self, account: str, do: str, lang: str) -> None:
        needs = self._door.needs
        if do == "withdraw":
            await self._door.ask(needs.consent, account, False, lang)
            return
        await self._door.ask(needs.erase, account)
        await run_in_threadpool(self._door.desk.assistant.forget, account, CONVERSATION)

    async def _drawn(self, request: Request, *, wrong: str = "", status: int = 200) -> Response:
        account = await self._door.known(request)
        notice = await self._door.ask(self._door.needs.notice, lang_of(request))
        done = request.query_params.get("done")
        return self._door.page(
            request,
            "needs_privacy.html",
            status=status,
            notice=from_markdown(notice.text),
            version=notice.version,
            consented=bool(account) and await self._door.ask(self._door.needs.consented, account),
            wrong=wrong,
            done=done if done in ("withdraw", "erase") else "",
        )
