"""HTML: the encoding found by trying it, site furniture dropped, hidden text set aside, headings and tables kept."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from importlib.metadata import version

from selectolax.lexbor import LexborHTMLParser, LexborNode

from rag.parsing.drafts import Draft, Drafted, Shape
from rag.parsing.models import HiddenWhy, Limits, Notice, Reason, Refused
from rag.parsing.web_furniture import Weights, is_chrome, is_furniture, is_list_page, page_title
from rag.parsing.web_hiding import WHITE, Colour, alike, ground, hidden_by, ink, plain_css, sheet_styles
from rag.parsing.web_tables import Grid, is_layout
from rag.reading import UndecodableError, decode

_BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dialog", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header",
    "hgroup", "hr", "html", "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "section", "summary",
    "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
}  # fmt: skip
_SILENT = {
    "script", "style", "head", "meta", "link", "iframe", "frame", "frameset", "object", "embed", "applet",
    "svg", "canvas", "video", "audio", "map", "button", "select", "input", "textarea", "option", "datalist",
    "math", "col", "colgroup", "rp", "rt",
}  # fmt: skip
_HEADING = re.compile(r"h([1-6])")
_LABEL = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_MAY_STAY_OPEN = {
    "p", "li", "td", "th", "tr", "dd", "dt", "br", "hr", "img", "input", "meta", "link", "col", "option",
    "font", "wbr", "area", "base", "source", "param",
}  # fmt: skip
_OPEN = 1_500  # elements open at once; the parser's time grows with their square
_LOST = 0.005  # share of characters that may be broken in a page


def read_html(data: bytes, limits: Limits, _ocr_pages: int = 0) -> Drafted:
    """Raises Refused for a page that cannot be decoded, is nested too deep, or is a list of links."""
    drafted = Drafted("html", f"selectolax {version('selectolax')}")
    text = _decoded(data, drafted)
    if len(text) > 4 * limits.characters:
        raise Refused(Reason.TOO_MUCH_TEXT, f"{len(text)} characters of source")
    _hold_depth(text)
    page = LexborHTMLParser(text.replace("\0", ""))
    root = page.body or page.root
    if root is None:
        raise Refused(Reason.NO_TEXT)
    weights = Weights.of(root, limits.depth * 2)
    walker = _Walker(drafted, sheet_styles(page), weights)
    walker.walk(root, _Look(), 0)
    walker.flush()
    if is_list_page(weights.of_node(root), drafted.drafts):
        raise Refused(Reason.LIST_PAGE)
    drafted.title = page_title(page)
    return drafted


def _decoded(data: bytes, drafted: Drafted) -> str:
    label = _LABEL.search(data[:4_096])
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        text = decode(data)
    except UndecodableError as error:
        text = _least_broken(data, error.line)
        drafted.notices[Notice.GLYPHS] += 1
    said = label[1].decode().lower() if label else ""
    if said and said.startswith("utf") != _is_utf8(data):
        drafted.notices[Notice.ENCODING] += 1
    return text


def _is_utf8(data: bytes) -> bool:
    text = data.decode("utf-8", errors="ignore")
    return len(text.encode()) >= len(data) * (1 - _LOST)


def _least_broken(data: bytes, line: int) -> str:
    """Old pages were cut in the middle of a character; a few are put up with."""
    readings = [data.decode(name, errors="replace") for name in ("utf-8", "gb18030", "big5")]
    best = min(readings, key=lambda text: text.count("\ufffd"))
    if best.count("\ufffd") > max(1, len(best) * _LOST):
        raise Refused(Reason.UNDECODABLE, f"line {line}")
    return best


def _hold_depth(text: str) -> None:
    """Before parsing: every element open at once costs the parser each time it looks for one."""
    depth = 0
    for found in _TAG.finditer(text):
        if found[2].lower() not in _MAY_STAY_OPEN:
            depth = max(0, depth - 1) if found[1] else depth + 1
            if depth > _OPEN:
                raise Refused(Reason.TOO_DEEP, f"{_OPEN} elements open")


@dataclass(frozen=True, slots=True)
class _Look:
    """How words look that stand here: what an element inherits."""

    ink: Colour | None = (0, 0, 0)
    ground: Colour | None = WHITE
    heading: int = 0
    kept: bool = False  # within <pre>


class _Walker:
    """One pass over the tree; words gather until a block begins or ends."""

    def __init__(self, drafted: Drafted, styles: dict[int, str], weights: Weights) -> None:
        self._drafted = drafted
        self._styles = styles
        self._weights = weights
        self._words: list[str] = []
        self._look = _Look()
        self._mark = ""
        self._counts: Counter[int] = Counter()

    def walk(self, node: LexborNode, look: _Look, depth: int) -> None:
        tag = node.tag or ""
        if node.is_text_node:
            self._take(node.text_content or "", look)
            return
        if not node.is_element_node or tag in _SILENT:
            return
        attributes = node.attributes
        if is_furniture(node, tag, attributes, self._weights):
            return
        style = self._styles.get(node.mem_id, "") + ";" + plain_css(attributes.get("style") or "")
        why = hidden_by(tag, attributes, style)
        if why is not None:
            words = node.text(deep=True, separator=" ")
            if tag == "template":  # its content is no child of it in the tree
                words = re.sub("<[^>]*>", " ", node.html or "")
            self._drafted.hide(why, _squeezed(words))
            return
        if tag == "del":
            self._drafted.notices[Notice.TRACKED_DELETIONS] += 1
            return
        self._enter(node, tag, _styled(look, tag, attributes, style), depth)

    def _enter(self, node: LexborNode, tag: str, look: _Look, depth: int) -> None:
        if tag == "br":
            self._words.append("\n")
            return
        if tag == "table" and not is_layout(node):
            self._table(node, look, depth)
            return
        block = tag in _BLOCKS
        if block:
            self.flush()
            self._look = look
        if tag == "li":
            self._mark = self._item_mark(node)
        child = node.first_child
        while child is not None:
            self.walk(child, look, depth + 1)
            child = child.next
        if block:
            self.flush()

    def _item_mark(self, node: LexborNode) -> str:
        parent = node.parent
        if parent is None or parent.tag != "ol":
            return "- "
        start = parent.attributes.get("start") or "1"
        self._counts[parent.mem_id] += 1
        first = int(start) if re.fullmatch(r"[0-9]{1,4}", start) else 1
        return f"{first + self._counts[parent.mem_id] - 1}. "

    def _take(self, text: str, look: _Look) -> None:
        if not text:
            return
        if text.strip() and alike(look.ink, look.ground):
            self._drafted.hide(HiddenWhy.COLOUR, _squeezed(text))
            return
        self._words.append(text if look.kept else _squeezed(text))

    def flush(self) -> None:
        """What was gathered becomes a draft, unless it is a line of the site's own."""
        text = re.sub(r"[ \u00a0]*\n[ \u00a0]*", "\n", "".join(self._words))
        text = text.strip(" \n\u00a0\u3000\t")
        look, mark = self._look, self._mark
        self._words = []
        if not text or is_chrome(text):
            return
        self._mark = ""
        if look.heading:
            self._drafted.drafts.append(Draft(Shape.HEADING, text.replace("\n", ""), look.heading))
        elif mark and "\n" not in text:
            self._drafted.drafts.append(Draft(Shape.LIST, mark + text))
        else:
            self._paragraphs(text)

    def _paragraphs(self, text: str) -> None:
        """Old pages end their paragraphs with <br>."""
        for line in text.split("\n"):
            if line.strip(" \u3000\u00a0"):
                self._drafted.drafts.append(Draft(Shape.FLOW, line))

    def _table(self, node: LexborNode, look: _Look, depth: int) -> None:
        self.flush()
        rows: list[list[tuple[str, int, int]]] = []
        before = self._drafted.drafts
        for row in node.css("tr"):
            cells: list[tuple[str, int, int]] = []
            for cell in _children(row, {"td", "th"}):
                self._drafted.drafts = []
                self._words, self._mark = [], ""
                self.walk(cell, look, depth + 1)
                self.flush()
                text = "\n".join(draft.text for draft in self._drafted.drafts)
                cells.append((text, _span(cell, "colspan"), _span(cell, "rowspan")))
            rows.append(cells)
        self._drafted.drafts = before
        grid = Grid.of(rows)
        if grid.merged:
            self._drafted.notices[Notice.MERGED_CELLS] += grid.merged
        caption = node.css_first("caption")
        if caption is not None and (words := _squeezed(caption.text(deep=True)).strip()):
            before.append(Draft(Shape.FLOW, words))
        before.append(Draft(Shape.TABLE, rows=grid.rows))


