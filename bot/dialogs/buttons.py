"""Buttons: an id says what is meant and, in a form, of which draft and revision. At most 64 bytes (Telegram)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from bot.messages import Choice
from intake.store.drafts import Draft

FORM, MENU, CASE, MINE, QUESTION = "n", "m", "t", "d", "p"
"""n:<draft>:<rev>:<what> · m:<what> · t:<reference>:<what> · d:<what> · p:<digest of a message>[:<what>]"""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button as it comes back. `rev` is None outside forms."""

    kind: str
    target: str
    what: str
    rev: int | None = None

    @classmethod
    def of(cls, choice: str) -> Self | None:
        """None for a button that is none of ours."""
        kind, _, rest = choice.partition(":")
        if kind == FORM:
            draft, _, rest = rest.partition(":")
            rev, _, what = rest.partition(":")
            return cls(kind, draft, what, int(rev) if rev.isascii() and rev.isdigit() and len(rev) < 10 else -1)
        if kind in (CASE, QUESTION):
            target, _, what = rest.partition(":")
            return cls(kind, target, what)
        return cls(kind, "", rest) if kind in (MENU, MINE) else None


def of_draft(draft: Draft, what: str, label: str) -> Choice:
    """A button that counts only while the draft stands at this revision."""
    return Choice(f"{FORM}:{draft.id}:{draft.rev}:{what}", label)


def of_menu(what: str, label: str) -> Choice:
    return Choice(f"{MENU}:{what}", label)


def of_case(reference: str, what: str, label: str) -> Choice:
    return Choice(f"{CASE}:{reference}:{what}", label)


def of_mine(what: str, label: str) -> Choice:
    return Choice(f"{MINE}:{what}", label)


def number_after(what: str, letter: str) -> int | None:
    """3 of "o3"; None where it is not that letter and a number."""
    rest = what.removeprefix(letter)
    return int(rest) if rest != what and rest.isascii() and rest.isdigit() and len(rest) < 4 else None
