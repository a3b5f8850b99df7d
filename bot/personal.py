"""A person's rights over what is kept about them, the same at every door: see all of it, have all of it erased."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bot.accounts import Accounts
from bot.files import FileStoreError
from bot.history import History
from bot.needs import Needs
from intake.cases import Via
from intake.store.files import unnamed

DISTRICT = "district"
_EXPORT = "form_export"
_DIGEST = re.compile(r'"digest":"([0-9a-f]{64})"')


@dataclass(frozen=True, slots=True)
class Gone:
    """What an erasure came to."""

    cases: tuple[str, ...]
    drafts: int
    turns: int
    files: int


@dataclass(frozen=True, slots=True)
class Personal:
    """Over intake, the record of the talk, notices, settings and files. An account is one of the person's."""

    needs: Needs
    history: History
    accounts: Accounts

    def export(self, account: str, person: str) -> dict[str, Any]:
        """Everything, fit for JSON."""
        found = self.accounts.get(account)
        return {
            "needs": self.needs.privacy.export(person),
            "settings": dict(found.settings) if found else {},
            "conversation": self.history.export(account),
        }

    def erase(self, account: str, person: str, via: Via) -> Gone:
        """Cases' words, drafts, profile, files, earlier exports, notices, the record, the district that was kept."""
        exports = self.exports(account)
        erased = self.needs.privacy.erase(person, via)
        if self.needs.inbox is not None:
            self.needs.inbox.forget(account)
        turns = self.history.delete(account)
        self.accounts.keep_setting(account, DISTRICT, None)
        return Gone(erased.cases, erased.drafts, turns, self.forget_files({*erased.files, *exports}))

    def forget_files(self, digests: Iterable[str]) -> int:
        """Delete content that no draft and no case names any more; how much that was."""
        count = 0
        for digest in unnamed(self.needs.cases.engine, list(digests)):
            with suppress(FileStoreError):  # a disk that fails: the chore for files nobody names tries again
                self.needs.files.delete(digest)
                count += 1
        return count

    def exports(self, account: str) -> set[str]:
        """The files that were handed out with the person's own data in them."""
        handed_out = (turn for turn in self.history.export(account) if turn["status"] == _EXPORT)
        return {digest for turn in handed_out for digest in _DIGEST.findall(turn["reply_json"])}
