"""The way in, and the console's own files."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from bot.channels.web_chat.service_pages import FOREVER
from bot.console.navigation import entries
from bot.console.rules import Routes
from bot.console.visit import Declined, Visit

routes = Routes()


@routes.rule("")
def home(visit: Visit) -> Response:
    """On to the first page that is for this person."""
    found = entries(visit.desk.drawing.rules, visit.who.staff.roles)
    return RedirectResponse(found[0].path if found else "/console/me", 303)


@routes.rule("/static/{version}/{name}", public=True)
async def asset(visit: Visit) -> Response:
    assets = visit.desk.drawing.assets
    file = assets.files.get(visit.path("name"))
    if file is None:
        raise Declined(404, "not_found")
    caching = FOREVER if visit.path("version") == assets.version else "no-cache"
    return Response(file.content, media_type=file.media_type, headers={"Cache-Control": caching})
