"""Safe XLSX out and in: what is written are texts and never formulas; what is read comes back to the letter, or is
refused with the row and what to correct there. Start here for any sheet that people exchange with us.

A text that a program could take for a formula gets an apostrophe before it, and reading takes it off again. The rule of
OWASP's "CSV injection" page, with the full-width signs that some programs read alike; it also holds when somebody saves
the sheet as CSV.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from intake.models import Saying
from intake.reading.plain import tight
from intake.workbook.grid import LONGEST_CELL, Cell, Grid, escaped, read_grid
from intake.workbook.package import LIMITS, Limits, SheetError

__all__ = [
    "LIMITS", "Column", "Fault", "Layout", "Limits", "Line", "SheetError", "Table", "cell_text", "guarded", "read",
    "write",
]  # fmt: skip

_RISKY = re.compile(r"'*(?:[\t\r\n]|\s*[=+\-@＝＋－＠])")
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REQUIRED = "*"
_LAST_ROW = 1_048_576


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its key in the code, its heading for people, and what may stand in it.

    `choices` are offered as a drop-down; with `several` more than one may be given, so that others are not refused by
    the program. `dates` columns take date cells; `optional` ones need not be there. `note` and `example` stand on the
    sheet of instructions.
    """

    key: str
    heading: str
    required: bool = False
    optional: bool = False
    choices: tuple[str, ...] = ()
    several: bool = False
    dates: bool = False
    note: str = ""
    example: str = ""
    width: int = 16

    @property
    def shown(self) -> str:
        return f"{self.heading}{_REQUIRED}" if self.required else self.heading


@dataclass(frozen=True, slots=True)
class Layout:
    """A sheet: its name, its columns, and the names of the two sheets that go with it, with the latter's headings."""

    title: str
    columns: tuple[Column, ...]
    notes_title: str
    notes_headings: tuple[str, str, str, str, str]
    notes_words: tuple[str, str]
    choices_title: str


@dataclass(frozen=True, slots=True)
class Line:
    """A row that was read, by its number in the file: column key → text, "" where the cell is empty."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is to be corrected in a row; `heading` names the column, "" where it is the whole row."""

    row: int
    heading: str
    saying: Saying


@dataclass(frozen=True, slots=True)
class Table:
    """What a sheet came to. Lines with faults are not in `lines`; who wants all or none looks at `faults` first."""

    lines: tuple[Line, ...]
    faults: tuple[Fault, ...]


# ------------------------------------------------------------------------------------------------------------- writing


def write(layout: Layout, rows: Iterable[Mapping[str, str]]) -> bytes:
    """The rows (column key → text) as an XLSX, with instructions and drop-down lists; without rows a template.

    Line breaks become LF and control characters are dropped. Raises SheetError (cell_too_long) for what fits no cell.
    """
    # All texts first: a sheet that is left half-written leaves its temporary file behind.
    lines = [[cell_text(row.get(column.key, "")) for column in layout.columns] for row in rows]
    workbook = Workbook(write_only=True)
    workbook.properties.creator = layout.title
    sheet = workbook.create_sheet(layout.title)
    _arrange(sheet, layout)
    sheet.append([_heading(sheet, column.shown) for column in layout.columns])
    for line in lines:
        sheet.append([_cell(sheet, value) for value in line])
    _write_notes(workbook.create_sheet(layout.notes_title), layout)
    if _choice_columns(layout):
        _write_choices(workbook.create_sheet(layout.choices_title), layout)
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def guarded(text: str) -> str:
    """A text as it is written: no control characters, and an apostrophe before what could be taken for a formula."""
    clean = _clean(text)
    return f"'{clean}" if _RISKY.match(clean) else clean


def _bare(text: str) -> str:
    """What `guarded` was made of."""
    return text[1:] if text.startswith("'") and _RISKY.match(text[1:]) else text


def _clean(text: str) -> str:
    return _UNWRITABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def cell_text(text: str) -> str:
    """A text as it stands in the file: guarded, the format's escapes escaped. Raises SheetError (cell_too_long)."""
    value = escaped(guarded(text))
    if len(value.encode("utf-16-le")) // 2 > LONGEST_CELL:
        raise SheetError("cell_too_long", limit=str(LONGEST_CELL))
    return value


def _cell(sheet: Any, value: str) -> Any:
    cell: Any = WriteOnlyCell(sheet, value=value)  # the stubs know neither it nor its sheet
    cell.data_type = "s"  # openpyxl makes a formula of a text that begins with "="
    cell.number_format = "@"  # a text it stays when somebody edits it: codes and phones keep their digits
    return cell


def _heading(sheet: Any, text: str) -> Any:
    cell = _cell(sheet, cell_text(text))
    cell.font = Font(bold=True)
    cell.fill = PatternFill("solid", fgColor="DDE8F3")
    cell.alignment = Alignment(vertical="center", wrap_text=True)
    return cell


def _arrange(sheet: Any, layout: Layout) -> None:
    sheet.freeze_panes = "A2"
    for number, column in enumerate(layout.columns, start=1):
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = column.width
        sheet.column_dimensions[letter].number_format = "@"
        if column.choices:
            sheet.data_validations.append(_drop_down(layout, number, f"{letter}2:{letter}{_LAST_ROW}"))


