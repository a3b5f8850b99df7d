"""`party …`: whom needs can be docked with, in and out as XLSX. The coordinator and admins change it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bot.commands.corpus import say as say_aside
from bot.commands.desk import clean
from bot.commands.faults import CommandError
from bot.commands.register import Registers, opened
from intake.display import mask_phone
from intake.parties import EDITORS, Party, PartyType
from intake.party_sheets import PartySheets
from intake.party_words import phone_of
from intake.sheets import LIMITS, Fault, SheetError
from intake.store.parties import Parties, RowsRefusedError

MOST_FAULTS = 50
"""As many as are shown at once."""

_FIELDS = (
    "name", "type", "fields", "industries", "district", "contact_name", "contact_phone", "contact_email", "source",
    "as_of", "verified", "active",
)  # fmt: skip


def party_list(options: argparse.Namespace) -> int:
    with opened(options) as registers:
        kind = PartyType(registers.code("types", options.type)) if options.type else None
        industry = registers.code("industries", options.industry) if options.industry else None
        district = registers.code("districts", options.district) if options.district else None
        found = parties_of(registers).search(
            options.text, type=kind, industry=industry, district=district, retired=options.all
        )
        written = (registers.words.written(party) for party in found)
        columns = ("id", "name", "type", "fields", "industries", "district", "verified", "active")
        registers.table("parties", ([cells[key] for key in columns] for cells in written), "none.parties")
    return 0


def party_show(options: argparse.Namespace) -> int:
    with opened(options) as registers:
        if options.account:
            registers.needs.register.actor(options.account, "cli", registers.now)
        party = parties_of(registers).named(options.party)
        cells = registers.words.written(party) | ({} if options.account else _masked(party))
        headings = {column.key: column.heading for column in PartySheets(registers.needs.reference).parties.columns}
        registers.table("party", ((headings[key], cells[key]) for key in headings), "none.parties")
        if not options.account and _masked(party):
            registers.tell("masked")
    return 0


def party_add(options: argparse.Namespace) -> int:
    with opened(options) as registers:
        actor = registers.actor(options, EDITORS)
        party = parties_of(registers).put(_read(registers, _given(options)), actor, registers.now)
        registers.tell("done.party_added", party=party.id, name=party.name)
    return 0


def party_edit(options: argparse.Namespace) -> int:
    with opened(options) as registers:
        actor, parties = registers.actor(options, EDITORS), parties_of(registers)
        before = parties.named(options.party)
        after = _read(registers, registers.words.written(before) | _given(options))
        kept = parties.put(replace(after, updated_at=before.updated_at), actor, registers.now)
        registers.tell("done.party_changed", party=kept.id, name=kept.name)
    return 0


def party_retire(options: argparse.Namespace) -> int:
    with opened(options) as registers:
        actor = registers.actor(options, EDITORS)
        party = parties_of(registers).retire(options.party, actor, registers.now)
        registers.tell("done.party_retired", party=party.id, name=party.name)
    return 0


def party_import(options: argparse.Namespace) -> int:
    with opened(options) as registers:
        actor, sheets = registers.actor(options, EDITORS), PartySheets(registers.needs.reference)
        try:
            imported = sheets.read_parties(content_of(registers, options.file))
            if imported.errors:
                return nothing_taken(registers, imported.errors)
            taken = parties_of(registers).take(imported.rows, actor, registers.now)
        except SheetError as fault:
            raise CommandError(registers.said(fault.saying)) from fault
        except RowsRefusedError as fault:
            return nothing_taken(registers, sheets.refused(fault))
        registers.tell("done.imported", added=taken.added, changed=taken.changed, same=taken.same)
    return 0


def party_export(options: argparse.Namespace) -> int:
    with opened(options) as registers:
        actor, parties = registers.actor(options, EDITORS), parties_of(registers)
        everyone = parties.all(retired=True)
        content = PartySheets(registers.needs.reference).write_parties(everyone)
        parties.note_export(len(everyone), actor, registers.now)  # before the file is there: no export without a note
        write_new(registers, options.file, content)
        registers.tell("done.exported", file=options.file, count=len(everyone))
    return 0


def party_template(options: argparse.Namespace) -> int:
    with opened(options) as registers:
        write_new(registers, options.file, PartySheets(registers.needs.reference).write_parties([]))
        registers.tell("done.template", file=options.file)
    return 0


def parties_of(registers: Registers) -> Parties:
    return registers.needs.docking.parties


def _given(options: argparse.Namespace) -> dict[str, str]:
    """What was typed, by cell; an empty value empties the cell."""
    return {name: str(value) for name in _FIELDS if (value := getattr(options, name, None)) is not None}


def _read(registers: Registers, cells: dict[str, str]) -> Party:
    party, faults = registers.words.read(cells)
    if party is None:
        headings = {column.key: column.heading for column in PartySheets(registers.needs.reference).parties.columns}
        lines = [registers.say("error.field", heading=headings[key], said=registers.said(s)) for key, s in faults]
        raise CommandError("\n".join(lines))
    return party


def _masked(party: Party) -> dict[str, str]:
    """The contact's cells as anybody at this machine may read them."""
    masked: dict[str, str] = {}
    if party.contact_name:
        masked["contact_name"] = f"{party.contact_name[0]}**"
    if phone := phone_of(party.contact_phone):
        masked["contact_phone"] = mask_phone(phone)
    if party.contact_email:
        name, _, domain = party.contact_email.partition("@")
        masked["contact_email"] = f"{name[:1]}***@{domain}"
    return masked


def content_of(registers: Registers, file: str) -> bytes:
    """The file, unless it is too big to be read at all."""
    try:
        with Path(file).open("rb") as opened_file:
            return opened_file.read(LIMITS.size + 1)
    except OSError as fault:
        raise CommandError(registers.say("error.unreadable", file=file, reason=fault.strerror or "")) from fault


def write_new(registers: Registers, file: str, content: bytes) -> None:
    """A new file that only its owner may read: it holds telephone numbers. CommandError where it is there already."""
    try:
        path = Path(file)
        path.touch(mode=0o600, exist_ok=False)
        path.write_bytes(content)
    except FileExistsError as fault:
        raise CommandError(registers.say("error.file_there", file=file)) from fault
    except OSError as fault:
        raise CommandError(registers.say("error.unwritable", file=file, reason=fault.strerror or "")) from fault


def nothing_taken(registers: Registers, faults: Sequence[Fault]) -> int:
    """What to correct, row by row, on standard error."""
    say_aside(registers.said_of("sheet.row.nothing_taken", count=len(faults)))
    for fault in faults[:MOST_FAULTS]:
        key = "sheet.row.cell" if fault.heading else "sheet.row.row"
        said = clean(registers.said(fault.saying))
        say_aside(registers.said_of(key, row=fault.row, heading=fault.heading, said=said))
    if len(faults) > MOST_FAULTS:
        say_aside(registers.said_of("sheet.row.more", count=len(faults) - MOST_FAULTS))
    return 1
