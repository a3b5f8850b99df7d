"""An XLSX file in pieces, row by row: many rows cost no more memory than one, and who waits sees it grow.

Texts are inline strings, so no cell can be a formula, whatever stands in it. The format: ECMA-376 part 1, 18.2–18.8.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from openpyxl.utils import get_column_letter

Value = str | int | date | datetime | None
"""A cell; a datetime is written as its wall clock says, None leaves the cell empty."""

_DAY_ZERO = date(1899, 12, 30)
_SECONDS = 86_400
_AT_ONCE = 200
"""Rows between two pieces."""
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_HEADING, _TEXT, _DAY, _MOMENT, _NUMBER = 1, 2, 3, 4, 5
_STYLES = f"""{_HEAD}<styleSheet {_MAIN}><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>\
<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/></numFmts>\
<fonts count="2"><font><sz val="11"/></font><font><b/><sz val="11"/></font></fonts>\
<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>\
<fill><patternFill patternType="solid"><fgColor rgb="FFDDE8F3"/></patternFill></fill></fills>\
<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="6"><xf xfId="0"/>\
<xf numFmtId="49" fontId="1" fillId="2" applyNumberFormat="1" applyFont="1" applyFill="1" applyAlignment="1" xfId="0">\
<alignment vertical="center" wrapText="1"/></xf>\
<xf numFmtId="49" applyNumberFormat="1" applyAlignment="1" xfId="0"><alignment vertical="top" wrapText="1"/></xf>\
<xf numFmtId="164" applyNumberFormat="1" applyAlignment="1" xfId="0"><alignment vertical="top"/></xf>\
<xf numFmtId="165" applyNumberFormat="1" applyAlignment="1" xfId="0"><alignment vertical="top"/></xf>\
<xf applyAlignment="1" xfId="0"><alignment vertical="top"/></xf></cellXfs>\
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>"""


@dataclass(frozen=True, slots=True)
class Head:
    """A column: its heading, and its width in characters."""

    heading: str
    width: int


class StreamedBook:
    """`yield from book.sheet(…)` for each sheet, then `yield from book.end()`: the bytes of the file in order.

    Without a sheet no program opens the file; what is not ended is no file.
    """

    def __init__(self) -> None:
        self._sink = _Sink()
        self._archive = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._titles: list[str] = []
        self.rows = 0

    def sheet(self, title: str, heads: Sequence[Head], rows: Iterable[Sequence[Value]]) -> Iterator[bytes]:
        """A sheet with frozen headings and a filter. Texts must be clean (`intake.sheets`)."""
        self._titles.append(title)
        letters = [get_column_letter(number) for number in range(1, len(heads) + 1)]
        count = 0
        with self._archive.open(f"xl/worksheets/sheet{len(self._titles)}.xml", "w", force_zip64=True) as part:
            part.write(_opening(heads, first=len(self._titles) == 1).encode())
            part.write(_row(1, letters, [head.heading for head in heads], _HEADING))
            for count, row in enumerate(rows, start=1):
                part.write(_row(count + 1, letters, row, _TEXT))
                if count % _AT_ONCE == 0:
                    yield self._sink.taken()
            part.write(f'</sheetData><autoFilter ref="A1:{letters[-1]}{count + 1}"/></worksheet>'.encode())
        self.rows += count
        yield self._sink.taken()

    def end(self) -> Iterator[bytes]:
        """What a file ends with."""
        self._finish()
        self._archive.close()
        yield self._sink.taken()

    def _finish(self) -> None:
        numbers = range(1, len(self._titles) + 1)
        sheets = "".join(
            f'<sheet name={quoteattr(title)} sheetId="{number}" r:id="rId{number}"/>'
            for number, title in zip(numbers, self._titles, strict=True)
        )
        targets = [("worksheet", f"worksheets/sheet{number}.xml") for number in numbers] + [("styles", "styles.xml")]
        parts = "".join(_override(f"xl/worksheets/sheet{number}.xml", "worksheet") for number in numbers)
        parts += _override("xl/workbook.xml", "sheet.main") + _override("xl/styles.xml", "styles")
        kinds = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        content = "http://schemas.openxmlformats.org/package/2006/content-types"
        book = f'<workbook {_MAIN} xmlns:r="{_RELATIONS}"><sheets>{sheets}</sheets></workbook>'
        for name, text in (
            ("xl/workbook.xml", _HEAD + book),
            ("xl/_rels/workbook.xml.rels", _related(targets)),
            ("xl/styles.xml", _STYLES),
            ("_rels/.rels", _related([("officeDocument", "xl/workbook.xml")])),
            ("[Content_Types].xml", f'{_HEAD}<Types xmlns="{content}">{kinds}{parts}</Types>'),
        ):
            self._archive.writestr(name, text)


class _Sink(io.RawIOBase):
    """Takes what is written until it is taken away. It cannot be wound back, so the archive does not try."""

    def __init__(self) -> None:
        super().__init__()
        self._held: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: Any, /) -> int:
        self._held.append(bytes(piece))
        return len(piece)

    def taken(self) -> bytes:
        held, self._held = b"".join(self._held), []
        return held


def _opening(heads: Sequence[Head], *, first: bool) -> str:
    widths = "".join(
        f'<col min="{number}" max="{number}" width="{head.width}" customWidth="1"/>'
        for number, head in enumerate(heads, start=1)
    )
    chosen = ' tabSelected="1"' if first else ""
    pane = '<pane xSplit="1" ySplit="1" topLeftCell="B2" activePane="bottomRight" state="frozen"/>'
    view = f'<sheetViews><sheetView{chosen} workbookViewId="0">{pane}</sheetView></sheetViews>'
    return f'{_HEAD}<worksheet {_MAIN}>{view}<sheetFormatPr defaultRowHeight="15"/><cols>{widths}</cols><sheetData>'


def _row(number: int, letters: Sequence[str], values: Sequence[Value], style: int) -> bytes:
    cells = [
        _cell(f"{letter}{number}", value, style)
        for letter, value in zip(letters, values, strict=True)
        if value is not None and value != ""
    ]
    return f'<row r="{number}">{"".join(cells)}</row>'.encode()


def _cell(place: str, value: Value, style: int) -> str:
    if isinstance(value, str):
        return f'<c r="{place}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    if isinstance(value, datetime):
        seconds = value.hour * 3600 + value.minute * 60 + value.second
        return f'<c r="{place}" s="{_MOMENT}"><v>{(value.date() - _DAY_ZERO).days + seconds / _SECONDS:.10f}</v></c>'
    if isinstance(value, date):
        return f'<c r="{place}" s="{_DAY}"><v>{(value - _DAY_ZERO).days}</v></c>'
    return f'<c r="{place}" s="{_NUMBER}"><v>{value}</v></c>'


def _related(targets: Iterable[tuple[str, str]]) -> str:
    lines = "".join(
        f'<Relationship Id="rId{number}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'{_HEAD}<Relationships xmlns="{package}">{lines}</Relationships>'


def _override(part: str, kind: str) -> str:
    content = f"application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml"
    return f'<Override PartName="/{part}" ContentType="{content}"/>'
