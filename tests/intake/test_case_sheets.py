"""Needs as sheets: what is written reads back the same, rows are judged by the form, nothing hostile is taken."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest

from intake.case_cells import masked, read_cell, words, written
from intake.case_sheets import MOST_ROWS, CaseSheets, layout_of
from intake.formbook import load_formbook
from intake.models import Form, Saying, Step
from intake.reading.steps import Circumstances
from intake.reference import load_reference
from intake.sheets import Column, Layout, SheetError, cell_text, read
from intake.values import Answered, DateSpan, Money, Phone, Value
from intake.workbook.streamed import Head, StreamedBook
from tests.support.case_sheets import GOOD, filled, live_cells, opened, places_of, rows_of, saved, with_part, with_rows

REFERENCE = load_reference()
BOOK = load_formbook(REFERENCE)
SHEETS = CaseSheets(BOOK, REFERENCE)
TODAY = date(2026, 3, 2)
AT = Circumstances(REFERENCE, TODAY)
TEMPLATE = SHEETS.template("technology")
TECHNOLOGY = BOOK.form("technology")

FORMULAS = (
    '=HYPERLINK("http://example.org/steal","点这里")', "=1+1", "=cmd|' /C calc'!A0", "=2+5+cmd|'/C calc'!A1",
    '=IMPORTXML("http://example.org","//a")', '=WEBSERVICE("http://example.org")', "=A1", "==1", "= 1+1", " =1+1",
    "+1+1", "+cmd|' /C calc'!A0", "-1+1", "-2+3+cmd|' /C calc'!A0", "@SUM(1+1)", "@SUM(1+9)*cmd|' /C calc'!A0",
    "\t=1+1", "\r=1+1", "\n=1+1", "\n\t =1+1", "'=1+1", "''=1+1", '"=1+1', "＝1+1", "＋1+1", "－1+1", "＠SUM(1)",
    "=DDE(\"cmd\";\"/C calc\";\"__DdeLink_60_870516294\")", "=MSEXCEL|'\\..\\..\\..\\Windows\\System32\\cmd.exe'!''",
    "=REGISTER.ID(\"kernel32\")", "{=1+1}", "=_xlfn.CONCAT(1,2)", "_x003D_1+1", "=1+1;2", "%0A=1+1", "=rundll32|'x'!A",
    "https://example.org/", "mailto:a@example.org", "file:///etc/passwd",
)  # fmt: skip
"""What a program might compute, run or follow where it is written down without care."""


# --------------------------------------------------------------------------------------------------- cells and back


def values_of(step: Step) -> Iterator[Value]:
    """Values of every shape that an answer to the step may have."""
    codes = [option.code for option in step.options]
    if step.type == "multi":
        most = min(step.max or 2, 2)
        yield from (tuple(code for code in codes if code in pair) for n in (1, most) for pair in combinations(codes, n))
    elif codes:
        yield from codes
    elif step.type == "bool":
        yield from (True, False)
    elif step.type == "int":
        yield step.min or 1
    elif step.type == "money":
        ends = ((2_800_000, 2_800_000), (500_000, 800_000), (123_456, 123_456), (100, 200))
        yield from (Money(low=Decimal(a), high=Decimal(b), approx=about) for a, b in ends for about in (True, False))
        yield from (Money(low=None, high=Decimal(3_000_000)), Money(low=Decimal(3_000_000), high=None))
    elif step.type == "date":
        spans = ((0, 0), (0, 180), (30, 400), (1000, 1001))
        yield from (DateSpan(start=TODAY + timedelta(a), end=TODAY + timedelta(b)) for a, b in spans)
    elif step.type == "phone":
        yield from (Phone(e164="+8613800138000"), Phone(e164="+8653285911234", ext="801"), Phone(e164="+85221234567"))


@pytest.mark.parametrize("form", BOOK.forms.values(), ids=lambda form: form.kind)
def test_every_value_that_is_written_into_a_cell_reads_back_the_same(form: Form) -> None:
    for step in form.steps:
        for value in values_of(step):
            cell = written(step, Answered(value=value))
            found = read_cell(step, cell if isinstance(cell, str) else cell.isoformat(), AT)
            assert not isinstance(found, Saying), (step.id, value, cell)
            assert found[0].value == value, (step.id, cell)


def test_answers_without_a_value_keep_why() -> None:
    for form in BOOK.forms.values():
        for step in form.steps:
            states: list[Any] = [step.way_out_state] if step.way_out else []
            states += ["to_verify"] if step.required != "O" and not step.must_be_yes and step.type != "file" else []
            for state in states:
                cell = written(step, Answered(value=None, state=state))
                found = read_cell(step, str(cell), AT)
                assert not isinstance(found, Saying)
                assert (found[0].value, found[0].state) == (None, state)


def test_a_masked_cell_hides_names_numbers_addresses_and_mobiles_among_words() -> None:
    told = {
        "contact_name": ("张晓明", "张**"),
        "contact_phone": (Phone(e164="+8613800138000"), "138****8000"),
        "contact_email": ("zhang@example.com", "z***@example.com"),
        "problem": ("有事请打 13912348765，谢谢", "有事请打 139****8765，谢谢"),
    }
    for name, (value, shown) in told.items():
        assert masked(TECHNOLOGY.step(name), Answered(value=value)) == shown


def test_a_masked_cell_is_not_taken_for_a_name_or_a_number() -> None:
    for name, cell in (("contact_name", "张**"), ("contact_phone", "138****8000"), ("contact_email", "z***@a.com")):
        assert read_cell(TECHNOLOGY.step(name), cell, AT) == Saying("sheet.fault.masked")


# ------------------------------------------------------------------------------------------------------- templates


@pytest.mark.parametrize("kind", BOOK.forms)
def test_a_template_has_a_column_a_question_and_a_list_for_every_choice(kind: str) -> None:
    form = BOOK.form(kind)
    book = opened(SHEETS.template(kind))
    sheet = book.worksheets[0]
    asked = [step for step in form.steps if step.type != "file"]
    assert set(places_of(sheet)) == {step.label for step in asked}
    listed = {str(rule.sqref).split("2:")[0] for rule in sheet.data_validations.dataValidation}
    lettered = {cell.column_letter for cell in sheet[1]}
    wanted = {
        cell.column_letter
        for step in asked
        for cell in sheet[1]
        if str(cell.value).rstrip("*") == step.label and (step.options or step.type == "bool")
    }
    assert listed == wanted
    assert listed <= lettered
    assert sheet.freeze_panes == "A2"
    assert words()["notes_title"] in book.sheetnames


def test_headings_are_one_a_column_on_every_sheet_and_sheets_are_one_a_kind() -> None:
    for form in BOOK.forms.values():
        headings = [column.heading for column in layout_of(form).columns]
        assert len(headings) == len(set(headings)), form.kind
    assert len(SHEETS.forms) == len(BOOK.forms)


# ---------------------------------------------------------------------------------------------------- rows judged


def faults_of(*rows: dict[str, Any]) -> list[tuple[int, str, str]]:
    """(row, column, what is wrong) of a file with these rows."""
    table = SHEETS.read(filled(TEMPLATE, *rows))
    found = [each for line in table.lines for each in SHEETS.answers(line, TODAY)[1]]
    return [(one.fault.row, one.fault.heading, one.fault.saying.key) for one in (*table.faults, *found)]


def test_a_row_filled_in_by_hand_gives_the_answers_of_the_form() -> None:
    (line,) = SHEETS.read(filled(TEMPLATE, GOOD)).lines
    answers, faults = SHEETS.answers(line, TODAY)
    assert faults == []
    assert answers["coop_modes"].value == ("commissioned", "consulting")
    assert answers["budget_band"].value == "100_300"
    assert answers["contact_phone"].value == Phone(e164="+8613800138000")
    assert answers["deadline"].value == DateSpan(start=date(2026, 12, 31), end=date(2026, 12, 31))
    assert "zone" not in answers  # 崂山区 hosts none, and 「不在功能区内」 says nothing against it


def test_a_date_cell_is_a_date_and_a_spoken_one_is_read() -> None:
    for cell in (date(2026, 12, 31), "2026年底", "2026-12-31"):
        (line,) = SHEETS.read(filled(TEMPLATE, {**GOOD, "期望完成时间": cell})).lines
        answers, faults = SHEETS.answers(line, TODAY)
        assert not faults
        span = answers["deadline"].value
        assert isinstance(span, DateSpan)
        assert span.end == date(2026, 12, 31)


@pytest.mark.parametrize(
    ("heading", "cell", "key"),
    [
        ("统一社会信用代码", "9137020026457425", "error.uscc."),
        ("联系电话", "139", "error.phone."),
        ("联系电话", "138****8000", "sheet.fault.masked"),
        ("电子邮箱", "张三", "error.email."),
        ("期望完成时间", "2020-01-01", "error.date.past"),
        ("所在区（市）", "火星区", "error."),
        ("拟投入资金", "随便", "error.choice."),
        ("合作方式", "委托研发、技术转让、技术许可、技术咨询、技术服务", "error.choice.too_many"),
        ("需求名称", "膜", "error.text."),
        ("需求名称", None, "sheet.fault.required"),
        ("个人信息处理告知同意", "否", "sheet.fault.must_be_yes"),
        ("承诺信息真实", None, "sheet.fault.must_be_yes"),
        ("主要问题", "联系人身份证 11010519491231002X，请尽快联系我们解决膜污染问题", "refusal.id_card"),
        ("主要问题", "=1+1", "sheet.fault.formula"),
        ("紧急原因", "客户要求下月交样", "sheet.fault.not_asked"),
    ],
)
def test_a_bad_cell_is_named_by_row_and_column_with_what_to_write(heading: str, cell: str | None, key: str) -> None:
    found = faults_of(GOOD, {**GOOD, "需求名称": "另一件高盐废水的需求", heading: cell})
    assert [(row, column) for row, column, _key in found] == [(3, heading)]
    assert found[0][2].startswith(key)


def test_rows_of_several_kinds_stand_in_one_file() -> None:
    book = opened(filled(TEMPLATE, GOOD))
    talent = opened(SHEETS.template("talent")).worksheets[0]
    copy = book.create_sheet("人才需求")
    for cell in talent[1]:
        copy.cell(1, cell.column, cell.value)
    copy.cell(2, 1, "水下机器人算法工程师")
    table = SHEETS.read(saved(book))
    assert [(line.sheet, line.number) for line in table.lines] == [("技术需求", 2), ("人才需求", 2)]


# ------------------------------------------------------------------------------------------------------- hostile


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "damaged"),
    "a text": (lambda: "名称,电话\n".encode(), "damaged"),
    "an old workbook": (lambda: bytes.fromhex("d0cf11e0a1b11ae1") + b"0" * 512, "old_or_locked"),
    "too big": (lambda: b"PK" + b"0" * 5_000_001, "too_big"),
    "a bomb": (lambda: with_part(TEMPLATE, "xl/media/image1.xml", b" " * 30_000_000), "bomb"),
    "a million rows": (lambda: with_rows(TEMPLATE, 1_000_000), "bomb"),
    "more rows than are taken": (lambda: with_rows(TEMPLATE, MOST_ROWS + 2), "too_many_rows"),
    "macros": (lambda: with_part(TEMPLATE, "xl/vbaProject.bin", b"x"), "macros"),
    "links to other files": (
        lambda: with_part(TEMPLATE, "xl/externalLinks/externalLink1.xml", b"<x/>"), "external_links"),
    "an entity": (
        lambda: with_part(TEMPLATE, "xl/x.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), "suspicious"),
    "merged cells": (
        lambda: filled(TEMPLATE, GOOD, change=lambda book: book.worksheets[0].merge_cells("A2:B2")), "merged"),
    "a hidden sheet": (
        lambda: filled(TEMPLATE, GOOD, change=lambda book: setattr(book.worksheets[0], "sheet_state", "hidden")),
        "hidden_sheet"),
    "a sheet of its own": (lambda: filled(TEMPLATE, GOOD, change=lambda book: book.create_sheet("工资")),
                           "other_sheet"),
    "no sheet of needs": (lambda: filled(TEMPLATE, change=lambda book: book.remove(book.worksheets[0])),
                          "no_case_sheet"),
    "a column left out": (lambda: filled(TEMPLATE, GOOD, change=lambda book: book.worksheets[0].delete_cols(1)),
                          "headings_missing"),
    "a column too many": (lambda: filled(TEMPLATE, change=lambda book: book.worksheets[0].cell(1, 90, "工资")),
                          "unknown_heading"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_or_foreign_file_is_refused_with_its_reason(name: str) -> None:
    made, reason = HOSTILE[name]
    with pytest.raises(SheetError) as refused:
        SHEETS.read(made())
    assert refused.value.saying.key == f"sheet.error.{reason}"


def test_hidden_rows_and_formulas_are_named_and_none_is_taken() -> None:
    def hide(book: Any) -> None:
        book.worksheets[0].row_dimensions[3].hidden = True

    table = SHEETS.read(filled(TEMPLATE, GOOD, {**GOOD, "需求名称": "隐藏的另一件需求"}, change=hide))
    assert [line.number for line in table.lines] == [2]
    assert [(one.fault.row, one.fault.saying.key) for one in table.faults] == [(3, "sheet.fault.hidden_row")]


# ---------------------------------------------------------------------------------------------------- streamed out


def test_no_text_is_a_live_cell_and_every_one_comes_back_to_the_letter() -> None:
    assert len(FORMULAS) >= 30
    book = StreamedBook()
    rows = [[cell_text(payload), date(2026, 3, 2), 7, None] for payload in FORMULAS]
    content = b"".join([*book.sheet("表", [Head(name, 20) for name in "甲乙丙丁"], rows), *book.end()])
    assert live_cells(content) == []
    sheet = opened(content)["表"]
    assert all(cell.data_type in ("s", "n", "d") for line in sheet.iter_rows() for cell in line)
    assert [row["乙"].date() for row in rows_of(content, "表")] == [date(2026, 3, 2)] * len(rows)
    layout = Layout("表", tuple(Column(name, name, dates=True) for name in "甲乙丙丁"), "", ("",) * 5, ("", ""), "")
    back = [line.cells["甲"] for line in read(layout, content).lines]
    assert back == [payload.replace("\r", "\n") for payload in FORMULAS]


def test_a_streamed_file_comes_in_pieces_and_is_a_file_only_at_its_end() -> None:
    book = StreamedBook()
    pieces = list(book.sheet("表", [Head("甲", 9)], ([str(number)] for number in range(1000))))
    assert len(pieces) > 3
    whole = b"".join([*pieces, *book.end()])
    assert len(rows_of(whole, "表")) == book.rows == 1000
    with pytest.raises(Exception, match="zip"):
        opened(b"".join(pieces))
    assert io.BytesIO(whole).read(2) == b"PK"
