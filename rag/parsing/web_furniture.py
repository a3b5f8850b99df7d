"""Site furniture: what stands around a document on a web page and is none of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from rag.parsing.drafts import Draft, Shape
from rag.parsing.models import Reason, Refused

_TAGS = {"nav", "aside", "footer", "menu"}
_ROLES = {"navigation", "banner", "contentinfo", "complementary", "search", "menu", "menubar", "toolbar"}
_NAMES = re.compile(
    r"(?:^|[-_\s])(?:nav(?:bar|igation)?|menu|bread(?:crumbs?)?|crumbs?|sidebar|side|footer|foot|bottom|header|top(?:bar|nav)?"
    r"|share|social|copyright|pagination|pager|paging|related|recommend|hot|toolbar|tools?|login|search|banner|ads?|advert"
    r"|friend(?:ly)?links?|weibo|weixin|qrcode|erweima|dqwz|weizhi|location|comments?|floatbar|gotop|sitemap|skip)(?:$|[-_\s\d])",
    re.IGNORECASE,
)
_CHROME = re.compile(
    r"(?:您?(?:当前|现在)?(?:所在)?的?位置|当前位置)\s*[:：].*|(?:【|\[)?\s*字\s*[体号]\s*[:：]?.{0,24}|(?:【|\[)?(?:打印|关闭|收藏|纠错|返回顶部|返回首页)(?:本页|页面|窗口|此页)?(?:】|\])?(?:.{0,12})?"
    r"|分享(?:到|至)?\s*[:：]?.{0,24}|扫一扫.{0,24}|(?:上|下)一[篇页条]\s*[:：]?.{0,80}|(?:浏览|阅读|点击)(?:次数|量|数)?\s*[:：]?\s*[0-9]*\s*次?"
    r"|.{0,60}(?:ICP备|公网安备|网站标识码).{0,80}|(?:版权所有|主办单位|承办单位|技术支持|网站地图|联系我们|copyright|©).{0,100}"
    r"|首页|登录|注册|搜索|无障碍(?:浏览)?|English|繁體(?:版)?|手机版|大\s*中\s*小|\|+",
    re.IGNORECASE | re.DOTALL,
)
_CHROME_LIMIT = 120
_LINKS = 10  # a list page has at least so many
_LIST_SHARE, _BLOCK_SHARE = 0.55, 0.5
_SITE = re.compile(r"\s*[-_|—–]+\s*[^-_|—–]{2,30}$")


@dataclass(frozen=True, slots=True)
class Weight:
    """Characters within an element, those of links, and how many links and headings there are."""

    words: int = 0
    linked: int = 0
    links: int = 0
    titles: int = 0

    def plus(self, other: Weight) -> Weight:
        return Weight(
            self.words + other.words, self.linked + other.linked, self.links + other.links, self.titles + other.titles
        )


class Weights:
    """The weight of every element of a page, found in one pass."""

    def __init__(self, found: dict[int, Weight], whole: Weight) -> None:
        self._found = found
        self._whole = whole

    @classmethod
    def of(cls, root: LexborNode, depth: int) -> Weights:
        """Raises Refused for a page nested deeper than `depth`."""
        found: dict[int, Weight] = {}
        whole = _weigh(root, found, depth, False)
        return cls(found, whole)

    def of_node(self, node: LexborNode) -> Weight:
        return self._found.get(node.mem_id, Weight())

    def share(self, node: LexborNode) -> float:
        return self.of_node(node).words / max(self._whole.words, 1)


def _weigh(node: LexborNode, found: dict[int, Weight], depth: int, linked: bool) -> Weight:
    if depth < 0:
        raise Refused(Reason.TOO_DEEP, "elements within elements")
    if node.is_text_node:
        words = len("".join((node.text_content or "").split()))
        return Weight(words, words if linked else 0)
    tag = node.tag
    if tag in {"script", "style", "noscript", "template"}:
        return Weight()
    is_link = tag == "a" and "href" in node.attributes
    total = Weight(0, 0, int(is_link), int(tag == "h1"))
    child = node.first_child
    while child is not None:
        total = total.plus(_weigh(child, found, depth - 1, linked or is_link))
        child = child.next
    found[node.mem_id] = total
    return total


def is_furniture(node: LexborNode, tag: str, attributes: Mapping[str, str | None], weights: Weights) -> bool:
    """By what the page calls it, and by being links. An element with the page's main heading never is."""
    if tag in {"body", "html", "main", "article"}:
        return False
    weight = weights.of_node(node)
    if weight.titles:
        return False
    if (attributes.get("role") or "").lower() in _ROLES or tag in _TAGS or (tag == "header" and _outermost(node)):
        return weights.share(node) < _BLOCK_SHARE
    light = weight.words < 400 or weight.linked > 0.3 * weight.words
    if light and _NAMES.search(f"{attributes.get('class') or ''} {attributes.get('id') or ''}"):
        return weights.share(node) < _BLOCK_SHARE
    dense = weight.links >= 4 and weight.linked > 0.7 * weight.words and weight.words < 40 * weight.links
    return tag in {"ul", "ol", "dl", "div", "table", "td", "section", "p"} and dense


def _outermost(node: LexborNode) -> bool:
    parent = node.parent
    while parent is not None:
        if parent.tag in {"article", "main", "section"}:
            return False
        parent = parent.parent
    return True


def is_chrome(text: str) -> bool:
    """A line that sites print on every page: 当前位置, 字体大小, 打印本页, ICP备."""
    return len(text) <= _CHROME_LIMIT and _CHROME.fullmatch(text.strip()) is not None


def is_list_page(weight: Weight, drafts: Sequence[Draft]) -> bool:
    """Mostly links, and no paragraph worth the name."""
    if weight.links < _LINKS or weight.linked <= _LIST_SHARE * weight.words:
        return False
    prose = sum(len(draft.text) for draft in drafts if draft.shape == Shape.FLOW and re.search("[。；]", draft.text))
    return prose < 300 and not any(draft.rows for draft in drafts)


def page_title(page: LexborHTMLParser) -> str:
    """What the page calls the document: the meta tag of government sites, else <title> without the site's name."""
    for meta in page.css("meta"):
        if (meta.attributes.get("name") or "").lower() in {"articletitle", "og:title", "dc.title"}:
            content = (meta.attributes.get("content") or "").strip()
            if content:
                return content
    title = page.css_first("title")
    return _SITE.sub("", (title.text(deep=True) or "").strip()) if title is not None else ""
