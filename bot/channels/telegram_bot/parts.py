"""What is to be said in a chat, before it is sent: parts with their buttons, as plain nouns that survive JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

Action = Mapping[str, Any]
"""What a button does, as JSON: {"choice": id} goes to the conversation, the rest is the door's own (pressing.py)."""


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message: it acts, or opens `url`."""

    label: str
    action: Action | None = None
    url: str | None = None


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Attached:
    """A file to send: from the file store by its digest, or a text of our own (`content`)."""

    name: str
    digest: str | None = None
    content: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One message to send, or to write over one that stands (`edit`).

    `text` is plain and stands alone; `html` is the same marked up. `rows` are its buttons: their owner alone may press
    them (None: anybody in the chat). `form` names the step the buttons belong to. `contact` is the label of the button
    that shares one's number; `drop_contact` takes that button away again. `remove` is a message to delete first.
    """

    text: str = ""
    html: str | None = None
    rows: Rows = ()
    owner: int | None = None
    form: str | None = None
    edit: int | None = None
    remove: int | None = None
    reply_to: int | None = None
    contact: str | None = None
    drop_contact: bool = False
    file: Attached | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A button as it is sent: `data` comes back when it is pressed."""

    label: str
    data: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Payload:
    """A part as it is kept until it is out."""

    text: str = ""
    html: str | None = None
    keys: tuple[tuple[Key, ...], ...] = ()
    edit: int | None = None
    remove: int | None = None
    reply_to: int | None = None
    contact: str | None = None
    drop_contact: bool = False
    file: Attached | None = None

    @classmethod
    def of(cls, part: Part, keys: tuple[tuple[Key, ...], ...]) -> Self:
        return cls(
            part.text,
            part.html,
            keys,
            part.edit,
            part.remove,
            part.reply_to,
            part.contact,
            part.drop_contact,
            part.file,
        )

    def dump(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value not in (None, (), False, "")}

    @classmethod
    def load(cls, kept: Mapping[str, Any]) -> Self:
        keys = tuple(tuple(Key(**key) for key in row) for row in kept.get("keys", ()))
        file = Attached(**kept["file"]) if kept.get("file") else None
        return cls(**{**kept, "keys": keys, "file": file})
