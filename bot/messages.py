"""Message in, Reply out: the one shape every door speaks. A door translates its platform to and from these."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from rag.models import Answer, Citation


@dataclass(frozen=True, slots=True)
class FileIn:
    """A file a person sent, already in the file store: `digest` addresses it."""

    digest: str
    name: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact a person shared. `own` is True only where the platform vouches that it is the sender's."""

    name: str
    phone: str
    own: bool


@dataclass(frozen=True, slots=True)
class Message:
    """What a person sent. `id` is the door's idempotency key: the same id is handled once.

    Exactly one of text, choice, control, file, contact is set. `account` is the channel account (see bot/accounts.py),
    `conversation` the thread inside it. `district` and `as_of` may be set by the door for this message.
    """

    id: str
    account: str
    conversation: str
    received_at: datetime
    text: str | None = None
    choice: str | None = None
    control: str | None = None
    file: FileIn | None = None
    contact: Contact | None = None
    lang: Literal["zh", "en"] = "zh"
    district: str | None = None
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A button. It is sent back by its id; the label is what people see."""

    id: str
    label: str


FormInput = Literal[
    "text", "lines", "tags", "number", "money", "date", "phone", "email", "code", "choice", "multi", "yes_no", "file",
    "story", "proposals", "consent", "profile", "card",
]  # fmt: skip
"""What a form waits for. story: the need in one's own words · proposals: what was read from it, to be confirmed ·
profile: what is known of the organisation, to be confirmed · card: the summary before submitting."""


@dataclass(frozen=True, slots=True)
class FormPart:
    """Where a form stands, for doors that draw progress: step of total, and what input fits.

    `ask` is the question by itself, as it stands in the reply's text after an answer, an echo or an error; `name` the
    step's id, `kind` the form's. `picked` are ids of choices that are ticked in a multiple choice.
    """

    draft: str
    step: int
    total: int
    input: FormInput
    kind: str = ""
    name: str = ""
    ask: str = ""
    picked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What the assistant says. `text` is plain text that stands alone; `answer` is there when it answers a question."""

    status: str
    text: str
    choices: tuple[Choice, ...] = ()
    citations: tuple[Citation, ...] = ()
    files: tuple[FileIn, ...] = ()
    form: FormPart | None = None
    answer: Answer | None = field(default=None, repr=False)
