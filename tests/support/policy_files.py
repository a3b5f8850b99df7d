"""A Markdown policy as the files that offices send: DOCX, HTML and, by a browser, PDF and a PDF of pictures.

Written by other libraries than the ones that read them: python-docx, markdown-it, Chromium.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from markdown_it import MarkdownIt
from rapidfuzz.distance import Levenshtein

ROOT = Path(__file__).parents[2]
_RULE = re.compile(r"(?m)^\|[ :|-]*-[ :|-]*\|$")


def policies(count: int) -> list[tuple[str, str, str]]:
    """(name, title, Markdown with the title as its heading) of so many of our policies, spread over the corpus."""
    files = sorted((ROOT / "policies_corpus").glob("*/*.md"))
    found = []
    for path in files[:: max(1, len(files) // count)][:count]:
        head, body = path.read_text("utf-8").split("\n---\n", 1)
        title = str(yaml.safe_load(head.removeprefix("---"))["title"])
        found.append((path.stem, title, f"# {title}\n\n" + re.sub("(?m)^> ?", "", body)))
    return found


def plain(markdown: str) -> str:
    """The characters that a reader sees, without white space and the marks of Markdown."""
    text = re.sub(r"(?m)^(?:#{1,6} +|- )", "", _RULE.sub("", markdown))
    return re.sub(r"\s|\||\*\*", "", text)


def right(expected: str, found: str) -> float:
    """The share of characters that came back right."""
    one, other = plain(expected), plain(found)
    return 1 - Levenshtein.distance(one, other) / max(len(one), 1)


def figures(markdown: str) -> list[str]:
    return re.findall(r"[0-9][0-9.,]*", plain(markdown))


def lines_of(markdown: str) -> Iterator[tuple[str, object, int]]:
    """("heading", words, level), ("table", rows, 0) or ("paragraph", words, 0) of a policy's body."""
    rows: list[list[str]] = []
    for line in [*markdown.split("\n"), ""]:
        if line.startswith("|"):
            if not re.fullmatch(r"[|\s:-]+", line):
                rows.append([cell.strip() for cell in line.strip().strip("|").split("|")])
            continue
        if rows:
            yield "table", rows, 0
            rows = []
        if found := re.match(r"(#{1,6}) +(.*)", line):
            yield "heading", found[2], len(found[1])
        elif line.strip():
            yield "paragraph", line.strip(), 0


def as_docx(markdown: str) -> bytes:
    from docx import Document

    document = Document()
    for kind, words, level in lines_of(markdown):
        if kind == "heading":
            document.add_heading(str(words), level)
        elif kind == "table":
            rows = [list(row) for row in words]  # type: ignore[attr-defined]
            table = document.add_table(len(rows), max(len(row) for row in rows))
            for row, cells in zip(rows, table.rows, strict=True):
                for text, cell in zip(row, cells.cells, strict=False):
                    cell.text = text
        else:
            document.add_paragraph(str(words))
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


_PAGE = """<!DOCTYPE html><html lang="zh-CN"><head><meta charset="{label}"><title>{title}_示例市科技局</title>
<style>@page {{ size: A4; margin: 25mm }} body {{ font-family: "Noto Serif CJK SC"; font-size: 16px; line-height: 1.8 }}
table {{ border-collapse: collapse }} td, th {{ border: 1px solid black; padding: 4px }}
@media print {{ .nav, .footer {{ display: none }} }}</style></head><body>
<div class="nav"><ul><li><a href="/">首页</a></li><li><a href="/a">政务公开</a></li><li><a href="/b">办事服务</a></li>
<li><a href="/c">互动交流</a></li></ul></div>
<div class="content">{body}</div>
<div class="footer">版权所有：示例市科技局　网站地图　ICP备案：示例备00000000号</div></body></html>"""


def as_html(markdown: str, title: str, label: str = "utf-8") -> str:
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    return _PAGE.format(label=label, title=title, body=body)


def as_pdfs(pages: list[str], chromium: str) -> list[bytes]:
    """HTML pages printed by a browser, with a header and page numbers as offices have them."""
    from playwright.sync_api import sync_playwright

    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        for html in pages:
            page.set_content(html)
            found.append(
                page.pdf(
                    format="A4",
                    margin={"top": "25mm", "bottom": "25mm", "left": "25mm", "right": "25mm"},
                    display_header_footer=True,
                    header_template='<div style="font-size:9px;margin:auto">示例市科学技术局文件</div>',
                    footer_template='<div style="font-size:9px;margin:auto">— <span class="pageNumber"></span> —</div>',
                )
            )
        browser.close()
    return found


def as_pictures(data: bytes, dpi: int = 200) -> bytes:
    """A PDF whose pages are pictures of another's."""
    import pypdfium2 as pdf

    source, scanned = pdf.PdfDocument(data), pdf.PdfDocument.new()
    for page in source:
        width, height = page.get_size()
        picture = page.render(scale=dpi / 72)
        new = scanned.new_page(width, height)
        image = pdf.PdfImage.new(scanned)
        image.set_bitmap(picture)
        image.set_matrix(pdf.PdfMatrix().scale(width, height))
        new.insert_obj(image)
        new.gen_content()
    stream = io.BytesIO()
    scanned.save(stream)
    return stream.getvalue()
