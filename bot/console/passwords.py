"""Passwords: hashed with Argon2id, checked at the same cost whether the account exists or not, made up when needed."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

LONGEST = 256
AT_ONCE = 4
"""Each check takes the hasher's memory (64 MiB by default): so many at once, the others wait their turn."""

_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_GROUPS, _GROUP = 4, 4


class Passwords:
    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher
        self._turns = threading.BoundedSemaphore(AT_ONCE)

    def hash(self, password: str) -> str:
        with self._turns:
            return self._hasher.hash(_plain(password))

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether this is the password. Without a hash (no such account) the same work is done for nothing."""
        known = self._nobody if password_hash is None else password_hash
        with self._turns:
            try:
                right = self._hasher.verify(known, _plain(password))
            except (VerifyMismatchError, VerificationError, InvalidHashError):
                return False
        return right and password_hash is not None

    def outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than are used now."""
        return self._hasher.check_needs_rehash(password_hash)

    @cached_property
    def _nobody(self) -> str:
        """The hash of a password nobody has, made once with today's parameters."""
        return self.hash(secrets.token_urlsafe(32))


def one_time_password() -> str:
    """Sixteen letters to be read aloud or copied by hand: 79 bits, none that looks like another."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def _plain(password: str) -> str:
    """One spelling of what two keyboards may send in different code points (NFC); nothing else is changed."""
    return unicodedata.normalize("NFC", password)
