"""Looking at the sources: START HERE. Each file is found as it was, or taken in anew as a draft, or noted as amiss.

Every file is a transaction of its own: a look that is cut off is gone on with by the next one. Nothing is published and
nothing is retired here: a file that is gone says nothing about its policy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from bot.clock import SHANGHAI
from bot.corpus_drafts import Draft, MovedError, Stage, StageError, UnknownDraftError
from bot.corpus_sources import News, Source, SourceFile, Sources, State
from bot.taking_in import Hint, Taken, TakingIn, digest_of
from rag.changes.text_key import text_key
from rag.parsing import Parsed, Reason, Refused, as_markdown

TRIES = 3
"""Readings of one and the same file that may fail before it is put in quarantine."""

HOSTILE = frozenset({Reason.BOMB, Reason.ENTITIES, Reason.UNSAFE_PARTS, Reason.TOO_DEEP, Reason.OUT_OF_MEMORY})
"""What no second reading mends: into quarantine at once."""

UNREADABLE = "unreadable"
"""Why a file or folder could not be opened at all."""

BY_ITSELF = "system"
"""Who did what nobody asked for."""

_UNTOUCHED = frozenset({"found", "parsed", "proposed", "tried_again"})
_SAVED_FROM = re.compile(rb"<!--\s*saved from url=\([0-9]{1,6}\)(https?://[^\s>]{1,500}?)\s*-->", re.IGNORECASE)
_HEAD = 2_048
"""Bytes from the start in which a browser notes where a page was saved from."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Found:
    """A file of a source that is to be looked at."""

    source: Source
    name: str
    path: Path


