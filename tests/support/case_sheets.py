"""Sheets of needs for tests: templates filled in as a clerk would, exports read back, files that are hostile."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

GOOD: dict[str, Any] = {
    "需求名称": "高盐废水反渗透膜抗污染技术",
    "一句话说明": "寻找能在高盐废水中长期稳定运行的反渗透膜材料和清洗方案",
    "主要问题": "反渗透膜在高盐废水中运行三个月后通量衰减超过 40%，清洗后只能恢复到八成，产线每月停机两次，影响交货。",
    "需求类别": "关键零部件·材料",
    "技术关键与主要指标": "通量 ≥ 25 LMH，脱盐率 ≥ 99.5%",
    "合作方式": "委托研发、技术咨询",
    "拟投入资金": "100–300 万元",
    "期望完成时间": "2026-12-31",
    "个人信息处理告知同意": "是",
    "单位全称": "青岛某某新材料有限公司",
    "统一社会信用代码": "91370200264574251E",
    "单位类型": "企业",
    "所在区（市）": "崂山区",
    "所在功能区": "不在功能区内",
    "所属重点产业": "新能源新材料",
    "联系人姓名": "张晓明",
    "联系电话": "13800138000",
    "公开范围": "对接时披露",
    "同意发布到「科创中国」平台": "否",
    "承诺不含国家秘密": "是",
    "承诺信息真实": "是",
}
"""A technology need as somebody types it into the template."""


def filled(template: bytes, *rows: Mapping[str, Any], change: Callable[[Any], None] = lambda _book: None) -> bytes:
    """The template with these rows (heading → cell), and what else is done to the workbook."""
    book = openpyxl.load_workbook(io.BytesIO(template))
    sheet = book.worksheets[0]
    places = places_of(sheet)
    for number, row in enumerate(rows, start=2):
        for heading, value in row.items():
            sheet.cell(number, places[heading], value)
    change(book)
    return saved(book)


def places_of(sheet: Worksheet) -> dict[str, int]:
    """Column by heading, its star left out."""
    return {str(cell.value).rstrip("*"): cell.column for cell in sheet[1] if cell.value}


def opened(content: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content))


def saved(book: Any) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def rows_of(content: bytes, sheet: str) -> list[dict[str, Any]]:
    """The rows of a sheet by heading."""
    lines = list(opened(content)[sheet].iter_rows(values_only=True))
    headings = [str(heading).rstrip("*") for heading in lines[0]]
    return [dict(zip(headings, line, strict=True)) for line in lines[1:]]


def live_cells(content: bytes) -> list[str]:
    """Cells that a program would compute, or follow."""
    book = opened(content)
    return [
        f"{sheet.title}!{cell.coordinate}"
        for sheet in book.worksheets
        for line in sheet.iter_rows()
        for cell in line
        if cell.data_type == "f" or cell.hyperlink is not None
    ]


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    """The file with this part in it, in place of the one of that name."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as after:
        for kept in before.namelist():
            if kept != name:
                after.writestr(kept, before.read(kept))
        after.writestr(name, part)
    return file.getvalue()


def with_rows(content: bytes, count: int) -> bytes:
    """The file with so many rows of one small cell on its first sheet, as a program writes that pads it."""
    row = b'<row><c t="inlineStr"><is><t>a</t></is></c></row>'
    main = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    part = b"<worksheet " + main + b"><sheetData>" + row * count + b"</sheetData></worksheet>"
    return with_part(content, "xl/worksheets/sheet1.xml", part)
