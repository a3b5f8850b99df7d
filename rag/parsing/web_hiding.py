"""What a web page hides from its readers: by style sheets in the page, by inline styles, by attributes. Pure."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterator, Mapping

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from rag.parsing.models import HiddenWhy

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_RULES = 3_000
_HIDES = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*(?:0?\.0\d*|0(?![.\d])|[0-4]%)"
    r"|content-visibility\s*:\s*hidden|transform\s*:[^;]*scale\(\s*0(?:\.0\d*)?\s*[,)]"
    r"|(?<!-)filter\s*:[^;]*opacity\(\s*(?:0?\.0\d*|0(?![.\d])|[0-4]%)"
    r"|clip\s*:\s*rect\(\s*[01](?:px)?[\s,]+[01](?:px)?[\s,]+[01](?:px)?[\s,]+[01](?:px)?\s*\)|clip-path\s*:\s*inset\(\s*(?:50|100)%"
    r"|^(?=.*overflow\s*:\s*hidden).*(?<![-\w])(?:(?:max-)?(?:height|width)|line-height)\s*:\s*[01](?:px)?(?![.\d%])",
    re.IGNORECASE | re.DOTALL,
)
_TINY = re.compile(
    r"font(?:-size)?\s*:[^;]*?(?<![\d.#a-f])(?:0*[01](?:\.\d+)?|\.\d+)(?:px|pt)|font\s*:[^;]*?(?<![\w.#-])0\s*/"
    r"|letter-spacing\s*:\s*-\s*(?:(?:[1-9]|0?\.[5-9])[\d.]*r?em|(?:[89]|[1-9]\d)[\d.]*p[xt])|font-size\s*:\s*(?:0|0?\.0\d*r?em|[0-9]%)\s*(?:;|!|$)",
    re.IGNORECASE,
)
_OFF_PAGE = re.compile(
    r"text-indent\s*:\s*-\s*[1-9]\d{2,}|^(?=.*position\s*:\s*(?:absolute|fixed)).*(?:left|right|top|bottom)\s*:\s*-\s*[1-9]\d{2,}"
    r"|^(?=.*position\s*:\s*(?:absolute|fixed)).*(?:left|right|top|bottom)\s*:\s*[1-9]\d{3,}(?:px|pt|r?em)"
    r"|transform\s*:[^;]*translate[xy3d]*\([^)]*-\s*[1-9]\d{2,}(?!\s*%)"
    r"|margin-(?:left|top)\s*:\s*-\s*[1-9]\d{3,}",
    re.IGNORECASE | re.DOTALL,
)
_COLOUR = re.compile(r"(?:(?<![-\w])color|-webkit-text-fill-color)\s*:\s*([^;!]+)", re.IGNORECASE)
_GROUND = re.compile(r"(?<![-\w])background(?:-color)?\s*:\s*([^;!]+)", re.IGNORECASE)
_VARIABLE = re.compile(r"(?<![\w-])(--[\w-]+)\s*:\s*([^;{}]+)")
_USE = re.compile(r"var\(\s*(--[\w-]+)\s*(?:,\s*([^()]*))?\)")
_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?|\\(?=[^0-9a-fA-F\n])")
_HEX = re.compile(r"#([0-9a-f]{6}|[0-9a-f]{8}|[0-9a-f]{3,4})\b")
_RGB = re.compile(r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)(?:[\s,/]+([\d.]+%?))?\s*\)")
_HSL = re.compile(r"hsla?\(\s*(-?[\d.]+)(?:deg)?[\s,]+([\d.]+)%[\s,]+([\d.]+)%(?:[\s,/]+([\d.]+%?))?\s*\)")
# Those of HTML 4, and what is nearly white.
_NAMES = {
    "white": (255, 255, 255), "snow": (255, 250, 250), "ivory": (255, 255, 240), "floralwhite": (255, 250, 240),
    "ghostwhite": (248, 248, 255), "whitesmoke": (245, 245, 245), "mintcream": (245, 255, 250),
    "azure": (240, 255, 255),
    "aliceblue": (240, 248, 255), "seashell": (255, 245, 238), "black": (0, 0, 0), "gray": (128, 128, 128),
    "grey": (128, 128, 128), "silver": (192, 192, 192), "red": (255, 0, 0), "maroon": (128, 0, 0), "lime": (0, 255, 0),
    "green": (0, 128, 0), "blue": (0, 0, 255), "navy": (0, 0, 128), "yellow": (255, 255, 0), "olive": (128, 128, 0),
    "aqua": (0, 255, 255), "cyan": (0, 255, 255), "teal": (0, 128, 128), "fuchsia": (255, 0, 255),
    "magenta": (255, 0, 255), "purple": (128, 0, 128), "orange": (255, 165, 0),
}  # fmt: skip
_LIKE = 24  # how far two colours' channels may be apart and still look the same

Colour = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)


def sheet_styles(page: LexborHTMLParser) -> dict[int, str]:
    """Declarations that a style sheet in the page gives an element, joined in their order, by the element's id."""
    found: dict[int, str] = {}
    text = plain_css("\n".join(style.text_content or style.text(deep=True) or "" for style in page.css("style")))
    text = _with_variables(text)
    for count, (selector, declarations) in enumerate(_rules(text)):
        if count >= _RULES:
            break
        if _tells(declarations):
            for node in _selected(page, selector):
                found[node.mem_id] = found.get(node.mem_id, "") + ";" + declarations
    return found


