"""What a draft waits for besides an answer: kept in the draft itself, so that it survives a restart."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from intake.store.drafts import Draft
from intake.values import Answered


class Proposed(BaseModel):
    """A value read from somebody's own words, not confirmed yet. `answered.text` is the stretch it came from.

    `by_model`: a language model found it, which is said beside it."""

    model_config = ConfigDict(frozen=True)

    step: str
    answered: Answered
    by_model: bool = False


class Pending(BaseModel):
    """`offers` are values that other answers imply, by step; `unsure` is a text that may be a question, `kept` one that
    was asked as a question and may still be the answer. Fields that another version wrote are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    doing: Literal["", "story", "kind", "proposed"] = ""
    story: str = ""
    proposals: tuple[Proposed, ...] = ()
    editing: str | None = None
    unsure: str | None = None
    kept: str | None = None
    picked: tuple[str, ...] = ()
    suggestion: str | None = None
    offers: dict[str, Answered] = {}
    profile_asked: bool = False
    anyway: bool = False

    @classmethod
    def of(cls, draft: Draft) -> Self:
        try:
            return cls.model_validate(draft.pending)
        except ValidationError:  # written by another version: the answers are what counts
            return cls()

    def on(self, draft: Draft) -> Draft:
        """The draft with this pending in place of its own."""
        return replace(draft, pending=self.model_dump(mode="json", exclude_defaults=True))

    def but(self, **changes: object) -> Self:
        return self.model_copy(update=changes)

    def carried(self) -> Self:
        """What outlives an answer: the values implied for other steps, and that the profile is being asked anew."""
        return type(self)(offers=self.offers, profile_asked=self.profile_asked)
