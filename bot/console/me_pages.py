"""One's own account: the password, the second factor, where one is signed in."""

from __future__ import annotations

from starlette.responses import Response

from bot.channels.web_chat.visitors import address_of
from bot.console import codes
from bot.console.parts import TelegramLinks
from bot.console.rules import Routes
from bot.console.session import digest
from bot.console.signing_in import RefusedError
from bot.console.visit import Declined, Visit

routes = Routes()


@routes.rule("/me")
def me(visit: Visit) -> Response:
    return _me_page(visit)


@routes.rule("/me/telegram", "POST", reauth=True)
def link_telegram(visit: Visit) -> Response:
    """A one-time code, shown once: whoever sends it to the bot is this account there."""
    links = _links(visit)
    return _me_page(visit, links.issue(visit.who.staff.id, visit.who.staff.id, visit.desk.parts.clock.now()).code)


@routes.rule("/me/telegram/end", "POST")
def unlink_telegram(visit: Visit) -> Response:
    links = _links(visit)
    user = links.user_of(visit.who.staff.id)
    if user is not None:
        links.unlink(user)
    return visit.go("/me", "telegram_unlinked")


def _me_page(visit: Visit, link_code: str | None = None) -> Response:
    parts, account = visit.desk.parts, visit.who.staff.id
    return visit.page(
        "me.html",
        sessions=visit.desk.signing_in.sessions.of(account, parts.clock.now()),
        mine=digest(visit.who.token),
        teams=[team for team in parts.needs.register.teams() if team.id in visit.who.actor.teams],
        required=parts.totp_required,
        telegram=parts.telegram is not None,
        linked=parts.telegram is not None and parts.telegram.user_of(account) is not None,
        link_code=link_code,
    )


def _links(visit: Visit) -> TelegramLinks:
    links = visit.desk.parts.telegram
    if links is None:
        raise Declined(404, "not_found")
    return links


@routes.rule("/me/password", unsettled=True)
def password(visit: Visit) -> Response:
    return visit.page("password.html", refused=None)


@routes.rule("/me/password", "POST", unsettled=True)
def change_password(visit: Visit) -> Response:
    present, wanted, again = (_string(visit, name) for name in ("present", "wanted", "again"))
    try:
        if wanted != again:
            raise RefusedError("password.differ")
        token = visit.desk.signing_in.change_password(visit.who, present, wanted, address_of(visit.request))
    except RefusedError as refused:
        return visit.page("password.html", status=429 if refused.until else 422, refused=refused)
    visit.desk.cookies.keep(visit.request.scope, visit.desk.cookies.session, token)
    return visit.go("/me", "password_changed")


@routes.rule("/me/code", unsettled=True, reauth=True)
def code(visit: Visit) -> Response:
    return _code_page(visit)


@routes.rule("/me/code", "POST", unsettled=True, reauth=True)
def confirm_code(visit: Visit) -> Response:
    _not_before_the_password(visit)
    digits = "".join(_string(visit, "code").split())[:10]
    try:
        visit.desk.signing_in.confirm_code(visit.who, digits, address_of(visit.request))
    except RefusedError as refused:
        return _code_page(visit, refused)
    return visit.go("/me", "code_set")


@routes.rule("/me/code/remove", "POST", reauth=True)
def remove_code(visit: Visit) -> Response:
    if visit.desk.parts.totp_required:
        raise Declined(403, "code_required")
    visit.desk.signing_in.remove_code(visit.who.staff.id, address_of(visit.request))
    visit.desk.cookies.drop(visit.request.scope, visit.desk.cookies.session)
    return visit.go("/sign-in", "code_removed")


@routes.rule("/me/sessions/end", "POST")
def end_others(visit: Visit) -> Response:
    visit.desk.signing_in.sessions.end_all(visit.who.staff.id, but=visit.who.token)
    return visit.go("/me", "sessions_ended")


def _code_page(visit: Visit, refused: RefusedError | None = None) -> Response:
    """The secret to scan; shown only to somebody who has none in use, so that it is never shown twice."""
    _not_before_the_password(visit)
    if visit.who.has_code:
        return visit.go("/me")
    secret = visit.desk.signing_in.offer_code(visit.who)
    status = 200 if refused is None else 429 if refused.until else 422
    picture, letters = codes.picture(secret, visit.who.staff.id), codes.grouped(secret)
    return visit.page("code_new.html", status=status, picture=picture, letters=letters, refused=refused)


def _not_before_the_password(visit: Visit) -> None:
    """First a password of one's own, then a code for it."""
    if visit.who.must_change:
        raise Declined(403, "unsettled")


def _string(visit: Visit, name: str) -> str:
    value = visit.form.get(name)
    return value if isinstance(value, str) else ""