def _children(node: LexborNode, tags: set[str]) -> list[LexborNode]:
    found = []
    child = node.first_child
    while child is not None:
        if child.tag in tags:
            found.append(child)
        child = child.next
    return found


def _span(cell: LexborNode, name: str) -> int:
    value = cell.attributes.get(name) or "1"
    return min(max(int(value), 1), 100) if re.fullmatch(r"[0-9]{1,4}", value) else 1


def _styled(look: _Look, tag: str, attributes: dict[str, str | None], style: str) -> _Look:
    colour, behind = ink(attributes, style, look.ink), ground(attributes, style, look.ground)
    heading = int(found[1]) if (found := _HEADING.fullmatch(tag)) else look.heading
    if (colour, behind, heading) == (look.ink, look.ground, look.heading) and tag != "pre":
        return look
    return replace(look, ink=colour, ground=behind, heading=heading, kept=look.kept or tag == "pre")


def _squeezed(text: str) -> str:
    """White space as a browser shows it; a line break between two Chinese characters shows none of ours."""
    text = re.sub(r"(?<=[\u3000-\u9fff\uff00-\uffef])[ \t]*[\r\n]\s*(?=[\u3000-\u9fff\uff00-\uffef])", "", text)
    return re.sub(r"[ \t\r\n\f]+", " ", text)
