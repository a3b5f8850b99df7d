"""Which digests to replace by their originals first: those that the most questions were answered from."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response

from bot.console.corpus_pages import LOOKERS
from bot.console.rules import Routes
from bot.console.visit import Visit
from bot.corpus_rights import KEEPERS
from bot.coverage import wanted_originals

routes = Routes()

DAYS = (7, 30, 90, 365)
SHOWN = 100


@routes.rule("/corpus/wanted", roles=LOOKERS)
def wanted(visit: Visit) -> Response:
    parts = visit.desk.parts
    asked = visit.asked("days")
    days = int(asked) if asked in {str(number) for number in DAYS} else 90
    shelf = parts.reader.shelf()
    policies = [policy for policy in shelf.catalogue.policies if policy] if shelf else []
    found = wanted_originals(parts.engine, policies, parts.clock.now() - timedelta(days=days))
    return visit.page(
        "wanted.html",
        found=found[:SHOWN],
        total=len(found),
        asked=sum(one.questions > 0 for one in found),
        days=days,
        every_days=DAYS,
        may=visit.who.has(*KEEPERS),
    )
