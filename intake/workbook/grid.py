"""The cells of one sheet of an XLSX file, streamed: nothing computed, nothing padded, what is hidden or merged named.

Read here and not by openpyxl: that one unpacks without bounds, pads sparse rows to a million cells and drops part of an
escaped text. The format: ECMA-376 part 1, 18.2–18.8; its escapes `_xHHHH_`: 22.9.2.19.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from intake.workbook.numbers import Formats, number_text
from intake.workbook.package import LIMITS, Attributes, Limits, Package, SheetError, ignore, opened

_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_ESCAPABLE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
LONGEST_CELL = 32_767
"""UTF-16 units that a cell holds."""
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_TRUE = {"1", "true", "on"}
_HIDDEN = {"hidden", "veryHidden"}


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell. `kind` is text, number, date, month, time, bool, formula (whatever it gave), long (a
    number that has lost digits) or error."""

    text: str
    kind: str = "text"


@dataclass(slots=True)
class Grid:
    """A sheet: row → column → cell, both from 1, empty cells left out; and what of it is hidden or merged."""

    hidden: bool = False
    cells: dict[int, dict[int, Cell]] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)


def read_grid(content: bytes, sheet: str, limits: Limits = LIMITS) -> Grid:
    """The sheet of this name. Raises SheetError for a file that is too big, damaged, hostile or without the sheet."""
    with opened(content, limits) as package:
        workbook = next((name for kind, name in package.related("").values() if kind == "officeDocument"), "")
        if workbook not in package.names:
            raise SheetError("not_a_workbook")
        related = package.related(workbook)
        identifier, hidden, from_1904 = _found(package, workbook, sheet)
        part = related.get(identifier, ("", ""))[1]
        if part not in package.names:
            raise SheetError("damaged")
        others = {kind: name for kind, name in related.values() if name in package.names}
        strings = _strings(package, others["sharedStrings"]) if "sharedStrings" in others else []
        formats = _formats(package, others["styles"], from_1904) if "styles" in others else Formats()
        return _Sheet(strings, formats, package.limits.rows, Grid(hidden)).read(package, part)


def sheet_names(content: bytes, limits: Limits = LIMITS) -> tuple[str, ...]:
    """The sheets of a file in order, hidden ones among them. Raises SheetError as `read_grid` does."""
    with opened(content, limits) as package:
        workbook = next((name for kind, name in package.related("").values() if kind == "officeDocument"), "")
        if workbook not in package.names:
            raise SheetError("not_a_workbook")
        return tuple(_listed(package, workbook)[0])


def _found(package: Package, workbook: str, wanted: str) -> tuple[str, bool, bool]:
    """The relation of the wanted sheet, whether it is hidden, and whether the file counts days from 1904."""
    sheets, from_1904 = _listed(package, workbook)
    if wanted not in sheets:
        raise SheetError("no_such_sheet", sheet=wanted, found="、".join(sheets) or "—")
    return *sheets[wanted], from_1904


def _listed(package: Package, workbook: str) -> tuple[dict[str, tuple[str, bool]], bool]:
    """The sheets by name, each with its relation and whether it is hidden; whether days count from 1904."""
    sheets: dict[str, tuple[str, bool]] = {}
    from_1904 = False

    def start(element: str, attributes: Attributes) -> None:
        nonlocal from_1904
        if element == "sheet":
            sheets[attributes.get("name", "")] = attributes.get("id", ""), attributes.get("state", "") in _HIDDEN
        elif element == "workbookPr":
            from_1904 = attributes.get("date1904", "") in _TRUE

    package.walk(workbook, start, ignore)
    return sheets, from_1904


def _strings(package: Package, name: str) -> list[str]:
    """The shared strings. Runs of rich text are joined; phonetic guides (rPh) are not part of the text."""
    strings: list[str] = []
    runs: list[str] = []
    guides = 0

    def start(element: str, _attributes: Attributes) -> None:
        nonlocal guides
        guides += element == "rPh"

    def end(element: str, text: str) -> None:
        nonlocal guides
        guides -= element == "rPh"
        if element == "t" and not guides:
            runs.append(text)
        elif element == "si":
            strings.append(unescaped("".join(runs)))
            runs.clear()

    package.walk(name, start, end)
    return strings


