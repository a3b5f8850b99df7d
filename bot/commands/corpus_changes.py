"""`corpus diff | changes | releases | rollback`: what changed between texts and between releases, and the way back."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from bot.bootstrap import House
from bot.change_pieces import pieces
from bot.commands.faults import CommandError
from bot.commands.house import house_of
from bot.commands.lines import print_line
from bot.corpus_rights import RightsError
from bot.ownership import own
from bot.phrases import Phrases
from bot.refreshing import BusyError, UnknownReleaseError
from intake.staff import UnknownStaffError
from rag.changes import Change, counts
from rag.changes.releases import DocumentChange, document_change, release_changes
from rag.corpus import read_corpus
from rag.models import Document, Release

KEPT = 1_000
_MARKS = {"kept": "{}", "went": "[-{}-]", "came": "{{+{}+}}"}
_SHOWN = 600
"""Characters of a whole article that came or went that are shown."""


class Told:
    """Changes in words, for a terminal: [-what went-] {+what came+}."""

    def __init__(self, phrases: Phrases) -> None:
        self._say = phrases.say

    def document(self, change: DocumentChange) -> Iterator[str]:
        for name, old, new in change.fields:
            yield self._say("diff.field", field=name, old=old or "—", new=new or "—")
        if not change.diff.told:
            yield self._say("diff.text_same")
            return
        yield self._say("diff.counts", **counts(change.diff))
        for one in change.diff.told:
            yield ""
            yield self._say(f"diff.{one.kind}", old=one.old_label or "—", new=one.new_label or "—")
            if one.kind != "renumbered":
                yield self.words(change.old.text, one)

    def words(self, old: str, change: Change) -> str:
        found = pieces(old, change)
        if change.old is None or change.kind == "removed":
            return _indented("+ " if change.old is None else "- ", "".join(piece.text for piece in found))
        return _indented("  ", "".join(_MARKS[piece.fate].format(piece.text) for piece in found))


def _indented(mark: str, text: str) -> str:
    words = text.strip()
    words = words if len(words) <= _SHOWN or mark == "  " else f"{words[:_SHOWN]}…"
    return "\n".join(f"{mark}{line}" for line in words.splitlines() if line.strip())


def diff(options: argparse.Namespace) -> int:
    """Exit 0 where the two are the same, 1 where they differ, as `diff` does."""
    house, phrases = _opened(options)
    old, new = _document(house, phrases, options.old), _document(house, phrases, options.new)
    change = document_change(old, new)
    _print(Told(phrases).document(change))
    return 1 if change.diff.told or change.fields else 0


def changes(options: argparse.Namespace) -> int:
    house, phrases = _opened(options)
    kept = house.places.store.releases(KEPT)
    if not kept:
        raise CommandError(phrases.say("error.no_release"))
    new = _release(kept, options.new, phrases) if options.new else _live(house, kept)
    older = [release for release in kept if release.number < new.number]
    if options.old is None and not older:
        print_line(phrases.say("changes.first", number=new.number, count=len(new.documents)))
        return 0
    old = _release(kept, options.old, phrases) if options.old else older[0]
    found = release_changes(old, new, house.places.store)
    told = Told(phrases)
    print_line(
        phrases.say(
            "changes.head", old=old.number, new=new.number, added=len(found.added), changed=len(found.changed),
            retired=len(found.retired), kept=found.kept,
        )
    )  # fmt: skip
    for kind, documents in (("added", found.added), ("retired", found.retired)):
        for document in documents:
            print_line(phrases.say(f"changes.{kind}", id=document.id, title=document.title))
    for change in found.changed:
        print_line("")
        print_line(phrases.say("changes.changed", id=change.new.id, title=change.new.title))
        _print(told.document(change))
    return 0


def releases(options: argparse.Namespace) -> int:
    house, phrases = _opened(options)
    live = house.places.store.live()
    for release in house.work.releases():
        key = "releases.live" if live and live.id == release.id else "releases.kept"
        day = f"{release.created_at:%Y-%m-%d %H:%M}"
        print_line(phrases.say(key, number=release.number, id=release.id, day=day, count=len(release.documents)))
    if live is None:
        raise CommandError(phrases.say("error.no_release"))
    return 0


def rollback(options: argparse.Namespace) -> int:
    """Have a kept release serve again: the one before the live one where none is named. `--as` must be allowed to."""
    house, phrases = _opened(options)
    if options.account:
        _require_city(house, phrases, options.account)
    with own(house.settings.data_dir, "corpus rollback"):
        kept, live = house.work.releases(), house.places.store.live()
        older = [release for release in kept if live and release.number < live.number]
        if live is None or not (options.release or older):
            raise CommandError(phrases.say("error.no_older"))
        wanted = _release(kept, options.release, phrases) if options.release else older[0]
        try:
            again = house.work.go_back(wanted.id)
        except (BusyError, UnknownReleaseError) as fault:  # nobody else is at it: the folder is ours
            raise CommandError(phrases.say("error.unknown_release", release=wanted.id)) from fault
    print_line(phrases.say("releases.back", was=wanted.number, number=again.number, count=len(again.documents)))
    return 0


def _require_city(house: House, phrases: Phrases, account: str) -> None:
    try:
        house.rights.require_city(house.needs().register.actor(account, "cli", house.clock.now()))
    except UnknownStaffError as fault:
        raise CommandError(phrases.say("error.no_account", account=account)) from fault
    except RightsError as fault:
        places = "、".join(fault.places) or "—"
        raise CommandError(phrases.say(f"rights.{fault.why}", account=account, places=places)) from fault


def _opened(options: argparse.Namespace) -> tuple[House, Phrases]:
    options.no_vectors = True  # nothing is embedded here
    house = house_of(options)
    return house, Phrases(house.settings.default_lang, "corpus_life")


def _print(lines: Iterator[str]) -> None:
    for line in lines:
        for part in line.split("\n"):
            print_line(part)


def _document(house: House, phrases: Phrases, named: str) -> Document:
    """A file, or a policy's id as it is published, or id@12 as it was in release 12."""
    path = Path(named)
    if path.is_file():
        found = read_corpus(path)
        if not found.documents:
            raise CommandError(phrases.say("error.unreadable", file=named))
        return found.documents[0]
    name, _, number = named.partition("@")
    store = house.places.store
    release = _release(store.releases(KEPT), number, phrases) if number else store.live()
    if release is None or name not in release.documents:
        raise CommandError(phrases.say("error.unknown_document", document=named))
    return store.versions([release.documents[name]])[0].document


def _release(kept: list[Release], named: str, phrases: Phrases) -> Release:
    found = next((release for release in kept if named in {str(release.number), release.id}), None)
    if found is None:
        raise CommandError(phrases.say("error.unknown_release", release=named))
    return found


def _live(house: House, kept: list[Release]) -> Release:
    return house.places.store.live() or kept[0]
