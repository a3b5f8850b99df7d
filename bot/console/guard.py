"""Stands before every handler and asks what its rule says: a private line, who, their role, the form's token.

The order matters: nobody's form is read before it is known whose session it is, and nothing is handled before all of
it holds. What a person may do to a case is not asked here but of intake.review, by the handlers; what to the corpus, of
bot/corpus_rights.py.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, cast

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.channels.web_chat.visitors import address_of
from bot.console.desk import Desk, wants_page
from bot.console.rules import Handler, Rule
from bot.console.session import HOME, SignedIn, csrf_of, is_private, new_token, same
from bot.console.signing_in import RefusedError
from bot.console.visit import Declined, Visit, inside
from bot.corpus_rights import RightsError
from intake.review import GuardError, NotAllowedError, NotFoundError

TOKEN_FIELD = "csrf"  # noqa: S105  # the name of a field
PASSWORD_FIELD = "password_again"  # noqa: S105
NEXT_FIELD = "next"
MOST_FIELDS, MOST_FILES = 600, 20

Endpoint = Callable[[Request], Awaitable[Response]]


def guarded(desk: Desk, rule: Rule, handler: Handler) -> Endpoint:
    """The handler behind its rule. The rule stands on the endpoint, where `check_declared` looks for it."""
    desk.drawing.rules.append(rule)

    async def endpoint(request: Request) -> Response:
        who: SignedIn | None = None
        try:
            _check_private(desk, rule, request)
            who = await _who(desk, rule, request)
            if who is None and not rule.anonymous:
                return ask_to_sign_in(desk, request, over=_brings_token(desk, request))
            _check_role(rule, who)
            if who is not None and not rule.admits(who):
                return unsettled(who, rule)
            form = await _form(desk, rule, request, who)
            try:
                visit = Visit(request, desk, who, form)
                if rule.reauth and (asked := await _ask_again(visit)) is not None:
                    return asked
                return await _handled(handler, visit)
            finally:
                await form.close()  # what was uploaded is in a file of its own
        except Declined as error:
            return desk.declined(request, who, error)

    endpoint.console_rule = rule  # type: ignore[attr-defined]  # a mark that tests and the start look for
    return endpoint


async def _handled(handler: Handler, visit: Visit) -> Response:
    try:
        if inspect.iscoroutinefunction(handler):
            return await cast(Awaitable[Response], handler(visit))
        return await run_in_threadpool(cast(Callable[[Visit], Response], handler), visit)
    except NotFoundError as error:
        raise Declined(404, "not_found") from error
    except RightsError as error:
        places = "、".join(error.places) or "—"
        raise Declined(403, f"rights_{error.why}", places=places, named=error.named) from error
    except (NotAllowedError, GuardError) as error:
        raise Declined(403 if isinstance(error, NotAllowedError) else 422, "not_allowed") from error


def _check_private(desk: Desk, rule: Rule, request: Request) -> None:
    if not rule.public and not is_private(request, https=desk.parts.https):
        raise Declined(403, "plain_http")


async def _who(desk: Desk, rule: Rule, request: Request) -> SignedIn | None:
    """Whoever the session's cookie stands for, their token renewed where their roles have changed."""
    token = desk.cookies.read(request, desk.cookies.session)
    if token is None or rule.public:
        return None
    who = await run_in_threadpool(desk.signing_in.resolve, token, background=rule.background)
    if who is None or rule.writes or rule.background or not wants_page(request):
        return who
    fresh = await run_in_threadpool(desk.signing_in.turned, who)
    if fresh is None:
        return who
    desk.cookies.keep(request.scope, desk.cookies.session, fresh)
    return await run_in_threadpool(desk.signing_in.resolve, fresh)


def _check_role(rule: Rule, who: SignedIn | None) -> None:
    if who is not None and not rule.anonymous and who.staff.roles.isdisjoint(rule.roles):
        raise Declined(403, "role")


