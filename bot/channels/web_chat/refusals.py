"""The ways the door itself says no: a status of the API, an HTTP code, and a sentence by key.

Refusal ── raised anywhere behind the door, answered by it as JSON (API) or as a page
"""

from __future__ import annotations

from enum import StrEnum


class DoorStatus(StrEnum):
    """Statuses that come from the door and not from the assistant. The sentence of each is `error.<name>`."""

    INVALID_JSON = "error_invalid_json"
    INVALID_FIELD = "error_invalid_field"
    UNCLEAN = "error_unclean_text"
    EMPTY = "error_empty"
    TOO_LARGE = "error_too_large"
    FILE_TOO_LARGE = "error_file_too_large"
    FILE_TYPE = "error_file_type"
    TOO_SLOW = "error_too_slow"
    MEDIA_TYPE = "error_media_type"
    FOREIGN = "error_cross_site"
    HOST = "error_unknown_host"
    API_KEY = "error_api_key"
    MODEL = "error_unknown_model"
    NOT_FOUND = "error_not_found"
    METHOD = "error_method"
    TOO_MANY = "error_too_many"
    TOO_FAST = "error_too_fast"
    BUSY = "error_busy"
    NOT_READY = "error_not_ready"
    INTERNAL = "error_internal"
    REFUSED = "error_refused"


CODES: dict[str, int] = {
    DoorStatus.INVALID_JSON: 400,
    DoorStatus.INVALID_FIELD: 422,
    DoorStatus.UNCLEAN: 422,
    DoorStatus.EMPTY: 422,
    DoorStatus.TOO_LARGE: 413,
    DoorStatus.FILE_TOO_LARGE: 413,
    DoorStatus.FILE_TYPE: 415,
    DoorStatus.TOO_SLOW: 408,
    DoorStatus.MEDIA_TYPE: 415,
    DoorStatus.FOREIGN: 403,
    DoorStatus.HOST: 400,
    DoorStatus.API_KEY: 401,
    DoorStatus.MODEL: 404,
    DoorStatus.NOT_FOUND: 404,
    DoorStatus.METHOD: 405,
    DoorStatus.TOO_MANY: 429,
    DoorStatus.TOO_FAST: 429,
    DoorStatus.BUSY: 503,
    DoorStatus.NOT_READY: 503,
    DoorStatus.INTERNAL: 500,
    DoorStatus.REFUSED: 400,
    "error_too_long": 422,
}
"""HTTP code by status; a reply of the assistant that is no error is 200."""


class Refusal(Exception):  # noqa: N818 (it is an outcome, not a fault)
    """`values` go into the sentence; `retry_after` is in seconds."""

    def __init__(
        self, status: DoorStatus, *, retry_after: float | None = None, reference: str | None = None, **values: object
    ) -> None:
        super().__init__(str(status))
        self.status = status
        self.retry_after = None if retry_after is None else max(1, round(retry_after + 0.5))
        self.reference = reference
        self.values = values

    @property
    def code(self) -> int:
        return CODES[self.status]

    @property
    def key(self) -> str:
        return "error." + self.status.removeprefix("error_")


def code_of(status: str) -> int:
    """The HTTP code under which a reply of this status is sent."""
    if not status.startswith("error_"):
        return 200
    return CODES.get(status, 500)
