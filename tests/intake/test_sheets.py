"""Sheets out and in: no formula leaves, every text comes back, and a hostile or careless file is refused in words."""

from __future__ import annotations

import contextlib
import io
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from datetime import date, time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.worksheet.worksheet import Worksheet

from intake.sheets import Column, Layout, Limits, SheetError, Table, guarded, read, write
from intake.workbook.grid import escaped, read_grid, unescaped
from intake.workbook.numbers import Formats, kind_of_code, number_text

LAYOUT = Layout(
    title="名录",
    columns=(
        Column("name", "名称", required=True),
        Column("kind", "类型", choices=("全国学会", "高校")),
        Column("phone", "联系电话"),
        Column("day", "日期", dates=True),
    ),
    notes_title="填写说明",
    notes_headings=("栏目", "必填", "怎么填", "示例", "可选内容"),
    notes_words=("是", "否"),
    choices_title="选项",
)
HEADINGS = ["名称*", "类型", "联系电话", "日期"]

FORMULAS = [
    '=HYPERLINK("http://a.cn","点")', "=1+1", "+1+1", "-1+1", "@SUM(A1:A9)", "=cmd|' /C calc'!A0", "\t=1+1", "\r=1+1",
    "\n=1+1", "＝1+1", "＋1+1", "－1+1", "＠SUM(1)", " =1+1", "　=1+1", "'=1+1", "''=1+1", '=IMPORTXML("http://a.cn","//a")',
    "{=1+1}", "=DDE(\"a\";\"b\")", "-2+3+cmd|' /C calc'!A0", "=\x00=1+1", "_x003D_1+1", "=WEBSERVICE(\"http://a.cn\")",
]  # fmt: skip


def a_file(*rows: list[Any], headings: list[str] | None = None, title: str = "名录") -> tuple[Workbook, Worksheet]:
    """What somebody might hand in, as openpyxl writes it."""
    workbook = Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    sheet.title = title
    for row in (headings or HEADINGS, *rows):
        sheet.append(row)
    return workbook, sheet