def unsettled(who: SignedIn, rule: Rule) -> Response:
    """On to what must be done first: the code, a password of one's own, a second factor."""
    if rule.writes:
        raise Declined(403, "unsettled")
    if who.owes_code:
        return RedirectResponse("/console/sign-in/code", 303)
    return RedirectResponse("/console/me/password" if who.must_change else "/console/me/code", 303)


async def _form(desk: Desk, rule: Rule, request: Request, who: SignedIn | None) -> FormData:
    """What was filled in, once its token has shown that one of our own pages sent it."""
    if not rule.writes:
        return FormData()
    form = await request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS)
    if rule.csrf:
        given = request.headers.get("x-csrf-token") or form.get(TOKEN_FIELD)
        wanted = who.csrf if who is not None and not rule.anonymous else _knock_token(desk, request)
        if wanted is None or not isinstance(given, str) or not same(given, wanted):
            raise Declined(403, "sign_in_form" if rule.anonymous else "form_too_old")
    return form


def _knock_token(desk: Desk, request: Request) -> str | None:
    """The token of the sign-in form that this browser was given."""
    knock = desk.cookies.read(request, desk.cookies.knock)
    return None if knock is None else csrf_of(knock)


async def _ask_again(visit: Visit) -> Response | None:
    """The page that asks for the password once more, carrying what was filled in; None where it may go on."""
    if visit.who.reauth_fresh:
        return None
    refused: RefusedError | None = None
    password = visit.form.get(PASSWORD_FIELD)
    if isinstance(password, str) and password:
        try:
            signing_in, address = visit.desk.signing_in, address_of(visit.request)
            await run_in_threadpool(signing_in.enter_again, visit.who, password, address)
        except RefusedError as error:
            refused = error
        else:
            return None
    kept = [(name, value) for name, value in visit.form.multi_items() if isinstance(value, str)]
    fields = [(name, value) for name, value in kept if name not in {TOKEN_FIELD, PASSWORD_FIELD}]
    writes = visit.request.method == "POST"
    action = visit.request.url.path if writes else "/console/me/confirm"
    if not writes:
        fields = [(NEXT_FIELD, _address(visit.request))]
    status = 200 if refused is None else 403
    return visit.page("reauth.html", status=status, action=action, fields=fields, refused=refused)


def ask_to_sign_in(desk: Desk, request: Request, *, over: bool) -> Response:
    """The sign-in page in place of what was asked for (401); afterwards it goes on there."""
    if not wants_page(request):
        return desk.declined(request, None, Declined(401, "sign_in"))
    if not over and _follows_a_link_from_elsewhere(request):
        return desk.drawing.page(request, "console/again.html", status=401, again=_address(request))
    back = _address(request) if request.method == "GET" else HOME
    return sign_in_page(desk, request, back, status=401, over=over)


def sign_in_page(
    desk: Desk, request: Request, back: str, *, status: int = 200, over: bool = False,
    refused: RefusedError | None = None, account: str = "",
) -> Response:  # fmt: skip
    knock = desk.cookies.read(request, desk.cookies.knock)
    if knock is None:
        knock = new_token()
        desk.cookies.keep(request.scope, desk.cookies.knock, knock)
    context: dict[str, Any] = {"form_token": csrf_of(knock), "next": inside(back), "over": over, "refused": refused}
    return desk.drawing.page(request, "console/sign_in.html", status=status, account=account, **context)


def _follows_a_link_from_elsewhere(request: Request) -> bool:
    """A Strict cookie does not come along from another site's page (a link in a mail), though somebody may be signed
    in. Asking once more from a page of our own brings it; it is only for reading, and cannot go round in circles."""
    asked = (request.headers.get("sec-fetch-site"), request.headers.get("sec-fetch-mode"))
    return request.method == "GET" and asked == ("cross-site", "navigate")


def _brings_token(desk: Desk, request: Request) -> bool:
    return desk.cookies.read(request, desk.cookies.session) is not None


def _address(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
