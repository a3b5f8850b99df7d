"""Every route of the console is declared here with who may use it; a route that is not cannot be served.

routes = Routes(desk)

@routes.rule("/staff/{account}", "POST", roles=ADMINS, reauth=True)
def change_staff(visit: Visit) -> Response: ...
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from starlette.responses import Response
from starlette.routing import BaseRoute

from intake.cases import Role
from intake.staff import STAFF_ROLES

if TYPE_CHECKING:
    from bot.console.session import SignedIn
    from bot.console.visit import Visit

PREFIX = "/console"
Method = Literal["GET", "POST"]
Handler = Callable[["Visit"], "Response | Awaitable[Response]"]

STAFF = STAFF_ROLES
ADMINS = frozenset({Role.ADMIN})
OVERSEERS = frozenset({Role.ADMIN, Role.AUDITOR})
CASEWORK = frozenset({Role.CLERK, Role.SPECIALIST, Role.LEAD, Role.COORDINATOR})
READERS = CASEWORK | {Role.AUDITOR}


class UndeclaredRouteError(Exception):
    """A route under /console has no rule. Declare it through `Routes.rule`."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may use a route.

    `roles`: any of them will do. `csrf`: a POST must carry the session's token. `reauth`: the password must have been
    entered a few minutes ago. `anonymous`: before signing in. `unsettled`: also for those who must first change their
    password or set up a code. `before_code`: and for those who gave the password and still owe the code. `background`:
    what a page asks for by itself does not keep an idle session alive. `public`: no secret at all (a style sheet), so
    it is served over plain HTTP, too.
    """

    path: str
    method: Method
    roles: frozenset[Role]
    csrf: bool = True
    reauth: bool = False
    anonymous: bool = False
    unsettled: bool = False
    before_code: bool = False
    background: bool = False
    public: bool = False

    def admits(self, who: SignedIn) -> bool:
        """Whether somebody may come here before they have done what they must do first."""
        return who.settled or self.anonymous or (self.before_code if who.owes_code else self.unsettled)

    @property
    def writes(self) -> bool:
        return self.method == "POST"


class Routes:
    """The routes of one part of the console, declared where their handlers are, served once there is a desk."""

    def __init__(self) -> None:
        self.declared: list[tuple[Rule, Handler]] = []

    def rule(
        self,
        path: str,
        method: Method = "GET",
        *,
        roles: Iterable[Role] = STAFF,
        csrf: bool = True,
        reauth: bool = False,
        anonymous: bool = False,
        unsettled: bool = False,
        before_code: bool = False,
        background: bool = False,
        public: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Declare a route; `path` is below /console. A handler that is not async runs in a thread."""
        rule = Rule(
            PREFIX + path,
            method,
            frozenset(roles),
            csrf=csrf,
            reauth=reauth,
            anonymous=anonymous or public,
            unsettled=unsettled or before_code,
            before_code=before_code,
            background=background,
            public=public,
        )

        def declared(handler: Handler) -> Handler:
            self.declared.append((rule, handler))
            return handler

        return declared


def rule_of(route: BaseRoute) -> Rule | None:
    rule = getattr(getattr(route, "endpoint", None), "console_rule", None)
    return rule if isinstance(rule, Rule) else None


def console_routes_of(routes: Iterable[BaseRoute], prefix: str = "") -> Iterator[BaseRoute]:
    """Every route of an app that is answered under /console: inside mounts and included routers, too."""
    for route in routes:
        included = getattr(route, "original_router", None)  # FastAPI's wrapper of a router that was included
        path = prefix + str(getattr(getattr(route, "include_context", None), "prefix", getattr(route, "path", "")))
        inside = getattr(included or route, "routes", None)
        if inside:
            yield from console_routes_of(inside, path)
        elif path == PREFIX or path.startswith(f"{PREFIX}/"):
            yield route


def check_declared(routes: Iterable[BaseRoute]) -> None:
    """Raises UndeclaredRouteError. Asked whenever the app is built, so that such a build does not start."""
    bare = [getattr(route, "path", "?") for route in console_routes_of(routes) if rule_of(route) is None]
    if bare:
        raise UndeclaredRouteError(", ".join(bare))
