"""XLSX: a sheet is a heading and its tables; what Excel does not show is set aside."""

from __future__ import annotations

import datetime as dt
import io
import warnings
from collections.abc import Iterator
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.dimensions import RowDimension
from openpyxl.worksheet.worksheet import Worksheet

from rag.parsing.drafts import Draft, Drafted, Shape
from rag.parsing.models import HiddenWhy, Limits, Notice, Reason, Refused
from rag.parsing.ooxml import Package
from rag.parsing.word_looks import alike

_CELLS = 2_000_000  # of a sheet's declared rectangle; a cell at XFD1048576 must not be walked to
_COLUMNS = 200
_TINY = 2  # points
_NARROW = 0.3  # of a digit
_TITLE_LIMIT = 80


def read_xlsx(data: bytes, limits: Limits, _ocr_pages: int = 0) -> Drafted:
    """Values as last computed by Excel, in the words a reader sees them in as far as formats tell."""
    package = Package(data, limits)
    package.check_xml()
    drafted = Drafted("xlsx", f"openpyxl {openpyxl.__version__}")
    drafted.notices[Notice.MACROS] += any(name.endswith("vbaProject.bin") for name in package.names)
    drafted.notices[Notice.UNREAD_PARTS] += sum(
        name.startswith(("xl/charts/", "xl/embeddings/")) for name in package.names
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of extensions it does not know
            book = openpyxl.load_workbook(io.BytesIO(data), data_only=True, keep_links=False)
    except (InvalidFileException, KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise Refused(Reason.DAMAGED, type(error).__name__) from error
    for sheet in book.worksheets:
        _sheet(sheet, drafted, alone=len(book.worksheets) == 1)
    return drafted


def _sheet(sheet: Worksheet, drafted: Drafted, *, alone: bool) -> None:
    if sheet.max_row * min(sheet.max_column, _COLUMNS) > _CELLS:
        raise Refused(Reason.TOO_MUCH_TEXT, f"{sheet.max_row} x {sheet.max_column} cells")
    rows = list(_rows(sheet, drafted))
    if sheet.sheet_state != "visible":
        drafted.hide(HiddenWhy.INVISIBLE, "\n".join("，".join(filter(None, row)) for row in rows), None)
        return
    rows = [row for row in rows if any(row)]
    if not rows:
        return
    if not (alone and sheet.title.lower().startswith(("sheet", "工作表"))):
        drafted.drafts.append(Draft(Shape.HEADING, sheet.title, 2, sheet=sheet.title))
    for draft in _tables(rows):
        draft.sheet = sheet.title
        drafted.drafts.append(draft)


def _rows(sheet: Worksheet, drafted: Drafted) -> Iterator[list[str]]:
    merged = _merges(sheet, drafted)
    hidden_columns = {index for index in range(1, sheet.max_column + 1) if _is_hidden_column(sheet, index)}
    cells: Any = sheet.iter_rows(max_col=min(sheet.max_column, _COLUMNS))
    for row in cells:
        unseen = bool(row) and _is_hidden(sheet.row_dimensions[row[0].row])
        words: list[str] = []
        for cell in row:
            source = merged.get((cell.row, cell.column), cell)
            text = "" if source is None else _shown(source)
            why = _why_hidden(source) if source is not None else None
            if unseen or cell.column in hidden_columns:
                why = HiddenWhy.INVISIBLE
            if text and why is not None:
                drafted.hide(why, text)
                text = ""
            words.append(text)
        yield words


def _is_hidden_column(sheet: Worksheet, index: int) -> bool:
    return any(
        _is_hidden(dimension) and (dimension.min or 0) <= index <= (dimension.max or 0)
        for dimension in sheet.column_dimensions.values()
    )


def _is_hidden(dimension: Any) -> bool:
    """A row or column that is hidden, or too low or narrow for anything to show (points, widths of a digit)."""
    extent, least = (dimension.height, _TINY) if isinstance(dimension, RowDimension) else (dimension.width, _NARROW)
    return bool(dimension.hidden) or (extent is not None and extent < least)


def _merges(sheet: Worksheet, drafted: Drafted) -> dict[tuple[int, int], Any]:
    """(row, column) of a merge's other cells → its first cell; None across a row (a title is said once)."""
    found: dict[tuple[int, int], Any] = {}
    for area in sheet.merged_cells.ranges:
        if area.size["rows"] * area.size["columns"] > 10_000:
            continue
        drafted.notices[Notice.MERGED_CELLS] += 1
        first = sheet.cell(area.min_row, area.min_col)
        whole_row = area.min_row == area.max_row and area.size["columns"] >= min(sheet.max_column, _COLUMNS)
        for row, column in area.cells:
            if (row, column) != (area.min_row, area.min_col):
                found[row, column] = None if whole_row else first
    return found


def _why_hidden(cell: Any) -> HiddenWhy | None:
    font = cell.font
    if cell.number_format == ";;;":
        return HiddenWhy.INVISIBLE
    if font is not None and font.sz is not None and font.sz < _TINY:
        return HiddenWhy.TINY
    ink = _rgb(font.color) if font is not None else None
    if (
        ink is None
        and font is not None
        and font.color is not None
        and font.color.type == "theme"
        and font.color.theme == 0
    ):
        ink = (255, 255, 255)  # the theme's first colour is the window's
    fill = cell.fill
    behind = _rgb(fill.fgColor) if fill is not None and fill.fill_type == "solid" else (255, 255, 255)
    return HiddenWhy.COLOUR if ink is not None and behind is not None and alike(ink, behind) else None


def _rgb(colour: Any) -> tuple[int, int, int] | None:
    value = getattr(colour, "rgb", None)
    if colour is None or colour.type != "rgb" or not isinstance(value, str) or len(value) != 8:
        return None
    return int(value[2:4], 16), int(value[4:6], 16), int(value[6:], 16)


def _shown(cell: Any) -> str:
    found = cell.value
    if found is None:
        return ""
    if isinstance(found, bool):
        return "是" if found else "否"
    if isinstance(found, dt.datetime):
        return found.strftime("%Y-%m-%d %H:%M" if (found.hour or found.minute) else "%Y-%m-%d")
    if isinstance(found, dt.date | dt.time):
        return found.isoformat()
    if isinstance(found, int | float):
        return _number(float(found), str(cell.number_format or ""))
    return str(found)


def _number(value: float, form: str) -> str:
    """As formatted, for the formats that change what a figure says; exact otherwise."""
    section = form.split(";", 1)[0]
    if "%" in section:
        places = len(section.split(".", 1)[1].split("%", 1)[0]) if "." in section else 0
        return f"{value * 100:.{places}f}%"
    text = f"{value:.10f}".rstrip("0").rstrip(".") if abs(value) < 1e15 else repr(value)
    return text or "0"


def _tables(rows: list[list[str]]) -> Iterator[Draft]:
    """Lines of one filled cell before a table are its titles and after it its notes; the rest is the table."""
    first = next((n for n, row in enumerate(rows) if sum(map(bool, row)) > 1), len(rows))
    last = next((n for n in range(len(rows) - 1, -1, -1) if sum(map(bool, rows[n])) > 1), len(rows) - 1)
    for row in rows[:first]:
        text = next(filter(None, row))
        is_title = len(text) <= _TITLE_LIMIT and not text.rstrip().endswith(("。", "；", "：", ":"))
        yield Draft(Shape.HEADING, text.replace("\n", ""), 3) if is_title else Draft(Shape.FLOW, text)
    if first < len(rows):
        yield Draft(Shape.TABLE, rows=rows[first : last + 1])
        yield from (Draft(Shape.FLOW, next(filter(None, row))) for row in rows[last + 1 :])
