"""Who is asking: the session cookie, and the account behind it."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from bot.channels.web_chat.door import set_cookie
from bot.channels.web_chat.limits import neighbourhood
from bot.channels.web_chat.ports import Sessions

DAY = 24 * 60 * 60
TOKEN_MAX = 200


class Visitors:
    """Reads and issues session cookies. `https` adds Secure and the __Host- prefix, which plain http cannot have."""

    def __init__(self, sessions: Sessions, *, https: bool, days: int) -> None:
        self.sessions = sessions
        self._https = https
        self._seconds = days * DAY
        self.cookie = "__Host-kc_session" if https else "kc_session"

    async def known(self, request: Request) -> str | None:
        """The account of a caller who has a session; nothing is opened for one who only looks around."""
        token = request.cookies.get(self.cookie)
        if not token or len(token) > TOKEN_MAX or not token.isascii():
            return None
        return await run_in_threadpool(self.sessions.resolve, token)

    async def account(self, request: Request, label: str | None = None) -> str:
        """The caller's account, with a new session where there is none; `label` names somebody inside it."""
        account = await self.known(request) or await self._opened(request)
        return await run_in_threadpool(self.sessions.labelled, account, label) if label else account

    async def _opened(self, request: Request) -> str:
        token, account = await run_in_threadpool(self.sessions.open)
        set_cookie(request.scope, self.cookie, token, seconds=self._seconds, https=self._https)
        return account


def address_of(request: Request) -> str:
    """The network address to count calls by. A proxy's X-Forwarded-For is the server's business (uvicorn)."""
    return neighbourhood(request.client.host) if request.client else "?"
