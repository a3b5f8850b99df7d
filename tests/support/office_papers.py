"""Papers as offices issue them, drawn by code: red heads, seals, two columns, tables and footnotes over pages' ends.

PDF operators and python-docx; the texts are invented. Each says what has to come out of it.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.support.hostile_files import pdf, pdf_of, words

WIDE = 28  # characters of a line, as the standard for official papers has it
LEFT, TOP, SIZE, LEADING = 79.0, 740.0, 15.8, 28.0


@dataclass(frozen=True)
class Paper:
    """A file, and what has to be read of it: stretches of text in their order, fields, (words, page) pairs."""

    name: str
    data: bytes
    order: tuple[str, ...]
    fields: dict[str, str] = field(default_factory=dict)
    pages: tuple[tuple[str, int], ...] = ()
    absent: tuple[str, ...] = ()


def wrapped(text: str, wide: int = WIDE, first: int = 2) -> list[str]:
    """A paragraph in lines, the first indented by so many characters."""
    lines = [text[: wide - first]]
    rest = text[wide - first :]
    return [*lines, *(rest[at : at + wide] for at in range(0, len(rest), wide))]


def body(*paragraphs: str, y: float = TOP, x: float = LEFT, wide: int = WIDE, size: float = SIZE) -> str:
    """Paragraphs from y downwards, each indented by two characters."""
    out = ""
    for paragraph in paragraphs:
        for number, line in enumerate(wrapped(paragraph, wide)):
            out += words(line, x=x + (0 if number else 2 * size), y=y, size=size)
            y -= LEADING
    return out


def centred(text: str, y: float, size: float) -> str:
    return words(text, x=297.5 - len(text) * size / 2, y=y, size=size)


def ruled_line(x0: float, y0: float, x1: float, y1: float, colour: str = "0 0 0") -> str:
    return f"q {colour} RG 1 w {x0} {y0} m {x1} {y1} l S Q\n"


def table(rows: Sequence[Sequence[str]], y: float, widths: Sequence[float], high: float = 30.0) -> str:
    """A ruled table from y downwards."""
    edges = [LEFT]
    for width in widths:
        edges.append(edges[-1] + width)
    out = "".join(ruled_line(x, y, x, y - high * len(rows)) for x in edges)
    out += "".join(ruled_line(edges[0], y - high * n, edges[-1], y - high * n) for n in range(len(rows) + 1))
    for number, row in enumerate(rows):
        for x, cell in zip(edges, row, strict=False):
            out += words(cell, x=x + 4, y=y - high * number - 20, size=12)
    return out


def footer(number: int) -> str:
    return centred(f"— {number} —", 50, 14)


def seal(x: float, y: float, radius: float = 59.0) -> str:
    """A round seal as a drawn ring, over whatever was written before."""
    k = radius * 0.5523
    return (
        f"q 1 0 0 RG 3 w {x + radius} {y} m {x + radius} {y + k} {x + k} {y + radius} {x} {y + radius} c "
        f"{x - k} {y + radius} {x - radius} {y + k} {x - radius} {y} c {x - radius} {y - k} {x - k} {y - radius} "
        f"{x} {y - radius} c {x + k} {y - radius} {x + radius} {y - k} {x + radius} {y} c S Q\n"
    )


def with_picture(content: Sequence[str], where: str, *, masked: bool, page: int = 0) -> bytes:
    """The pages, one of them with a red picture drawn last: a ring of it by a mask, else all of it."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    kids = []
    font = pdf("").split(b"3 0 obj\n")[1].split(b"\nendobj")[0].decode("latin-1")
    descendant = pdf("").split(b"4 0 obj\n")[1].split(b"\nendobj")[0].decode("latin-1")
    objects += [font, descendant]
    mask = bytes(255 if 35**2 < (x - 50) ** 2 + (y - 50) ** 2 < 45**2 else 0 for y in range(100) for x in range(100))
    red = zlib.compress(b"\xe0\x10\x10" * 10_000)
    pixels = red.decode("latin-1")
    shape = zlib.compress(mask).decode("latin-1")
    smask = " /SMask 6 0 R" if masked else ""
    head = "/Type /XObject /Subtype /Image /Width 100 /Height 100 /BitsPerComponent 8 /Filter /FlateDecode"
    objects.append(f"<< {head} /ColorSpace /DeviceRGB{smask} /Length {len(pixels)} >>\nstream\n{pixels}\nendstream")
    objects.append(f"<< {head} /ColorSpace /DeviceGray /Length {len(shape)} >>\nstream\n{shape}\nendstream")
    for number, text in enumerate(content):
        drawn = text + (f"q {where} cm /I1 Do Q\n" if number == page else "")
        kids.append(len(objects) + 1)
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> "
            f"/XObject << /I1 5 0 R >> >> /Contents {len(objects) + 2} 0 R >>"
        )
        objects.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] /Count {len(kids)} >>"
    return pdf_of(objects)