def saved(workbook: Workbook) -> bytes:
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def repacked(content: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """The same file with its parts changed by hand."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return file.getvalue()


def replaced(part: str, old: str, new: str, content: bytes | None = None) -> bytes:
    """`old` as it stands in canonical XML: the order in which attributes are written is the library's own affair."""

    def change(parts: dict[str, bytes]) -> None:
        canonical = ElementTree.canonicalize(parts[part].decode())
        assert old in canonical
        parts[part] = canonical.replace(old, new).encode()

    return repacked(content or write(LAYOUT, [{"name": "中国海洋学会"}]), change)


def refused(content: bytes, limits: Limits | None = None) -> str:
    """The key of the sentence that the file as a whole is refused with."""
    with pytest.raises(SheetError) as refusal:
        read(LAYOUT, content, limits or Limits())
    return refusal.value.saying.key.removeprefix("sheet.error.")


def names(table: Table) -> list[str]:
    return [line.cells["name"] for line in table.lines]


def faults(table: Table) -> list[tuple[int, str, str]]:
    return [(fault.row, fault.heading, fault.saying.key.removeprefix("sheet.fault.")) for fault in table.faults]


# ----------------------------------------------------------------------------------------------------------------- out


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_formula_leaves_and_the_text_comes_back(formula: str) -> None:
    content = write(LAYOUT, [{"name": "甲", "kind": formula, "phone": formula, "day": formula}])
    for sheet in load_workbook(io.BytesIO(content)):
        cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
        assert [cell.coordinate for cell in cells if cell.data_type != "s"] == []
        assert not any(str(cell.value).lstrip().startswith(tuple("=+-@＝＋－＠\t\r\n")) for cell in cells)
    (line,) = read(LAYOUT, content).lines
    assert line.cells["kind"] == formula.replace("\r", "\n").replace("\x00", "")


def test_codes_and_phones_stay_texts_when_somebody_edits_the_file() -> None:
    content = write(LAYOUT, [{"name": "001", "phone": "053285911234"}])
    sheet = load_workbook(io.BytesIO(content))["名录"]
    assert [cell.number_format for cell in sheet[2]] == ["@"] * 4
    assert sheet["C2"].value == "053285911234"
    assert sheet.column_dimensions["C"].number_format == "@"  # new rows, too


def test_a_template_has_headings_lists_to_choose_from_and_instructions() -> None:
    workbook = load_workbook(io.BytesIO(write(LAYOUT, [])))
    sheet = workbook["名录"]
    assert [cell.value for cell in sheet[1]] == HEADINGS
    assert sheet.max_row == 1
    assert sheet.freeze_panes == "A2"
    (rule,) = sheet.data_validations.dataValidation
    assert (str(rule.sqref), rule.formula1, rule.showErrorMessage) == ("B2:B1048576", "'选项'!$A$2:$A$3", True)
    assert [cell.value for cell in workbook["选项"]["A"]] == ["类型", "全国学会", "高校"]
    assert [cell.value for cell in workbook["填写说明"]["A"]] == ["栏目", "名称", "类型", "联系电话", "日期"]


def test_a_text_that_fits_no_cell_is_refused_and_not_cut() -> None:
    assert write(LAYOUT, [{"name": "长" * 32_767}])
    with pytest.raises(SheetError, match="cell_too_long"):
        write(LAYOUT, [{"name": "🙂" * 16_384}])


TEXTS = st.text(st.characters(codec="utf-16", exclude_categories=["Cs"]), max_size=30)
RISKY = st.builds(
    "".join, st.lists(st.sampled_from(["'", "=", "＝", " ", "\t", "a", "_x0041_", "_x", "学"]), max_size=8)
)


@given(st.lists(TEXTS | RISKY, min_size=1, max_size=5))
def test_every_text_comes_back_to_the_letter(texts: list[str]) -> None:
    rows = [{"name": "x", "kind": text} for text in texts]
    kept = [line.cells["kind"] for line in read(LAYOUT, write(LAYOUT, rows)).lines]
    assert kept == [_storable(text) for text in texts]


def _storable(text: str) -> str:
    """What XML can hold of a text, its line breaks as LF."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in lines if c in "\t\n" or (ord(c) >= 32 and c not in "\ufffe\uffff"))


@given(TEXTS | RISKY)
def test_escapes_of_the_format_are_undone(text: str) -> None:
    assert unescaped(escaped(text)) == text


@given(TEXTS | RISKY)
def test_nothing_guarded_can_be_taken_for_a_formula(text: str) -> None:
    assert not guarded(text).lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


# ------------------------------------------------------------------------------------------------------------------ in


def test_columns_may_stand_in_any_order_and_empty_rows_are_passed_over() -> None:
    workbook, sheet = a_file(["高校", "甲"], headings=["类型", "名称"])
    sheet["C1"], sheet["D1"] = "联系电话", "日期"
    sheet["B4"], sheet["A5"] = "乙", "   "
    table = read(LAYOUT, saved(workbook))
    assert [(line.number, line.cells["name"], line.cells["kind"]) for line in table.lines] == [
        (2, "甲", "高校"),
        (4, "乙", ""),
    ]
    assert table.faults == ()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (13800138000, "13800138000"),
        (13800138000.0, "13800138000"),
        (1.38e10, "13800000000"),
        (0.1 + 0.2, "0.3"),
        (-5, "-5"),
        (True, "TRUE"),
        (" 前后 ", " 前后 "),
    ],
)
def test_a_number_reads_as_it_was_meant(value: Any, text: str) -> None:
    workbook, _ = a_file(["甲", None, value])
    (line,) = read(LAYOUT, saved(workbook)).lines
    assert line.cells["phone"] == text


def test_a_date_reads_as_a_date_where_one_may_stand() -> None:
    workbook, sheet = a_file(["甲", None, None, date(2018, 1, 10)], ["乙", None, None, date(2018, 1, 1)])
    sheet["D3"].number_format = 'yyyy"年"m"月"'
    assert [line.cells["day"] for line in read(LAYOUT, saved(workbook)).lines] == ["2018-01-10", "2018-01"]


def test_rich_text_is_joined_and_phonetic_guides_are_left_out() -> None:
    rich = (
        '<is><r><t>中国</t></r><r><rPr><b/></rPr><t>海洋学会</t></r><rPh sb="0" eb="2"><t>zhongguo</t></rPh></is></c><c'
    )
    content = replaced("xl/worksheets/sheet1.xml", "<is><t>中国海洋学会</t></is></c><c", rich)
    assert names(read(LAYOUT, content)) == ["中国海洋学会"]


def test_every_careless_cell_is_named_with_its_row_and_column() -> None:
    workbook, sheet = a_file(
        ["=1+1", None, None],
        ["乙", date(2026, 3, 4), time(9, 30)],
        ["丙", None, 370200264574251123],
        ["丁", None, None, None, "写在外面"],
        ["戊"],
        ["己"],
    )
    sheet["B6"] = "#N/A"
    sheet.row_dimensions[7].hidden = True
    table = read(LAYOUT, saved(workbook))
    assert faults(table) == [
        (2, "名称", "formula"),
        (3, "类型", "date"),
        (3, "联系电话", "date"),
        (4, "联系电话", "long"),
        (5, "", "beside"),
        (6, "类型", "error"),
        (7, "", "hidden_row"),
    ]
    assert names(table) == []


@pytest.mark.parametrize(
    "formula",
    ["<f>1+1</f><v>13800138000</v>", '<f t="shared" si="0"/><v>1</v>', '<f t="array" ref="C2">A1</f>', "<v>1</v><f/>"],
)
def test_a_formula_is_refused_whatever_it_gave(formula: str) -> None:
    text = '<c r="C2" s="1" t="inlineStr"><is><t>1</t></is></c>'
    content = write(LAYOUT, [{"name": "甲", "phone": "1"}])
    content = replaced("xl/worksheets/sheet1.xml", text, f'<c r="C2" t="str">{formula}</c>', content)
    assert faults(read(LAYOUT, content)) == [(2, "联系电话", "formula")]


def test_merged_cells_hidden_columns_and_hidden_sheets_are_refused() -> None:
    workbook, sheet = a_file(["甲"], ["乙"])
    sheet.merge_cells("A2:A3")
    assert refused(saved(workbook)) == "merged"
    workbook, sheet = a_file(["甲", None, "13800138000"])
    sheet.column_dimensions["C"].hidden = True
    assert refused(saved(workbook)) == "hidden_columns"
    workbook, sheet = a_file(["甲"])
    workbook.create_sheet("别的")
    sheet.sheet_state = "hidden"
    assert refused(saved(workbook)) == "hidden_sheet"


def test_a_wrong_heading_is_named() -> None:
    assert refused(saved(a_file(headings=["名称", "类型", "联系电话"])[0])) == "headings_missing"
    assert refused(saved(a_file(headings=[*HEADINGS, "备注"])[0])) == "unknown_heading"
    assert refused(saved(a_file(headings=[*HEADINGS, "名称"])[0])) == "heading_twice"
    assert names(read(LAYOUT, saved(a_file(["甲"], headings=[" 名 称", "类型 *", "联系电话", "日期"])[0]))) == ["甲"]


def test_a_missing_sheet_is_named_with_those_that_are_there() -> None:
    with pytest.raises(SheetError) as refusal:
        read(LAYOUT, saved(a_file(["甲"], title="Sheet1")[0]))
    assert refusal.value.saying.values == {"sheet": "名录", "found": "Sheet1"}


def test_a_comment_a_picture_part_and_a_style_do_no_harm() -> None:
    workbook, sheet = a_file(["甲"])
    sheet["A2"].comment = Comment("核对", "张")
    content = repacked(saved(workbook), lambda parts: parts.update({"xl/media/image1.png": b"\x89PNG\x00\x01"}))
    assert names(read(LAYOUT, content)) == ["甲"]


# ------------------------------------------------------------------------------------------------------------- hostile

DOCTYPE = '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/theme/theme1.xml", "docProps/core.xml", "_rels/.rels"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_doctype_in_any_part_is_refused(part: str, encoding: str) -> None:
    def change(parts: dict[str, bytes]) -> None:
        text = parts[part].decode()
        body = text[text.index("?>") + 2 :] if text.startswith("<?xml") else text
        parts[part] = (DOCTYPE + body).encode(encoding)

    assert refused(repacked(write(LAYOUT, [{"name": "甲"}]), change)) == "suspicious"


@pytest.mark.parametrize("name", ["xl/drawings/vmlDrawing1.vml", "xl/media/a.svg", "whatever.bin"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_doctype_hides_in_no_other_part(name: str, encoding: str) -> None:
    content = repacked(write(LAYOUT, []), lambda parts: parts.update({name: DOCTYPE.encode(encoding)}))
    assert refused(content) == "suspicious"


def test_a_file_that_is_too_big_is_refused_unread() -> None:
    assert refused(b"x" * 5_000_001) == "too_big"


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = repacked(write(LAYOUT, []), lambda parts: parts.update({"xl/a.xml": b"<a>" + b" " * 40_000_000 + b"</a>"}))
    assert len(bomb) < 100_000
    assert refused(bomb) == "bomb"
    many = repacked(
        write(LAYOUT, []),
        lambda parts: parts.update({f"xl/{n}.xml": b"<a>" + b" " * 900_000 + b"</a>" for n in range(60)}),
    )
    assert refused(many) == "bomb"


def test_a_declared_size_that_lies_is_refused() -> None:
    content = bytearray(
        repacked(write(LAYOUT, []), lambda parts: parts.update({"xl/a.xml": b"<a>" + b" " * 999_000 + b"</a>"}))
    )
    size = (999_007).to_bytes(4, "little")
    assert content.count(size) == 2  # before the part, and in the directory
    assert refused(bytes(content).replace(size, (10).to_bytes(4, "little"))) == "damaged"


def test_too_many_parts_and_a_part_that_stands_twice_are_refused() -> None:
    assert (
        refused(repacked(write(LAYOUT, []), lambda p: p.update({f"a{n}.txt": b"" for n in range(200)}))) == "suspicious"
    )
    file = io.BytesIO(write(LAYOUT, []))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(file, "a") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    assert refused(file.getvalue()) == "suspicious"


def test_packing_that_no_spreadsheet_uses_is_refused() -> None:
    file = io.BytesIO(write(LAYOUT, []))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_LZMA) as archive:
        archive.writestr("xl/a.xml", "<a/>")
    assert refused(file.getvalue()) == "suspicious"


def test_too_many_rows_are_refused_and_empty_formatted_ones_are_not_counted() -> None:
    full = write(LAYOUT, ({"name": str(n)} for n in range(5_000)))
    assert len(read(LAYOUT, full).lines) == 5_000
    assert refused(write(LAYOUT, ({"name": str(n)} for n in range(5_001)))) == "too_many_rows"
    assert refused(full, Limits(elements=10_000)) == "too_many_cells"
    empty = "".join(f'<row r="{n}"><c r="A{n}" s="1"/></row>' for n in range(100, 20_000))
    assert names(read(LAYOUT, replaced("xl/worksheets/sheet1.xml", "</sheetData>", f"{empty}</sheetData>"))) == [
        "中国海洋学会"
    ]


def test_a_text_longer_than_any_cell_is_refused() -> None:
    content = replaced("xl/worksheets/sheet1.xml", "中国海洋学会", "长" * 32_768)
    assert refused(content) == "cell_too_long"


def test_a_cell_at_the_end_of_the_world_costs_nothing() -> None:
    far = '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>远</t></is></c></row></sheetData>'
    table = read(LAYOUT, replaced("xl/worksheets/sheet1.xml", "</sheetData>", far))
    assert faults(table) == [(1_048_576, "", "beside")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('r="A2"', 'r="A9"'),
        ('r="A2"', 'r="2"'),
        ('r="A2"', 'r="ZZZ2"'),
        ('r="2"', 'r="0"'),
        ('r="2"', 'r="zwei"'),
        ('r="B2"', 'r="A2"'),
        ('<c r="A2" s="1" t="inlineStr"><is><t>中国海洋学会</t></is></c>', '<c r="A2" t="s"><v>7</v></c>'),
        ('<c r="A2" s="1" t="inlineStr"><is><t>中国海洋学会</t></is></c>', '<c r="A2"><v>NaN</v></c>'),
        ('<c r="A2" s="1" t="inlineStr"><is><t>中国海洋学会</t></is></c>', '<c r="A2"><v>12</v>'),
        ("</sheetData>", ""),
    ],
)
def test_a_sheet_that_contradicts_itself_is_damaged(old: str, new: str) -> None:
    content = write(LAYOUT, [{"name": "中国海洋学会", "kind": "全国学会"}])
    assert refused(replaced("xl/worksheets/sheet1.xml", old, new, content)) == "damaged"


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "damaged"),
        (b"name,kind\n", "damaged"),
        (b"PK\x03\x04 half a file", "damaged"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\x00" * 600, "old_or_locked"),
    ],
)
def test_what_is_no_workbook_is_refused(content: bytes, key: str) -> None:
    assert refused(content) == key


def test_a_zip_of_something_else_a_macro_and_a_lost_sheet_are_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("word/document.xml", "<document/>")
    assert refused(file.getvalue()) == "not_a_workbook"
    assert refused(repacked(write(LAYOUT, []), lambda p: p.update({"xl/vbaProject.bin": b"x"}))) == "macros"
    assert (
        refused(
            repacked(
                write(LAYOUT, []), lambda p: p.update({"xl/worksheets/other.xml": p.pop("xl/worksheets/sheet1.xml")})
            )
        )
        == "damaged"
    )
    external = replaced(
        "xl/_rels/workbook.xml.rels",
        'Target="/xl/worksheets/sheet1.xml"',
        'Target="file:///etc/passwd" TargetMode="External"',
    )
    assert refused(external) == "damaged"


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(content: bytes) -> None:
    with pytest.raises(SheetError):
        read(LAYOUT, content)


WHOLE = write(LAYOUT, [{"name": "中国海洋学会", "kind": "全国学会"}])


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_flipped_byte_gives_the_lines_or_a_refusal(place: int, byte: int) -> None:
    content = bytearray(WHOLE)
    content[place] = byte
    with contextlib.suppress(SheetError):
        read(LAYOUT, bytes(content))


# ------------------------------------------------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("yyyy-mm-dd", "date"), ('yyyy"年"m"月"d"日"', "date"), ('yyyy"年"m"月"', "month"), ("mmm-yy", "month"),
        ("h:mm:ss", "time"), ("[h]:mm", "time"), ("General", "number"), ("0.00E+00", "number"), ("@", "number"),
        ('0" days"', "number"), ("[Red]#,##0", "number"), ("[$-804]yyyy/m/d;@", "date"), ("#,##0\\d", "number"),
    ],
)  # fmt: skip
def test_a_format_says_what_its_number_is(code: str, kind: str) -> None:
    assert kind_of_code(code) == kind


@pytest.mark.parametrize(
    ("number", "from_1904", "day"),
    [
        ("43110", False, "2018-01-10"),
        ("41648", True, "2018-01-10"),
        ("1", False, "1900-01-01"),
        ("61", False, "1900-03-01"),
        ("43110.75", False, "2018-01-10"),
    ],
)
def test_days_are_counted_as_the_format_counts_them(number: str, from_1904: bool, day: str) -> None:
    assert number_text(number, "0", Formats(("14",), {}, from_1904)) == (day, "date")


def test_what_no_calendar_has_is_an_error() -> None:
    assert number_text("-3", "0", Formats(("14",)))[1] == "error"
    assert number_text("1e99", "0", Formats(("14",)))[1] == "error"
    assert number_text("1E+20", "0", Formats())[1] == "long"


# ------------------------------------------------------------------------------------------------------ other programs


@pytest.mark.skipif(shutil.which("soffice") is None, reason="there is no LibreOffice here")
def test_libreoffice_keeps_every_text_and_computes_nothing(tmp_path: Path) -> None:
    rows = [{"name": f"行{n}", "kind": formula, "phone": "013800138000"} for n, formula in enumerate(FORMULAS)]
    (tmp_path / "out.xlsx").write_bytes(write(LAYOUT, rows))
    command = [
        "soffice",
        "--headless",
        f"-env:UserInstallation=file://{tmp_path}/profile",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
    ]
    subprocess.run([*command, "--outdir", tmp_path / "again", tmp_path / "out.xlsx"], check=True, timeout=120)
    table = read(LAYOUT, (tmp_path / "again/out.xlsx").read_bytes())
    assert [line.cells["kind"] for line in table.lines] == [_storable(formula) for formula in FORMULAS]
    assert {line.cells["phone"] for line in table.lines} == {"013800138000"}


def test_what_a_reader_of_the_format_finds_openpyxl_finds_too() -> None:
    workbook, _ = a_file(["甲", "高校", "1380", None], ["乙 & <丙>", None, "a\nb", None])
    content = saved(workbook)
    grid = read_grid(content, "名录")
    other = load_workbook(io.BytesIO(content))["名录"]
    assert {(r, c): cell.text for r, row in grid.cells.items() for c, cell in row.items()} == {
        (cell.row, cell.column): cell.value for row in other.iter_rows() for cell in row if cell.value is not None
    }
