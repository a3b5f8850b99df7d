"""Taking files into the corpus: START HERE. File → read in a sandbox → draft with proposals → confirmed → in review.

What was told as taken in is on disk first: a file is a row before it is read, and each step is one transaction.
Publishing what is in review is bot/publishing.py.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from bot.corpus_drafts import Card, Draft, Drafts, MovedError, Read, Stage, StageError
from rag.card_rules import linkable
from rag.changes import Diff, compare
from rag.corpus import read_one
from rag.drafting import FIELDS, LISTS, REQUIRED, Outset, amended_of, as_file, edition_of, outset
from rag.faults import Fault
from rag.models import Document
from rag.page_anchors import anchors_of
from rag.parsing import Parsed, Reason, Refused, as_markdown, page_starts, printed
from rag.policies import Original, OriginalEnding, Policy
from rag.proposing import propose
from rag.proposing.versions import Edition, editions, predecessor

SUFFIXES = frozenset({".pdf", ".docx", ".xlsx", ".html", ".htm", ".mht", ".mhtml", ".txt", ".md"})
"""Endings that are taken from a folder; what else lies there is left alone."""

Outcome = Literal["new", "upgrade", "again", "same", "failed"]
"""A new draft · the official text of a policy that is here as a digest · read anew after a failure · taken in before,
nothing changed · not readable."""

_WAITING = (Stage.DRAFT, Stage.IN_REVIEW)
_INTERRUPTED = {Stage.FOUND, Stage.PARSED}
_ENDING = re.compile(r"\.[a-z0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class Taken:
    draft: Draft
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Hint:
    """What is known of a file beside its content: `before` is the policy that the file at this place was the text of,
    `url` where it stands on the web. Both are proposed like the rest, and confirmed by somebody."""

    before: str | None = None
    url: str = ""


NO_HINT = Hint()


class UnreadyError(Exception):
    """A draft cannot go on: fields that are missing or not confirmed, or faults of the file it would become."""

    def __init__(
        self, draft: int, missing: Sequence[str], unconfirmed: Sequence[str], faults: Sequence[Fault] = ()
    ) -> None:
        super().__init__(f"draft {draft}: missing {missing}, unconfirmed {unconfirmed}, {len(faults)} faults")
        self.draft = draft
        self.missing, self.unconfirmed, self.faults = tuple(missing), tuple(unconfirmed), tuple(faults)


class UnknownFieldError(Exception):
    """There is no such field to set or to confirm."""


class TakingIn:
    """`known` gives the policies that are here now; `originals` is where the files are kept as they came."""

    def __init__(
        self,
        drafts: Drafts,
        known: Callable[[], Sequence[Policy]],
        originals: Path,
        now: Callable[[], datetime],
        today: Callable[[], date],
        parse: Callable[[Path], Parsed],
    ) -> None:
        self.drafts = drafts
        self.known = known
        self._originals = originals
        self._now = now
        self._today = today
        self.parse = parse

    def files(self, path: Path) -> Iterator[Path]:
        """The file, or the files of a folder that can be taken in, by name."""
        if not path.is_dir():
            yield path
            return
        for found in sorted(path.rglob("*")):
            hidden = any(part.startswith((".", "~$", "_")) for part in found.relative_to(path).parts)
            if found.is_file() and found.suffix.lower() in SUFFIXES and not hidden:
                yield found

    def add(self, path: Path, by: str, hint: Hint = NO_HINT, parse: Callable[[Path], Parsed] | None = None) -> Taken:
        """Take a file in; `parse` in place of the house's. Raises Refused where there is no file to know it by,
        OSError."""
        entered = self.enter(path.name, digest_of(path), by)
        if entered.outcome == "same":
            return entered
        done = self.go_on(entered.draft, path, by, hint, parse)
        if done.stage is Stage.FAILED:
            return Taken(done, "failed")
        if entered.outcome == "again":
            return Taken(done, "again")
        return Taken(done, "upgrade" if done.read.same else "new")

    def enter(self, name: str, file_digest: str, by: str) -> Taken:
        """Put a file on record before it is read: "new", "again" (to be read anew, or on), or "same"."""
        draft, new = self.drafts.begin(name, file_digest, by, self._now())
        if new:
            return Taken(draft, "new")
        if draft.stage is Stage.FAILED:
            return Taken(self.drafts.step(draft.id, Stage.FOUND, by, "tried_again", self._now()), "again")
        return Taken(draft, "again" if draft.stage in _INTERRUPTED else "same")

    def go_on(
        self, draft: Draft, path: Path, by: str, hint: Hint = NO_HINT, parse: Callable[[Path], Parsed] | None = None
    ) -> Draft:
        """Read a file that is on record, or go on where its reading was cut off: a draft, or failed. Raises StageError
        or MovedError where somebody else has, OSError."""
        if draft.stage not in _INTERRUPTED:
            raise StageError(draft.id, draft.stage, Stage.PARSED)
        if draft.stage is Stage.PARSED:
            return self._proposed(draft, by, hint)
        return self._read(path, draft, by, hint, parse or self.parse)

    def confirm(self, number: int, fields: Sequence[str], by: str, seen: str = "") -> Draft:
        """Confirm proposed fields as they stand; "all" for every one that has a value. Raises UnknownFieldError,
        StageError where it has to be opened again first, MovedError where it is not as it was `seen` (its mark)."""
        draft = self._open(number)
        names = [name for name in FIELDS if name in draft.card.fields] if "all" in fields else list(fields)
        if unknown := [name for name in names if name not in draft.card.fields]:
            raise UnknownFieldError(unknown[0])
        confirmed = tuple(name for name in FIELDS if name in {*draft.card.confirmed, *names})
        card = replace(draft.card, confirmed=confirmed)
        return self.drafts.step(
            number, Stage.DRAFT, by, f"confirmed {' '.join(names)}", self._now(), card=card, seen=seen
        )

    def edit(self, number: int, values: Mapping[str, str | Sequence[str] | None], by: str, seen: str = "") -> Draft:
        """Write fields (None or "" takes one away); what somebody wrote is confirmed. A list in one string is split at
        、 and ,.
        One in review is a draft again. Raises as `confirm` does."""
        draft = self._open(number)
        if unknown := [name for name in values if name not in FIELDS]:
            raise UnknownFieldError(unknown[0])
        written = as_written(values)
        fields = {name: value for name, value in {**draft.card.fields, **written}.items() if value}
        confirmed = tuple(n for n in FIELDS if n in fields and n in {*draft.card.confirmed, *written})
        origins = {name: places for name, places in draft.card.origins.items() if name not in written}
        card = replace(draft.card, fields=fields, origins=origins, confirmed=confirmed)
        return self.drafts.step(
            number, Stage.DRAFT, by, f"edited {' '.join(written)}", self._now(), card=card, seen=seen
        )

    def submit(self, number: int, by: str, seen: str = "") -> Draft:
        """Hand a draft on to be published. Raises UnreadyError with everything that is in its way; as `confirm`."""
        self.document(self.drafts.get(number))
        return self.drafts.step(number, Stage.IN_REVIEW, by, "submitted", self._now(), seen=seen)

    def exclude(self, number: int, why: str, by: str, seen: str = "") -> Draft:
        return self.drafts.step(number, Stage.EXCLUDED, by, "excluded", self._now(), why=why, seen=seen)

    def reopen(self, number: int, by: str, seen: str = "") -> Draft:
        return self.drafts.step(number, Stage.DRAFT, by, "reopened", self._now(), seen=seen)

    def document(self, draft: Draft, known: Mapping[str, Policy] | None = None) -> tuple[Document, str]:
        """The document a draft becomes, and its file's text. `known` are the policies that are here now, for who asks
        for many. Raises UnreadyError."""
        card = draft.card
        missing = [name for name in REQUIRED if not card.fields.get(name)]
        unconfirmed = [name for name in FIELDS if name in card.fields and name not in card.confirmed]
        if missing or unconfirmed:
            raise UnreadyError(draft.id, missing, unconfirmed)
        here = {policy.id: policy for policy in self.known()} if known is None else known
        held = here.get(card.fields["id"])
        text = as_file(card.fields, draft.read.text, self._today().isoformat(), held, _original(draft))
        found = read_one(f"{card.fields['id']}.md", text)
        if isinstance(found, list):
            raise UnreadyError(draft.id, (), (), found)
        return found, text

    def against(self, draft: Draft, held: Document | None) -> Diff | None:
        """What the text says otherwise than the digest (or older text) it takes the place of."""
        return compare(held.text, draft.read.text) if held is not None else None

    def _open(self, number: int) -> Draft:
        draft = self.drafts.get(number)
        if draft.stage not in {Stage.DRAFT, Stage.IN_REVIEW}:
            raise StageError(number, draft.stage, Stage.DRAFT)
        return draft

    def _read(self, path: Path, draft: Draft, by: str, hint: Hint, parse: Callable[[Path], Parsed]) -> Draft:
        try:
            parsed = parse(path)
        except Refused as fault:
            return self.drafts.step(draft.id, Stage.FAILED, by, "refused", self._now(), why=str(fault.reason))
        text = as_markdown(parsed)
        if not text.strip():
            return self.drafts.step(draft.id, Stage.FAILED, by, "refused", self._now(), why=str(Reason.NO_TEXT))
        self._keep(path, draft)
        read = Read(
            text=text,
            parser=parsed.parser,
            parser_version=parsed.parser_version,
            media_type=parsed.media_type,
            pages=page_starts(parsed),
            places=printed(parsed),
            hidden=tuple((str(one.why), one.text[:500]) for one in parsed.hidden),
            warnings=tuple((str(one.notice), one.count, one.pages) for one in parsed.warnings),
            page_count=parsed.pages or 0,
        )
        return self._proposed(self.drafts.step(draft.id, Stage.PARSED, by, "parsed", self._now(), read=read), by, hint)

    def _proposed(self, draft: Draft, by: str, hint: Hint) -> Draft:
        waiting = {number: card for number, _, card in self.drafts.cards(_WAITING) if number != draft.id}
        said, here = propose(draft.read.text), [_edition(card) for card in waiting.values()]
        found: Outset = outset(said, self.known(), self._today().isoformat(), hint.before, here)
        origins = {name: [(o.start, o.end, o.why) for o in places] for name, places in found.origins.items()}
        read = replace(draft.read, remarks=found.remarks, same=found.same, unknown=found.unknown)
        fields = {**found.fields, **({"url": hint.url} if linkable(hint.url) else {})}
        card = Card(fields, origins, amended=amended_of(said))
        done = self.drafts.step(
            draft.id, Stage.DRAFT, by, "proposed", self._now(), read=read, card=card, seen=draft.mark
        )
        self._link_newer(done, waiting, by)
        return done

    def _link_newer(self, draft: Draft, waiting: Mapping[int, Card], by: str) -> None:
        """An edition that came in before an older one of its title is told of it, unless somebody settled what it
        supersedes, or is at it this moment."""
        own = _edition(draft.card)
        every = [own, *map(_edition, waiting.values())]
        alike = {edition.id for edition in editions(own, every)}
        for number, card in waiting.items():
            if card.fields.get("id") not in alike or predecessor(_edition(card), every) != own:
                continue
            newer = self.drafts.get(number)
            if newer.stage is not Stage.DRAFT or "supersedes" in newer.card.confirmed:
                continue
            kept = [name for name in newer.card.fields.get("supersedes", []) if name not in alike]
            linked = replace(newer.card, fields={**newer.card.fields, "supersedes": [*kept, own.id]})
            with suppress(StageError, MovedError):
                self.drafts.step(number, Stage.DRAFT, by, f"linked {own.id}", self._now(), card=linked, seen=newer.mark)

    def original(self, draft: Draft) -> Path:
        """Where the file is kept as it came, for looking at its pages later."""
        ending = Path(draft.file_name).suffix.lower()
        return self._originals / f"{draft.file_digest}{ending if _ENDING.fullmatch(ending) else ''}"

    def _keep(self, path: Path, draft: Draft) -> None:
        """Written whole or not at all. What was refused is not kept: it may be of any size."""
        target = self.original(draft)
        if not target.exists():
            self._originals.mkdir(parents=True, exist_ok=True)
            write_whole(target, path.read_bytes())


def write_whole(target: Path, content: bytes) -> None:
    """Put a file in its place at once: whoever looks sees the old one or the new one."""
    part = target.with_name(f".{target.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(target)


def facts_of(draft: Draft) -> dict[str, Any]:
    """A draft for programs."""
    return asdict(draft) | {"changed_at": draft.changed_at.isoformat()}


def digest_of(path: Path) -> str:
    """SHA-256 of a file's bytes. Raises Refused for what is no plain file, OSError."""
    if path.is_symlink() or not path.is_file():
        raise Refused(Reason.NOT_A_FILE if path.exists() else Reason.MISSING)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _edition(card: Card) -> Edition:
    return edition_of(card.fields, card.amended)


def _original(draft: Draft) -> Original | None:
    """The file, and its pages where the place of every line is known: paragraphs may run on over a page's end. None for
    a name that says nothing of what the file is."""
    pages = anchors_of(draft.read.text, draft.read.pages) if draft.read.places else ()
    ending: Any = Path(draft.file_name).suffix.lower().removeprefix(".")
    return Original(file=draft.file_digest, ending=ending, pages=pages) if ending in get_args(OriginalEnding) else None


def as_written(values: Mapping[str, str | Sequence[str] | None]) -> dict[str, Any]:
    """What somebody typed, as a draft's fields hold it: lists are split at 、 and ,. None and "" are nothing."""
    return {name: _value(name, value or "") for name, value in values.items()}


def _value(name: str, typed: str | Sequence[str]) -> Any:
    if not isinstance(typed, str):
        return [part for one in typed if (part := one.strip())]
    if name not in LISTS:
        return typed.strip()
    return [part.strip() for part in typed.replace("，", ",").replace("、", ",").split(",") if part.strip()]