TITLE = ("青岛市科学技术局关于印发", "《青岛市概念验证中心管理办法》的通知")
WHOLE_TITLE = "".join(TITLE)
NUMBER = "青科规〔2026〕3号"
FIRST = "第一条　为规范概念验证中心的建设和运行，促进科技成果转化，根据有关规定，结合本市实际，制定本办法。"
SECOND = "第二条　对经认定的概念验证中心，按照实际投入的百分之三十给予补助，每家最高不超过200万元，补助资金分两年拨付。"
THIRD = "第三条　申报单位应当具有专职人员不少于十名、自有或者租赁场地不少于五百平方米，并且近三年没有严重失信记录。"
LAST = "第四条　本办法自2026年4月10日起施行，有效期至2029年4月9日。"
HAN_DAY = "二〇二六年三月五日"
ROWS = ("| 高校 | 30% | 200万元 |", "| 企业 | 20% | 150万元 |")
ARTICLES = ("第一条", "第二条", "200万元", "第三条", "第四条", "2029年4月9日")


def red_head() -> str:
    return (
        words("青岛市科学技术局文件", x=118, y=690, size=36, before="1 0 0 rg")
        + centred(NUMBER, 620, SIZE)
        + ruled_line(LEFT, 600, 521, 600, "1 0 0")
        + centred(TITLE[0], 550, 22)
        + centred(TITLE[1], 520, 22)
        + words("各区（市）科技主管部门，各有关单位：", x=LEFT, y=470, size=SIZE)
    )


def closing(y: float) -> str:
    return words("青岛市科学技术局", x=360, y=y, size=SIZE) + words(HAN_DAY, x=360, y=y - LEADING, size=SIZE)


def imprint() -> str:
    """版记: copies and the day of printing, between rules at the foot of the last page."""
    return (
        ruled_line(LEFT, 130, 521, 130) + words("抄送：市委办公厅，市财政局，市审计局。", x=LEFT + 14, y=112, size=14)
        + ruled_line(LEFT, 102, 521, 102) + words("青岛市科学技术局办公室", x=LEFT + 14, y=84, size=14)
        + words("2026年3月9日印发", x=390, y=84, size=14) + ruled_line(LEFT, 74, 521, 74)
    )  # fmt: skip


FIELDS = {
    "title": WHOLE_TITLE, "doc_no": NUMBER, "issuer": "青岛市科学技术局", "issued": "2026-03-05",
    "effective": "2026-04-10", "expires": "2029-04-09",
}  # fmt: skip


def notice(first_page_end: str = "") -> tuple[str, str]:
    """Two pages of a notice with a red head; the third article runs over the page's end."""
    lines = wrapped(THIRD)
    split = body(FIRST, SECOND, y=430)
    y = 430 - LEADING * (len(wrapped(FIRST)) + len(wrapped(SECOND)))
    split += words(lines[0], x=LEFT + 2 * SIZE, y=y, size=SIZE)
    rest = "".join(words(line, x=LEFT, y=TOP - LEADING * n, size=SIZE) for n, line in enumerate(lines[1:]))
    y = TOP - LEADING * len(lines[1:])
    rest += body(LAST, y=y)
    return red_head() + split + first_page_end + footer(1), rest + closing(y - 6 * LEADING) + footer(2)


def papers() -> Iterable[Paper]:
    one, two = notice()
    order = (NUMBER, WHOLE_TITLE, "各区（市）科技主管部门", *ARTICLES)
    whole = "".join(THIRD.split())
    yield Paper(
        "red head.pdf",
        pdf(one, two),
        (*order[:6], whole, *order[7:]),
        FIELDS,
        (("第二条", 1), ("有效期至", 2)),
        ("— 1 —",),
    )
    yield Paper("imprint.pdf", pdf(one, two + imprint()), order, FIELDS)
    yield Paper("ring of a seal.pdf", pdf(one, two + seal(430, 520)), order, FIELDS)
    day = "118 0 0 118 362 430"
    yield Paper("seal with a mask.pdf", with_picture((one, two), day, masked=True, page=1), order, FIELDS)
    note = ruled_line(LEFT, 150, 220, 150) + words("①概念验证中心，是指提供验证服务的机构。", x=LEFT, y=130, size=9)
    one, two = notice(note)
    yield Paper("footnote.pdf", pdf(one, two), (*order[:6], whole), FIELDS)
    yield annexed()
    yield two_columns()
    yield long_table()
    yield spaced()
    yield imported_word()
    yield word_table()