def _drop_down(layout: Layout, number: int, cells: str) -> DataValidation:
    column = layout.columns[number - 1]
    letter = get_column_letter(_choice_columns(layout).index(column) + 1)
    listed = f"'{layout.choices_title}'!${letter}$2:${letter}${len(column.choices) + 1}"
    rule = DataValidation(type="list", formula1=listed, allow_blank=True, showErrorMessage=not column.several)
    rule.add(cells)
    return rule


def _choice_columns(layout: Layout) -> list[Column]:
    return [column for column in layout.columns if column.choices]


def _write_notes(sheet: Any, layout: Layout) -> None:
    for letter, width in zip("ABCDE", (18, 8, 60, 24, 60), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.append([_heading(sheet, text) for text in layout.notes_headings])
    yes, no = layout.notes_words
    for column in layout.columns:
        words = (column.heading, yes if column.required else no, column.note, column.example, "、".join(column.choices))
        sheet.append([_cell(sheet, cell_text(text)) for text in words])


def _write_choices(sheet: Any, layout: Layout) -> None:
    columns = _choice_columns(layout)
    sheet.append([_heading(sheet, column.heading) for column in columns])
    for number in range(max((len(column.choices) for column in columns), default=0)):
        texts = [column.choices[number] if number < len(column.choices) else "" for column in columns]
        sheet.append([_cell(sheet, cell_text(text)) for text in texts])


# ------------------------------------------------------------------------------------------------------------- reading


def read(layout: Layout, content: bytes, limits: Limits = LIMITS) -> Table:
    """The lines of a sheet in this layout, its columns in any order.

    Raises SheetError where the file as a whole cannot be taken: too big, damaged, hostile, another sheet, other
    headings, merged cells, hidden columns.
    """
    grid = read_grid(content, layout.title, limits)
    places = _places(layout, grid)
    _refuse_the_unseen(layout, grid, places)
    lines: list[Line] = []
    faults: list[Fault] = []
    for number in sorted(grid.cells.keys() - {1}):
        cells = grid.cells[number]
        if any(cell.text.strip() or cell.kind == "formula" for cell in cells.values()):
            found = list(_faults(number, cells, places, hidden=number in grid.hidden_rows))
            faults += found
            if not found:
                lines.append(Line(number, _texts(layout, cells, places)))
    return Table(tuple(lines), tuple(faults))


def _places(layout: Layout, grid: Grid) -> dict[int, Column]:
    """Which column of the layout stands in which column of the sheet."""
    by_heading = {_bare_heading(column.heading): column for column in layout.columns}
    headings = {place: cell.text for place, cell in grid.cells.get(1, {}).items() if cell.text.strip()}
    places: dict[int, Column] = {}
    for place, text in headings.items():
        column = by_heading.get(_bare_heading(text))
        if column is None:
            raise SheetError("unknown_heading", heading=text[:40], known="、".join(c.heading for c in layout.columns))
        if column in places.values():
            raise SheetError("heading_twice", heading=column.heading)
        places[place] = column
    missing = [column.heading for column in layout.columns if not column.optional and column not in places.values()]
    if missing:
        raise SheetError("headings_missing", headings="、".join(missing))
    return places


def _bare_heading(text: str) -> str:
    return tight(text).rstrip(_REQUIRED)


def _refuse_the_unseen(layout: Layout, grid: Grid, places: Mapping[int, Column]) -> None:
    """What people do not see on their screen is neither taken nor dropped in silence."""
    if grid.hidden:
        raise SheetError("hidden_sheet", sheet=layout.title)
    if grid.merged:
        raise SheetError("merged", cells="、".join(grid.merged[:5]))
    hidden = [
        column.heading for place, column in places.items() if any(a <= place <= b for a, b in grid.hidden_columns)
    ]
    if hidden:
        raise SheetError("hidden_columns", headings="、".join(hidden))


def _faults(number: int, cells: Mapping[int, Cell], places: Mapping[int, Column], *, hidden: bool) -> Iterator[Fault]:
    if hidden:
        yield Fault(number, "", Saying("sheet.fault.hidden_row"))
    for place, cell in cells.items():
        column = places.get(place)
        if column is None:
            if cell.text.strip():
                yield Fault(number, "", Saying("sheet.fault.beside", {"text": cell.text.strip()[:20]}))
        elif key := _unfit(cell, column):
            yield Fault(number, column.heading, Saying(f"sheet.fault.{key}"))


def _unfit(cell: Cell, column: Column) -> str | None:
    """Why a cell of this kind cannot stand in the column: a key, or None."""
    if cell.kind in ("formula", "error", "long"):
        return cell.kind
    if cell.kind in ("date", "month", "time") and not (column.dates and cell.kind != "time"):
        return "date"
    return None


def _texts(layout: Layout, cells: Mapping[int, Cell], places: Mapping[int, Column]) -> dict[str, str]:
    texts = dict.fromkeys((column.key for column in layout.columns), "")
    texts |= {places[place].key: _bare(_clean(cell.text)) for place, cell in cells.items()}
    return texts
