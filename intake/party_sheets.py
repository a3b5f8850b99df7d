"""The register of parties and the society matrix as XLSX, out and in. An import is whole, or says what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from intake.models import Saying
from intake.parties import MatrixRow, Party, normal_name
from intake.party_words import CellError, PartyWords
from intake.reference import Reference
from intake.sheets import Column, Fault, Layout, Line, read, write
from intake.store.parties import PartyRow, RowsRefusedError


@dataclass(frozen=True, slots=True)
class Imported:
    """What a sheet of parties came to. With `errors` nothing of it is to be stored, and `rows` is empty."""

    rows: tuple[PartyRow, ...]
    errors: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class ImportedMatrix:
    """What a sheet of the matrix came to; whole, or empty with `errors`."""

    rows: tuple[MatrixRow, ...]
    errors: tuple[Fault, ...]


class PartySheets:
    def __init__(self, reference: Reference) -> None:
        self.words = PartyWords(reference)
        self.parties = _layout(self.words, "parties")
        self.matrix = _layout(self.words, "matrix")

    def write_parties(self, parties: Iterable[Party]) -> bytes:
        """The register as XLSX, contacts included; with no party a template to fill in."""
        return write(self.parties, map(self.words.written, parties))

    def read_parties(self, content: bytes) -> Imported:
        """The rows of such a file, or what to correct in each. Raises SheetError where it cannot be taken at all."""
        table = read(self.parties, content)
        rows: list[PartyRow] = []
        errors = list(table.faults)
        for line in table.lines:
            party, found = self.words.read(line.cells)
            errors += [self._fault(self.parties, line, key, saying) for key, saying in found]
            if party is not None:
                rows.append(PartyRow(line.number, party))
        return Imported((), _in_order(errors)) if errors else Imported(tuple(rows), ())

    def refused(self, refusal: RowsRefusedError) -> tuple[Fault, ...]:
        """What the register found wrong with rows that were read, as faults of the sheet."""
        heading = next(column.heading for column in self.parties.columns if column.key == "name")
        return tuple(
            Fault(fault.number, heading, Saying(f"sheet.fault.{fault.key}", dict(fault.values)))
            for fault in refusal.faults
        )

    def write_matrix(self, rows: Iterable[MatrixRow], parties: Mapping[str, Party]) -> bytes:
        """The matrix as XLSX; `parties` by id."""
        return write(self.matrix, (self._matrix_cells(row, parties) for row in rows))

    def read_matrix(self, content: bytes, parties: Mapping[str, Party]) -> ImportedMatrix:
        """The whole matrix of such a file, parties by name or id. Raises SheetError where it cannot be taken at all."""
        table = read(self.matrix, content)
        by_name = {normal_name(party.name).lower(): party.id for party in parties.values()}
        known = {**by_name, **{party: party for party in parties}}
        rows: dict[tuple[str, str, str], tuple[int, MatrixRow]] = {}
        errors = list(table.faults)
        for line in table.lines:
            row, found = self._matrix_row(line, known)
            errors += [self._fault(self.matrix, line, key, saying) for key, saying in found]
            if row is not None:
                key = (row.district, row.industry, row.party)
                if key in rows:
                    twice = Saying("sheet.fault.twice", {"name": line.cells["party"], "row": str(rows[key][0])})
                    errors.append(Fault(line.number, "", twice))
                rows.setdefault(key, (line.number, row))
        if errors:
            return ImportedMatrix((), _in_order(errors))
        return ImportedMatrix(tuple(row for _, row in rows.values()), ())

    def _matrix_cells(self, row: MatrixRow, parties: Mapping[str, Party]) -> dict[str, str]:
        return {
            "district": self.words.label("places", row.district),
            "industry": self.words.label("industries", row.industry),
            "party": parties[row.party].name if row.party in parties else row.party,
            "verified": self.words.written_yes(row.verified),
        }

    def _matrix_row(self, line: Line, known: Mapping[str, str]) -> tuple[MatrixRow | None, list[tuple[str, Saying]]]:
        found: list[tuple[str, Saying]] = []
        values: dict[str, Any] = {}
        for key, reader in (
            ("district", lambda text: self.words.code("places", text)),
            ("industry", lambda text: self.words.code("industries", text)),
            ("party", lambda text: _known(text, known)),
            ("verified", lambda text: self.words.yes(text, False)),
        ):
            text = line.cells[key]
            try:
                if key != "verified" and not text.strip():
                    raise CellError(Saying("sheet.fault.required"))
                values[key] = reader(text)
            except CellError as fault:
                found.append((key, fault.saying))
        return (None if found else MatrixRow(**values)), found

    @staticmethod
    def _fault(layout: Layout, line: Line, key: str, saying: Saying) -> Fault:
        return Fault(line.number, next(column.heading for column in layout.columns if column.key == key), saying)


def _known(text: str, known: Mapping[str, str]) -> str:
    party = known.get(normal_name(text).lower()) or known.get(text.strip())
    if party is None:
        raise CellError(Saying("sheet.fault.no_such_party", {"name": text.strip()[:40]}))
    return party


def _in_order(errors: Iterable[Fault]) -> tuple[Fault, ...]:
    return tuple(sorted(errors, key=lambda fault: fault.row))


def _layout(words: PartyWords, name: str) -> Layout:
    book = words.book[name]
    columns = tuple(
        Column(**{**entry, "choices": words.labels(entry["choices"]) if "choices" in entry else ()})
        for entry in book["columns"]
    )
    told = words.words
    return Layout(
        book["title"], columns, told["notes_title"], tuple(told["notes_headings"]), (told["yes"], told["no"]),
        told["choices_title"],
    )  # fmt: skip
