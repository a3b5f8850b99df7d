"""Signing in, giving the code, entering the password once more, signing out."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from bot.channels.web_chat.visitors import address_of
from bot.console.guard import sign_in_page
from bot.console.rules import Routes
from bot.console.session import HOME
from bot.console.signing_in import RefusedError
from bot.console.visit import Declined, Visit, inside

LONGEST_ACCOUNT = 64
LONGEST_PASSWORD = 1024


routes = Routes()


@routes.rule("/sign-in", anonymous=True)
def sign_in(visit: Visit) -> Response:
    if visit.signed_in is not None and visit.signed_in.settled:
        return RedirectResponse(HOME, 303)
    return sign_in_page(visit.desk, visit.request, visit.asked("next") or HOME)


@routes.rule("/sign-in", "POST", anonymous=True)
def enter(visit: Visit) -> Response:
    account, password, back = _account(visit), _password(visit), inside(_string(visit, "next"), HOME)
    before = visit.desk.cookies.read(visit.request, visit.desk.cookies.session)
    try:
        token = visit.desk.signing_in.enter(account, password, address_of(visit.request), before)
    except RefusedError as refused:
        status = 429 if refused.until else 403
        return sign_in_page(visit.desk, visit.request, back, status=status, refused=refused, account=account)
    visit.desk.cookies.keep(visit.request.scope, visit.desk.cookies.session, token)
    visit.desk.cookies.drop(visit.request.scope, visit.desk.cookies.knock)
    who = visit.desk.signing_in.resolve(token)
    return RedirectResponse(_code_address(back) if who is not None and who.owes_code else back, 303)


@routes.rule("/sign-in/code", before_code=True)
def code(visit: Visit) -> Response:
    if not visit.who.owes_code:
        return RedirectResponse(HOME, 303)
    return visit.page("code.html", next=inside(visit.query.get("next", "")), refused=None)


@routes.rule("/sign-in/code", "POST", before_code=True)
def give_code(visit: Visit) -> Response:
    back = inside(_string(visit, "next"))
    if not visit.who.owes_code:
        return RedirectResponse(back, 303)
    try:
        token = visit.desk.signing_in.give_code(visit.who, _digits(visit), address_of(visit.request))
    except RefusedError as refused:
        return visit.page("code.html", status=429 if refused.until else 403, next=back, refused=refused)
    visit.desk.cookies.keep(visit.request.scope, visit.desk.cookies.session, token)
    return RedirectResponse(back, 303)


@routes.rule("/me/confirm", "POST", unsettled=True, reauth=True)
def confirm(visit: Visit) -> Response:
    """The password was entered again (the guard saw to it); on to what it was for."""
    return RedirectResponse(inside(_string(visit, "next")), 303)


@routes.rule("/sign-out", "POST", before_code=True)
def leave(visit: Visit) -> Response:
    visit.desk.signing_in.leave(visit.who, address_of(visit.request))
    visit.desk.cookies.drop(visit.request.scope, visit.desk.cookies.session)
    return RedirectResponse("/console/sign-in?done=signed_out", 303)


def _account(visit: Visit) -> str:
    """The name typed. What no name can be is looked up as it is, and not found."""
    try:
        return visit.line("account", LONGEST_ACCOUNT)
    except Declined:
        return _string(visit, "account")[:LONGEST_ACCOUNT]


def _password(visit: Visit) -> str:
    return _string(visit, "password")[:LONGEST_PASSWORD]


def _digits(visit: Visit) -> str:
    return "".join(_string(visit, "code").split())[:10]


def _string(visit: Visit, name: str) -> str:
    value = visit.form.get(name)
    return value if isinstance(value, str) else ""


def _code_address(back: str) -> str:
    from urllib.parse import urlencode

    return "/console/sign-in/code" if back == HOME else f"/console/sign-in/code?{urlencode({'next': back})}"
