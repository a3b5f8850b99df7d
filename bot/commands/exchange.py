"""`case template|import|export|platform-import`: needs as sheets at the command line, by the console's functions."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from bot.commands.corpus import say
from bot.commands.desk import Desk, at_desk, clean
from bot.commands.faults import CommandError
from bot.commands.lines import print_line
from bot.console.exchange_export import MOST_IN_FULL, Export, TooManyInFullError
from bot.console.exchange_import import Checked, Filing, Imports
from bot.console.exchange_pages import SHORTEST_REASON, told_of
from bot.console.exchange_platform import PlatformNumbers
from bot.console.exchange_publish import Publishing
from bot.console.exchange_sheets import BEHALF
from bot.console.queue_board import Board, Entry
from bot.console.queue_views import VIEWS, Asked, chosen, of_view
from bot.console.rules import CASEWORK, READERS
from bot.console.store.exchange_journal import note_export
from bot.console.words import load_words
from db.engine import reading
from intake.case_sheets import CaseFault
from intake.sheets import LIMITS, SheetError
from intake.store.queue import with_phone_ending
from intake.store.submitting import CollisionError

SHOWN_FAULTS = 50


def template(options: argparse.Namespace) -> int:
    with at_desk(options) as desk:
        kinds = desk.needs.formbook.forms
        if options.kind not in kinds:
            said = {"kind": clean(options.kind)[:40], "kinds": "、".join(sorted(kinds))}
            raise CommandError(desk.say("say.unknown_kind", **said))
        with _new_file(desk, options.file) as file:
            file.write(_imports(desk).sheets.template(options.kind))
        say(desk.say("say.template_done", file=options.file))
    return 0


def take(options: argparse.Namespace) -> int:
    """Register a filled-in sheet: every row, or none and what to correct."""
    with at_desk(options) as desk, _in_words(desk):
        _check_role(desk, CASEWORK)
        behalf = " ".join(options.behalf.split())
        if len(behalf) not in BEHALF:
            raise CommandError(desk.say("say.behalf_length"))
        if not options.consented and not options.check:
            raise CommandError(desk.say("say.not_consented"))
        imports = _imports(desk)
        checked = imports.check(_content(desk, options.file), desk.actor)
        if checked.faults:
            return _refused(desk, checked.faults)
        known = len(checked.rows) - len(checked.new)
        if options.check:
            say(desk.say("say.would_file", count=len(checked.new), known=known))
            return 0
        _file(desk, imports, checked, behalf, Path(options.file).name)
    return 0


def export(options: argparse.Namespace) -> int:
    """What this account sees, as the console would export it."""
    with at_desk(options) as desk:
        _check_role(desk, CASEWORK if options.publishable or options.full is not None else READERS)
        if options.full is not None and len(options.full.strip()) < SHORTEST_REASON:
            raise CommandError(desk.say("say.full_reason"))
        asked = _asked(desk, options)
        with _new_file(desk, options.file) as file:
            entries, pieces, told = _publishable(desk, asked) if options.publishable else _queue(desk, asked, options)
            note_export(desk.house.engine, asked.view, {**told, "rows": len(entries)}, desk.actor, desk.now)
            file.writelines(pieces)
        say(desk.say("say.export_done", count=len(entries), file=options.file))
    return 0


Taken = tuple[list[Entry], Iterator[bytes], dict[str, Any]]
"""The rows, the file, and what the journal says of it."""


def _publishable(desk: Desk, asked: Asked) -> Taken:
    publishing = Publishing(desk.needs, desk.actor, desk.now)
    entries = publishing.fit(_listed(desk, asked))
    return entries, publishing.pieces(entries), {**told_of(asked), "publishable": True}


def _queue(desk: Desk, asked: Asked, options: argparse.Namespace) -> Taken:
    entries = _listed(desk, asked)
    exporting = Export(desk.needs, desk.actor, desk.now, full=options.full is not None, reason=options.full or "")
    try:
        contacts = exporting.witness(entries)
    except TooManyInFullError as fault:
        raise CommandError(desk.say("say.full_most", most=MOST_IN_FULL)) from fault
    return entries, exporting.pieces(entries), {**told_of(asked), "contacts": contacts}


def numbers(options: argparse.Namespace) -> int:
    with at_desk(options) as desk, _in_words(desk):
        _check_role(desk, CASEWORK)
        faults, noted = PlatformNumbers(desk.needs).take(_content(desk, options.file), desk.actor)
        if faults:
            return _refused(desk, faults)
        say(desk.say("say.numbers_noted", count=noted))
    return 0


def _file(desk: Desk, imports: Imports, checked: Checked, behalf: str, file: str) -> None:
    note = load_words()["zh"]("exchange.note")
    try:
        batch = imports.take(checked, Filing(desk.actor, behalf, file, note))
    except CollisionError as fault:
        raise CommandError(desk.say("say.collided")) from fault
    for sheet, row, reference in batch.cases:
        print_line(desk.say("say.filed_row", sheet=sheet, row=row, reference=reference))
    known = len(checked.rows) - len(batch.cases)
    say(desk.say("say.filed", count=len(batch.cases), behalf=behalf, known=known))


def _listed(desk: Desk, asked: Asked) -> list[Entry]:
    """As on the console's page of the queue."""
    board = Board(desk.house.engine, desk.needs.formbook, desk.needs.timing, desk.needs.clock.now)
    board.refresh()
    reached: frozenset[str] = frozenset()
    if asked.digits:
        with reading(desk.house.engine) as connection:
            reached = with_phone_ending(connection, asked.digits)
    entries = of_view(board.sight(desk.actor), asked, desk.now)
    return chosen(entries, asked, desk.actor, reached=reached)