def plain_css(text: str) -> str:
    """Without comments and escapes: a browser reads dis/**/play and dis\\70lay as display."""
    if "\\" in text:
        text = _ESCAPE.sub(lambda found: chr(int(found[1], 16) % 0x110000) if found[1] else "", text)
    return _COMMENT.sub("", text)


def _with_variables(css: str) -> str:
    """var(--name) by what the page says of it last; one that leads to another is followed once more."""
    if "var(" not in css:
        return css
    said = dict(_VARIABLE.findall(css))
    for _ in range(2):
        css = _USE.sub(lambda use: str(said.get(use[1], use[2] or "")).strip(), css)
    return css


def _tells(declarations: str) -> bool:
    hides = _HIDES.search(declarations) or _TINY.search(declarations) or _OFF_PAGE.search(declarations)
    return bool(hides or _COLOUR.search(declarations) or _GROUND.search(declarations))


def _rules(css: str) -> Iterator[tuple[str, str]]:
    """(selector, declarations) of the rules that hold on a screen; what is inside @media print is not."""
    at = 0
    while (opening := css.find("{", at)) >= 0:
        selector = css[at:opening].rsplit(";", 1)[-1].strip()
        if selector.startswith("@"):
            closing = _matching(css, opening)
            if re.match(r"@media\b(?!.*\bprint\b)|@supports|@layer", selector, re.IGNORECASE | re.DOTALL):
                yield from _rules(css[opening + 1 : closing]) if "@" not in css[opening:closing] else ()
            at = closing + 1
            continue
        closing = css.find("}", opening)
        closing = len(css) if closing < 0 else closing
        yield selector, css[opening + 1 : closing]
        at = closing + 1


def _matching(css: str, opening: int) -> int:
    depth = 0
    for place in re.compile("[{}]").finditer(css, opening):
        depth += 1 if place[0] == "{" else -1
        if depth == 0:
            return place.start()
    return len(css)


def _selected(page: LexborHTMLParser, selector: str) -> list[LexborNode]:
    try:
        return page.css(selector)
    except SelectolaxError:  # ::before and the like
        return []


def hidden_by(tag: str, attributes: Mapping[str, str | None], style: str) -> HiddenWhy | None:
    """Why an element is not seen, by itself alone; colours are `colours`' part."""
    if "hidden" in attributes and (attributes["hidden"] or "").lower() != "until-found":
        return HiddenWhy.INVISIBLE
    if tag in {"template", "noscript", "noframes", "noembed"} or (tag == "dialog" and "open" not in attributes):
        return HiddenWhy.INVISIBLE
    if not style:
        return None
    if _HIDES.search(style):
        return HiddenWhy.INVISIBLE
    if _OFF_PAGE.search(style):
        return HiddenWhy.OFF_PAGE
    return HiddenWhy.TINY if _TINY.search(style) else None


def ink(attributes: Mapping[str, str | None], style: str, inherited: Colour | None) -> Colour | None:
    """The colour of an element's words; None for words in no ink at all."""
    named = _COLOUR.findall(style)
    value = named[-1] if named else attributes.get("color")
    return inherited if not value or (read := _colour(value)) == "unknown" else read  # type: ignore[return-value]


def ground(attributes: Mapping[str, str | None], style: str, inherited: Colour | None) -> Colour | None:
    """The colour behind an element's words; None where it is a picture or cannot be told."""
    named = _GROUND.findall(style)
    value = named[-1] if named else attributes.get("bgcolor")
    if attributes.get("background") or (value and re.search(r"url\(|gradient", value)):
        return None
    if not value or (read := _colour(value)) == "unknown":
        return inherited
    return inherited if read is None else read  # type: ignore[return-value]  # transparent: what is behind it shows


def alike(one: Colour | None, other: Colour | None) -> bool:
    """Whether words in the one on the other cannot be seen. A ground that is not known hides nothing."""
    if one is None:
        return True
    return other is not None and all(abs(a - b) <= _LIKE for a, b in zip(one, other, strict=True))


def _colour(value: str) -> Colour | str | None:
    """Red, green, blue; None for a transparent one; "unknown" for a name that is not in the list."""
    value = value.strip().lower()
    bare = re.fullmatch("[0-9a-f]{6}", value)  # an attribute may leave the # out
    if found := _HEX.search(f"#{value}" if bare else value):
        return _of_digits(found[1] if len(found[1]) > 4 else "".join(c * 2 for c in found[1]))
    if rgb := _RGB.search(value):
        return None if _is_clear(rgb[4]) else (int(rgb[1]), int(rgb[2]), int(rgb[3]))
    if hsl := _HSL.search(value):
        parts = colorsys.hls_to_rgb(float(hsl[1]) % 360 / 360, float(hsl[3]) / 100, float(hsl[2]) / 100)
        red, green, blue = (round(255 * part) for part in parts)
        return None if _is_clear(hsl[4]) else (red, green, blue)
    word = value.split()[0] if value.split() else ""
    return None if word == "transparent" else _NAMES.get(word, "unknown")


def _of_digits(digits: str) -> Colour | None:
    if len(digits) == 8 and int(digits[6:], 16) < 16:
        return None
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def _is_clear(alpha: str | None) -> bool:
    return bool(alpha) and float(str(alpha).rstrip("%")) * (0.01 if str(alpha).endswith("%") else 1) < 0.06
