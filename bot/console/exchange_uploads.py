"""Files that somebody looks over before they are taken: one a person, in memory, for half an hour."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

KEPT = timedelta(minutes=30)
MOST = 20
"""People whose files are kept at once; a file is five megabytes at most."""


@dataclass(frozen=True, slots=True)
class Upload:
    """`token` names it to the person who gave it."""

    token: str
    content: bytes
    file: str
    behalf: str
    at: datetime


class Uploads:
    def __init__(self) -> None:
        self._held: dict[str, Upload] = {}
        self._lock = Lock()

    def keep(self, person: str, content: bytes, file: str, behalf: str, now: datetime) -> Upload:
        """The person's file, in place of the one before."""
        upload = Upload(secrets.token_urlsafe(16), content, file, behalf, now)
        with self._lock:
            self._held.pop(person, None)
            self._held = {who: held for who, held in self._held.items() if now - held.at < KEPT}
            while len(self._held) >= MOST:
                self._held.pop(next(iter(self._held)))
            self._held[person] = upload
        return upload

    def take(self, person: str, token: str, now: datetime) -> Upload | None:
        """The person's file of that name, which is then gone from here; None where it is not there any more."""
        with self._lock:
            held = self._held.get(person)
            if held is None or held.token != token:
                return None
            del self._held[person]
        return held if now - held.at < KEPT else None
