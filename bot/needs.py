"""The parts of intake as the dialogs and doors are handed them; bot/bootstrap.py wires them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.clock import Clock
from bot.files import FolderFileStore
from intake.formbook import Formbook
from intake.reference import Reference
from intake.store.cases import CaseStore
from intake.store.drafts import Drafts

if TYPE_CHECKING:
    from bot.licence_photos import LicencePhotos
    from bot.notices import Inbox
    from intake.docking import Docking
    from intake.handling import Handling
    from intake.privacy import Privacy
    from intake.sla import Timing
    from intake.store.people import People
    from intake.store.register import Register
    from intake.story_model import StoryModel
    from intake.submission import Submission


@dataclass(frozen=True, slots=True)
class Needs:
    """Everything a need passes through, from the first word to the closed case.

    `inbox` is where notices wait to be shown; without it none are counted as seen, and none are erased.
    `story_model` is there where a language model is; `licences` reads pictures of a 营业执照.
    """

    formbook: Formbook
    reference: Reference
    drafts: Drafts
    people: People
    cases: CaseStore
    submission: Submission
    handling: Handling
    register: Register
    timing: Timing
    docking: Docking
    privacy: Privacy
    files: FolderFileStore
    clock: Clock
    inbox: Inbox | None = None
    story_model: StoryModel | None = None
    licences: LicencePhotos | None = None