def annexed() -> Paper:
    """附件 on pages of their own, each with its title."""
    one, two = notice()
    two = two.replace(footer(2), "") + words("附件：1.补助标准表", x=LEFT + 2 * SIZE, y=560, size=SIZE) + footer(2)
    rows = (("类别", "比例", "上限"), ("高校", "30%", "200万元"), ("企业", "20%", "150万元"))
    three = words("附件1", x=LEFT, y=TOP, size=SIZE) + centred("补助标准表", 690, 22)
    three += table(rows, 640, (150, 120, 150)) + footer(3)
    order = (
        WHOLE_TITLE,
        *ARTICLES,
        "附件：1.补助标准表",
        "附件1",
        "| 高校 | 30% | 200万元 |",
        "| 企业 | 20% | 150万元 |",
    )
    return Paper("annex.pdf", pdf(one, two, three), order, FIELDS, (("| 高校", 3), ("第二条", 1)))


def two_columns() -> Paper:
    """A gazette's page: a title over both columns, the left one read first."""
    left = [FIRST, SECOND]
    right = [THIRD, LAST]
    content = centred("青岛市概念验证中心管理办法", 770, 20)
    content += body(*left, y=720, x=60, wide=18, size=12) + body(*right, y=720, x=310, wide=18, size=12)
    return Paper(
        "two columns.pdf",
        pdf(content),
        ("青岛市概念验证中心管理办法", *ARTICLES),
        {"title": "青岛市概念验证中心管理办法"},
    )


def long_table() -> Paper:
    """A table over three pages, its header on each, a row's page known."""
    head = ("序号", "项目名称", "补助金额")
    rows = [(str(n), f"第{n}号验证项目", f"{n * 3 + 7}万元") for n in range(1, 55)]
    pages = []
    for number in range(3):
        part = rows[number * 18 : number * 18 + 18]
        top = centred("2026年验证项目补助名单", 780, 20) if number == 0 else ""
        pages.append(top + table((head, *part), 750, (60, 220, 160)) + footer(number + 1))
    order = (
        "2026年验证项目补助名单",
        "| 序号 | 项目名称 | 补助金额 |",
        "| 18 |",
        "| 19 |",
        "| 54 | 第54号验证项目 | 169万元 |",
    )
    pages_of = (("| 18 |", 1), ("| 19 |", 2), ("| 37 |", 3), ("| 54 |", 3))
    return Paper("long table.pdf", pdf(*pages), order, {}, pages_of)


def spaced() -> Paper:
    """A title set with blanks between its characters, and 目　录 of the pages that follow."""
    content = centred("通　　知", 770, 26) + centred("关于组织申报2026年概念验证项目的通知", 720, 20)
    content += body("各有关单位：请于2026年6月30日前提交申请材料，逾期不予受理。", y=660)
    content += words("青岛市科学技术局", x=360, y=500, size=SIZE) + words("2026年5月8日", x=370, y=472, size=SIZE)
    return Paper(
        "spaced.pdf", pdf(content), ("关于组织申报2026年概念验证项目的通知", "2026年6月30日", "2026年5月8日"),
        {"title": "关于组织申报2026年概念验证项目的通知", "issued": "2026-05-08"},
    )  # fmt: skip


def imported_word() -> Paper:
    """DOCX: a red head, centred title lines, a right-hand closing with the day in 汉字, annex after a page break."""
    from docx import Document
    from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK

    document = Document()
    for text, where in (("青岛市科学技术局文件", 1), (NUMBER, 1), (TITLE[0] + "\n" + TITLE[1], 1), ("各有关单位：", 0)):
        paragraph = document.add_paragraph(text)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if where else WD_ALIGN_PARAGRAPH.LEFT
    for text in (FIRST, SECOND, THIRD, LAST, "附件：1.补助标准表"):
        document.add_paragraph(text)
    for text in ("青岛市科学技术局", HAN_DAY):
        document.add_paragraph(text).alignment = WD_ALIGN_PARAGRAPH.RIGHT
    document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
    document.add_paragraph("附件1")
    document.add_paragraph("补助标准表")
    stream = io.BytesIO()
    document.save(stream)
    return Paper("red head.docx", stream.getvalue(), (WHOLE_TITLE, *ARTICLES, HAN_DAY, "补助标准表"), FIELDS)


def word_table() -> Paper:
    """DOCX: a table whose header repeats and cells merge, a footnote's mark, and text after it."""
    from docx import Document

    document = Document()
    document.add_heading("青岛市概念验证中心补助标准", 1)
    document.add_paragraph("一、补助对象为在本市注册的企业。")
    made = document.add_table(3, 3)
    for row, cells in zip(
        (("类别", "标准", "上限"), ("高校", "30%", "200万元"), ("企业", "20%", "150万元")), made.rows, strict=True
    ):
        for text, cell in zip(row, cells.cells, strict=True):
            cell.text = text
    document.add_paragraph("二、补助资金由市财政承担。")
    stream = io.BytesIO()
    document.save(stream)
    order = ("补助标准", "一、补助对象", *ROWS, "二、补助资金")
    return Paper("table.docx", stream.getvalue(), order)
