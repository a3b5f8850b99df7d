"""`matrix …`: district × industry × society, in and out as XLSX. The coordinator and admins change it."""

from __future__ import annotations

import argparse

from bot.commands.faults import CommandError
from bot.commands.party import content_of, nothing_taken, parties_of, write_new
from bot.commands.register import opened
from intake.parties import ANY_DISTRICT, EDITORS, Party
from intake.party_sheets import PartySheets
from intake.sheets import SheetError
from intake.store.parties import Parties


def matrix_show(options: argparse.Namespace) -> int:
    with opened(options) as registers:
        place = registers.code("places", options.district) if options.district else None
        industry = registers.code("industries", options.industry) if options.industry else None
        names = {party.id: party.name for party in parties_of(registers).all(retired=True)}
        rows = (
            (
                registers.words.label("places", row.district),
                registers.words.label("industries", row.industry),
                names[row.party],
                registers.words.written_yes(row.verified),
            )
            for row in parties_of(registers).matrix.rows()
            if (place is None or row.district in (place, ANY_DISTRICT)) and industry in (None, row.industry)
        )
        registers.table("matrix", rows, "none.matrix")
    return 0


def matrix_export(options: argparse.Namespace) -> int:
    with opened(options) as registers:
        parties, sheets = parties_of(registers), PartySheets(registers.needs.reference)
        rows = parties.matrix.rows()
        write_new(registers, options.file, sheets.write_matrix(rows, by_id(parties)))
        registers.tell("done.exported", file=options.file, count=len(rows))
    return 0


def matrix_import(options: argparse.Namespace) -> int:
    with opened(options) as registers:
        actor, parties = registers.actor(options, EDITORS), parties_of(registers)
        sheets = PartySheets(registers.needs.reference)
        try:
            imported = sheets.read_matrix(content_of(registers, options.file), by_id(parties))
        except SheetError as fault:
            raise CommandError(registers.said(fault.saying)) from fault
        if imported.errors:
            return nothing_taken(registers, imported.errors)
        added, changed, removed = parties.matrix.replace(imported.rows, actor, registers.now)
        registers.tell("done.matrix", added=added, changed=changed, removed=removed)
    return 0


def by_id(parties: Parties) -> dict[str, Party]:
    return {party.id: party for party in parties.all(retired=True)}