def _asked(desk: Desk, options: argparse.Namespace) -> Asked:
    if options.view not in VIEWS:
        raise CommandError(desk.say("say.unknown_view", view=clean(options.view)[:20], views="、".join(VIEWS)))
    return Asked(
        view=options.view, kind=options.kind or "", state=options.state or "", area=options.district or "",
        team=options.team or "", text=options.text,
    )  # fmt: skip


def _imports(desk: Desk) -> Imports:
    return Imports(desk.needs, desk.house.accounts())


def _check_role(desk: Desk, roles: frozenset[Any]) -> None:
    if not desk.actor.has(*roles):
        raise CommandError(desk.say("say.not_casework"))


@contextmanager
def _in_words(desk: Desk) -> Iterator[None]:
    try:
        yield
    except SheetError as fault:
        raise CommandError(desk.tell(fault.saying)) from fault


def _refused(desk: Desk, faults: tuple[CaseFault, ...]) -> int:
    say(desk.say("say.nothing_filed", count=len(faults)))
    for one in faults[:SHOWN_FAULTS]:
        heading = desk.say("say.fault_heading", heading=one.fault.heading) if one.fault.heading else ""
        said = clean(desk.tell(one.fault.saying))
        say(desk.say("say.fault", sheet=one.sheet, row=one.fault.row, heading=heading, said=said))
    if len(faults) > SHOWN_FAULTS:
        say(desk.say("say.faults_more", count=len(faults) - SHOWN_FAULTS))
    return 1


def _content(desk: Desk, file: str) -> bytes:
    """The file, unless it is too big to be read at all."""
    try:
        with Path(file).open("rb") as opened:
            return opened.read(LIMITS.size + 1)
    except OSError as fault:
        raise CommandError(desk.say("say.file_unreadable", file=file, reason=fault.strerror or "")) from fault


@contextmanager
def _new_file(desk: Desk, file: str) -> Iterator[BinaryIO]:
    """A new file that only its owner may read. CommandError where it is there already; half of it is not left."""
    path = Path(file)
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError as fault:
        raise CommandError(desk.say("say.file_there", file=file)) from fault
    except OSError as fault:
        raise CommandError(desk.say("say.file_unwritable", file=file, reason=fault.strerror or "")) from fault
    try:
        with path.open("wb") as opened:
            yield opened
    except BaseException as fault:
        path.unlink(missing_ok=True)
        if isinstance(fault, OSError):
            raise CommandError(desk.say("say.file_unwritable", file=file, reason=fault.strerror or "")) from fault
        raise