class Looking:
    """`today` is the day in Shanghai; `replaced` words why an older draft of the same file is set aside; `stopped` is
    asked between two files."""

    def __init__(
        self,
        sources: Sources,
        taking_in: TakingIn,
        now: Callable[[], datetime],
        replaced: Callable[[int], str],
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._sources = sources
        self._taking_in = taking_in
        self._now = now
        self._replaced = replaced
        self._stopped = stopped

    def look(self, by: str, progress: Progress = lambda _done, _of: None) -> bool:
        """Look at every source; whether it came to its end."""
        found = [one for source in self._sources.all() for one in self._listed(source)]
        progress(0, len(found))
        for done, one in enumerate(found, 1):
            if self._stopped():
                return False
            self._file(one, by)
            progress(done, len(found))
        return True

    def _listed(self, source: Source) -> list[Found]:
        """The files of a source. One that is not there is noted, and its files stay as they are."""
        try:
            found = list(self._files(source))
        except Refused as fault:
            self._amiss(source, State.MISSING if fault.reason is Reason.MISSING else State.BROKEN, str(fault.reason))
            return []
        except OSError:
            self._amiss(source, State.BROKEN, UNREADABLE)
            return []
        back: News = "back" if source.state in {State.MISSING, State.BROKEN} else source.news
        self._sources.note(replace(source, state=State.OK, why="", news=back, seen_at=self._now()))
        names = {one.name for one in found}
        for file in self._sources.files(source.id):
            if file.name not in names and file.state is not State.MISSING:
                self._sources.note_file(replace(file, state=State.MISSING, why=str(Reason.MISSING), news="missing"))
        return found

    def _files(self, source: Source) -> Iterator[Found]:
        if not source.path.exists():
            raise Refused(Reason.MISSING)
        if source.kind == "page":
            if not source.path.is_file():
                raise Refused(Reason.NOT_A_FILE)
            yield Found(source, source.path.name, source.path)
            return
        if not source.path.is_dir():
            raise Refused(Reason.NOT_A_FILE)
        next(source.path.iterdir(), None)  # one that may not be listed says so here
        root = source.path.resolve()
        for path in self._taking_in.files(source.path):
            if path.resolve().is_relative_to(root):  # a link that leads out of the folder is left alone
                yield Found(source, path.relative_to(source.path).as_posix(), path)

    def _amiss(self, source: Source, state: State, why: str) -> None:
        news: News = source.news if source.state is state else "missing" if state is State.MISSING else "broken"
        self._sources.note(replace(source, state=state, why=why, news=news))

    def _file(self, one: Found, by: str) -> None:
        held = self._held(one)
        try:
            digest = digest_of(one.path)
        except Refused as fault:
            self._failed(held, held.file_digest, fault.reason)
            return
        except OSError:
            self._failed(held, held.file_digest, None)
            return
        if digest != held.file_digest:
            self._changed(one, replace(held, failures=0), digest, by)
        elif held.failures and held.state is not State.QUARANTINED:
            self._changed(one, held, digest, by)
        else:
            self._seen(held)

    def _held(self, one: Found) -> SourceFile:
        held = {file.name: file for file in self._sources.files(one.source.id)}
        return held.get(one.name, SourceFile(one.source.id, one.name))

    def _seen(self, held: SourceFile, file_digest: str = "") -> None:
        """There, and the text it was."""
        news: News = "back" if held.state is State.MISSING else held.news
        state = State.QUARANTINED if held.failures else State.OK
        why = held.why if held.failures else ""
        noted = replace(held, state=state, why=why, news=news, seen_at=self._now(), pending="")
        self._sources.note_file(replace(noted, file_digest=file_digest or held.file_digest))

    def _changed(self, one: Found, held: SourceFile, digest: str, by: str) -> None:
        once, day = _Once(self._taking_in.parse), _day_of(one.path)
        if held.text_key and once.key(one.path, day) == held.text_key:
            self._seen(held, file_digest=digest)
            return
        cut_off = held.pending == digest
        self._sources.note_file(replace(held, pending=digest))
        try:
            taken = self._taking_in.add(one.path, by, self._hint(one, held), once)
        except Refused as fault:
            self._failed(held, digest, fault.reason)
        except (StageError, MovedError, OSError):  # somebody else reads it just now, or it went: the next look tells
            self._failed(held, held.file_digest, None)
        else:
            self._taken(held, digest, taken, day, cut_off=cut_off, by=by)

    def _taken(self, held: SourceFile, digest: str, taken: Taken, day: date, *, cut_off: bool, by: str) -> None:
        draft = taken.draft
        if taken.outcome == "failed":
            self._failed(held, digest, draft.why)
            return
        news: News = "changed" if held.draft else "new"
        if taken.outcome == "same" and not cut_off and not self._wanted_again(held, draft, by):
            news = held.news  # it came in by another way, or the live text stands there again
        if held.draft and held.draft != draft.id:
            self._set_aside(held.draft, draft.id)
        state, key = State.CHANGED if news == "changed" else State.OK, text_key(draft.read.text, day)
        noted = replace(held, state=state, why="", news=news, file_digest=digest, text_key=key, pending="", failures=0)
        self._sources.note_file(replace(noted, draft=draft.id, seen_at=self._now()))

    def _wanted_again(self, held: SourceFile, draft: Draft, by: str) -> bool:
        """Whether an older text stands there again, where a newer one has gone live or had it set aside meanwhile: then
        its draft is opened again."""
        newer = self._draft(held.draft)
        if newer is None or newer.id == draft.id:
            return False
        set_aside = draft.stage is Stage.EXCLUDED and self._taking_in.drafts.steps(draft.id)[-1].by == BY_ITSELF
        if not (set_aside or (draft.stage is Stage.LIVE and newer.stage is Stage.LIVE)):
            return False
        with suppress(StageError, MovedError):
            self._taking_in.reopen(draft.id, by, draft.mark)
        return True

    def _failed(self, held: SourceFile, digest: str, reason: str | None) -> None:
        """Not readable: noted with the reason, told when it is another one, tried again until TRIES."""
        why, failures = str(reason or UNREADABLE), held.failures + 1 if reason else held.failures
        shut_out = failures >= TRIES or why in HOSTILE
        state = State.QUARANTINED if shut_out else State.BROKEN
        news: News = "quarantined" if shut_out else "broken"
        told = held.news if (held.state, held.why) == (state, why) else news
        noted = replace(held, state=state, why=why, news=told, file_digest=digest, pending="", failures=failures)
        self._sources.note_file(replace(noted, seen_at=self._now()))

    def _hint(self, one: Found, held: SourceFile) -> Hint:
        before = self._draft(held.draft)
        known = str(before.card.fields.get("id") or "") if before else ""
        return Hint(known or None, one.source.url or _saved_from(one.path))

    def _set_aside(self, older: int, newer: int) -> None:
        """A draft of the same file that nobody has touched is out of date now."""
        draft, drafts = self._draft(older), self._taking_in.drafts
        if draft is None or draft.stage is not Stage.DRAFT:
            return
        if all(step.what in _UNTOUCHED for step in drafts.steps(older)):
            with suppress(StageError, MovedError):
                self._taking_in.exclude(older, self._replaced(newer), BY_ITSELF, draft.mark)

    def _draft(self, number: int | None) -> Draft | None:
        if number is None:
            return None
        try:
            return self._taking_in.drafts.get(number)
        except UnknownDraftError:
            return None


class _Once:
    """Reads a file at most once, for whoever asks next as well."""

    def __init__(self, parse: Callable[[Path], Parsed]) -> None:
        self._parse = parse
        self._parsed: Parsed | None = None
        self._fault: Refused | None = None

    def __call__(self, path: Path) -> Parsed:
        if self._parsed is None and self._fault is None:
            try:
                self._parsed = self._parse(path)
            except Refused as fault:
                self._fault = fault
        if self._parsed is None:
            raise self._fault or Refused(Reason.NO_TEXT)
        return self._parsed

    def key(self, path: Path, day: date) -> str | None:
        """The key of its text; None where it cannot be read."""
        try:
            return text_key(as_markdown(self(path)), day)
        except Refused:
            return None


def _day_of(path: Path) -> date:
    """The day the file was put here: what a page that was fetched then may say about itself."""
    return datetime.fromtimestamp(path.stat().st_mtime, SHANGHAI).date()


def _saved_from(path: Path) -> str:
    """The address that a browser noted in a page it saved; "" where there is none."""
    with path.open("rb") as file:
        found = _SAVED_FROM.search(file.read(_HEAD))
    return found[1].decode("ascii", "replace") if found else ""
