"""Why was this retrieved (检索过程): any question, step by step, as the pipeline takes it. Nothing is kept of it."""

from __future__ import annotations

from datetime import date
from typing import Any

from starlette.responses import Response

from bot.channels.web_chat.pages import lang_of
from bot.console.corpus_unanswered import BOARD
from bot.console.rules import Routes
from bot.console.visit import Visit
from intake.reading.sensitive import without_numbers
from rag.explaining import Explained, explain
from rag.jurisdictions import parse_place, places
from rag.models import Question

routes = Routes()

LONGEST = 400


@routes.rule("/why", roles=BOARD)
def why(visit: Visit) -> Response:
    """Asked without a language model, so that it costs nothing and says the same each time; `model` asks it, too."""
    asked = without_numbers(visit.asked("q", LONGEST))
    home, day = visit.asked("district"), _day(visit.asked("as_of"))
    aided = visit.asked("model") == "1"
    district = home if parse_place(home) else None
    question = Question(asked, district=district, as_of=day, aided=aided)
    found = explain(visit.desk.parts.pipeline, question) if asked else None
    words = visit.desk.drawing.words[lang_of(visit.request)]
    context: dict[str, Any] = {
        "question": asked,
        "district": home if district else "",
        "as_of": day.isoformat() if day else "",
        "with_model": aided,
        "model": bool(visit.desk.parts.settings.llm),
        "found": found,
        "unpublished": bool(asked) and found is None,
        "places": [place.name for place in places() if place.kind in ("district", "zone")],
        "wants": "、".join(words(f"why.want.{want}") for want in (found.wants if found else ())),
        "top": _top(found),
    }
    return visit.page("why.html", **context)


def _top(found: Explained | None) -> float:
    """The highest score, for drawing the others beside it."""
    return max((row.score for row in found.candidates), default=1.0) or 1.0 if found else 1.0


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None
