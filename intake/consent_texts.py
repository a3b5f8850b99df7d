"""The notice a person agrees to before personal values are asked (PIPL Art. 14, 17): its version and its words."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

VERSION = "v1"
"""In force. Raise it, with new files, when purpose, fields, recipients or rights change: everybody is asked again."""

FOLDER = Path(__file__).parent / "consent"
LANGUAGES = ("zh", "en")
BACKUP_DAYS = 90
"""Longer than this no backup is to be kept (docs/operations.md)."""


@dataclass(frozen=True, slots=True)
class ConsentNotice:
    """A notice as shown. `key` names these very words (version, language, digest); consents are recorded under it."""

    version: str
    lang: str
    text: str

    @property
    def key(self) -> str:
        digest = hashlib.sha256(self.text.encode()).hexdigest()
        return f"{self.version}-{self.lang}-{digest[:12]}"


def load_consent(
    contact: str, days: int, backup_days: int = BACKUP_DAYS, folder: Path = FOLDER, operator: str = "本助手的主办单位"
) -> Mapping[str, ConsentNotice]:
    """The notice in force by language.

    `operator`: who handles the data; `contact`: how to reach them; `days`: how long it is kept after a case ended;
    `backup_days`: how long backups are.
    """
    promised = {"operator": operator, "contact": contact, "days": days, "backup_days": backup_days}
    texts = {lang: (folder / f"{VERSION}.{lang}.md").read_text("utf-8") for lang in LANGUAGES}
    return {lang: ConsentNotice(VERSION, lang, text.format(**promised).strip()) for lang, text in texts.items()}
