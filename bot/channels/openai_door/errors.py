"""The door's refusals in the shape that OpenAI's clients read: {"error": {message, type, param, code}}."""

from __future__ import annotations

from collections.abc import Mapping

from bot.channels.web_chat.refusals import DoorStatus, Refusal
from bot.channels.web_chat.schema import ErrorOut

PATHS = ("/v1/",)
NAMES: Mapping[str, str] = {
    DoorStatus.API_KEY: "invalid_api_key",
    DoorStatus.MODEL: "model_not_found",
    DoorStatus.TOO_MANY: "rate_limit_exceeded",
    DoorStatus.TOO_FAST: "rate_limit_exceeded",
    "error_too_long": "context_length_exceeded",
}
"""OpenAI's code, where it has one; else our status."""


def error_body(error: ErrorOut, code: int, param: str | None = None) -> dict[str, object]:
    """`message` is our sentence; `code` OpenAI's word or our status; `type` by the HTTP code."""
    kind = "rate_limit_error" if code == 429 else "server_error" if code >= 500 else "invalid_request_error"
    told = {"message": error.text, "type": kind, "param": param, "code": NAMES.get(error.status, error.status)}
    return {"error": {**told, "status": error.status, "reference": error.reference}}


def code_for_programs(code: int) -> int:
    """OpenAI knows no 422: what cannot be used is a bad request."""
    return 400 if code == 422 else code


def param_of(refusal: Refusal) -> str | None:
    field = refusal.values.get("field")
    return str(field) if field else None
