"""What a program sends to POST /v1/chat/completions: OpenAI's fields that mean something here, checked and bounded.

Whatever else OpenAI knows (temperature, tools, seed …) is taken and left aside: nothing here could be turned by it.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StrictBool

from bot.channels.web_chat.asked import TEXT_MAX, Day, Label, Place
from bot.channels.web_chat.hygiene import clean
from rag.models import Turn

MODEL = "kechuang-assistant"
MOST_MESSAGES = 200
MOST_TURNS = 12
LONGEST_TURN = 2000
"""Of what was said before: the latest twelve messages, their first two thousand characters each."""


class Part(BaseModel):
    type: Literal["text"]
    text: Annotated[str, Field(max_length=TEXT_MAX)]


class Said(BaseModel):
    """One message. What role `system` or `developer` says instructs nobody here; tools are not there to be used."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Annotated[str, Field(max_length=TEXT_MAX)] | Annotated[list[Part], Field(max_length=50)] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(BaseModel):
    include_usage: StrictBool | None = None


class ResponseFormat(BaseModel):
    type: Literal["text"]


class CompletionRequest(BaseModel):
    """The last message of the user is the question; at most so many before it are the talk it leans on."""

    model: Annotated[str, Field(max_length=100, description=f"{MODEL}: see GET /v1/models")]
    messages: Annotated[list[Said], Field(min_length=1, max_length=MOST_MESSAGES)]
    stream: StrictBool | None = None
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = None
    response_format: ResponseFormat | None = None
    user: Label | None = Field(default=None, description="whom you ask for; counted against the limits of one asker")
    district: Place | None = Field(default=None, description="ours: the asker's district")
    as_of: Day | None = Field(default=None, description="ours: answer as of this day, YYYY-MM-DD; default today")

    @property
    def day(self) -> date | None:
        return date.fromisoformat(self.as_of) if self.as_of else None

    @property
    def question(self) -> str:
        """Raises UncleanError; "" where nobody asks."""
        asked = self._asked
        return "" if asked is None else clean(self.messages[asked].text)

    @property
    def history(self) -> tuple[Turn, ...]:
        """What user and assistant said before, the oldest first. Raises UncleanError."""
        before = [m for m in self.messages[: self._asked or 0] if m.role in {"user", "assistant"} and m.text.strip()]
        return tuple(
            Turn("user" if m.role == "user" else "assistant", clean(m.text[:LONGEST_TURN], lenient=True))
            for m in before[-MOST_TURNS:]
        )

    @property
    def _asked(self) -> int | None:
        return next(
            (place for place in reversed(range(len(self.messages))) if self.messages[place].role == "user"), None
        )