def _formats(package: Package, name: str, from_1904: bool) -> Formats:
    """The number format of each cell style."""
    codes: dict[str, str] = {}
    styles: list[str] = []
    inside = False

    def start(element: str, attributes: Attributes) -> None:
        nonlocal inside
        inside = inside or element == "cellXfs"
        if element == "numFmt":
            codes.setdefault(attributes.get("numFmtId", ""), attributes.get("formatCode", ""))
        elif element == "xf" and inside:
            styles.append(attributes.get("numFmtId", "0"))

    def end(element: str, _text: str) -> None:
        nonlocal inside
        inside = inside and element != "cellXfs"

    package.walk(name, start, end)
    return Formats(tuple(styles), codes, from_1904)


class _Sheet:
    """The walk over a worksheet part."""

    def __init__(self, strings: list[str], formats: Formats, most_rows: int, grid: Grid) -> None:
        self._strings, self._formats, self._most_rows, self._grid = strings, formats, most_rows, grid
        self._row = self._column = self._guides = 0
        self._attributes: Attributes = {}
        self._runs: list[str] = []
        self._value: str | None = None
        self._formula = False

    def read(self, package: Package, name: str) -> Grid:
        package.walk(name, self._start, self._end)
        return self._grid

    def _start(self, element: str, attributes: Attributes) -> None:
        if element == "c":
            self._begin_cell(attributes)
        elif element == "row":
            self._begin_row(attributes)
        elif element == "f":
            self._formula = True
        elif element == "rPh":
            self._guides += 1
        elif element == "mergeCell":
            self._grid.merged.append(attributes.get("ref", "?"))
        elif element == "col" and attributes.get("hidden") in _TRUE:
            self._grid.hidden_columns.append((int(attributes.get("min", "0")), int(attributes.get("max", "0"))))

    def _begin_row(self, attributes: Attributes) -> None:
        self._row = int(attributes.get("r", self._row + 1))
        self._column = 0
        if not 1 <= self._row <= _LAST_ROW:
            raise SheetError("damaged")
        if attributes.get("hidden") in _TRUE:
            self._grid.hidden_rows.add(self._row)

    def _begin_cell(self, attributes: Attributes) -> None:
        self._column += 1
        if "r" in attributes:
            found = _REFERENCE.fullmatch(attributes["r"])
            if found is None or int(found[2]) != self._row:
                raise SheetError("damaged")
            self._column = column_number(found[1])
        if self._column > _LAST_COLUMN:
            raise SheetError("damaged")
        self._attributes, self._runs, self._value, self._formula = attributes, [], None, False

    def _end(self, element: str, text: str) -> None:
        if element == "v":
            self._value = text
        elif element == "t" and not self._guides:
            self._runs.append(text)
        elif element == "rPh":
            self._guides -= 1
        elif element == "c":
            self._end_cell()

    def _end_cell(self) -> None:
        cell = self._cell()
        if cell is None:
            return
        rows = self._grid.cells
        if self._row not in rows and len(rows) > self._most_rows:  # one row more than the limit: the headings
            raise SheetError("too_many_rows", limit=str(self._most_rows))
        if len(cell.text) > LONGEST_CELL:
            raise SheetError("cell_too_long", limit=str(LONGEST_CELL))
        row = rows.setdefault(self._row, {})
        if self._column in row:
            raise SheetError("damaged")
        row[self._column] = cell

    def _cell(self) -> Cell | None:
        kind = self._attributes.get("t", "n")
        if self._formula:
            return Cell(self._value or "", "formula")
        if kind == "inlineStr":
            return _text(unescaped("".join(self._runs)))
        if not self._value:
            return None
        if kind == "s":
            return _text(self._shared(int(self._value)))
        return self._scalar(kind, self._value)

    def _shared(self, place: int) -> str:
        if not 0 <= place < len(self._strings):
            raise SheetError("damaged")
        return self._strings[place]

    def _scalar(self, kind: str, value: str) -> Cell | None:
        if kind == "str":
            return _text(unescaped(value))
        if kind == "b":
            return Cell("TRUE" if value in _TRUE else "FALSE", "bool")
        if kind == "d":
            return Cell(value[:10], "date")
        if kind == "n":
            return Cell(*number_text(value, self._attributes.get("s", "0"), self._formats))
        return Cell(value, "error")


def _text(text: str) -> Cell | None:
    return Cell(text) if text else None


def column_number(letters: str) -> int:
    """A → 1, Z → 26, AA → 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def unescaped(text: str) -> str:
    """A text as it was before the format escaped it: `_x000D_` is a carriage return, `_x005F_` an underscore."""
    if "_x" not in text:
        return text
    plain = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def escaped(text: str) -> str:
    """A text so written that no part of it is taken for one of the format's escapes."""
    return _ESCAPABLE.sub("_x005F_", text)
