"""How words look in a Word file, as far as it decides whether a reader sees them and what is a heading."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from xml.etree import ElementTree as ET

from rag.parsing.models import HiddenWhy
from rag.parsing.word_numbering import W

Colour = tuple[int, int, int]
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
_LIKE = 24
_TINY = 3  # half-points: under 2 points nobody reads
_FAR = 4_000  # twips from the margin, out of the page
_HIGHLIGHTS = {
    "black": BLACK, "white": WHITE, "blue": (0, 0, 255), "cyan": (0, 255, 255), "green": (0, 255, 0),
    "magenta": (255, 0, 255), "red": (255, 0, 0), "yellow": (255, 255, 0), "darkBlue": (0, 0, 128),
    "darkCyan": (0, 128, 128), "darkGreen": (0, 128, 0), "darkMagenta": (128, 0, 128), "darkRed": (128, 0, 0),
    "darkYellow": (128, 128, 0), "darkGray": (128, 128, 128), "lightGray": (192, 192, 192),
}  # fmt: skip
"""ECMA-376, ST_HighlightColor."""
_GROUNDS = {"background1", "light1", "bg1", "lt1"}
"""The theme's names for the colour of the paper, white in every theme that is printed."""
_RAISED = 400  # half-points: out of the line by 200 points
_LOW = 40  # twips: a line or row so low shows nothing
_HEADING_NAME = re.compile(r"(?:heading|标题)\s*([1-9])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Look:
    """Of a run. `half_points` is 0 where nothing says it; `ground` is None where it cannot be told."""

    ink: Colour | None = BLACK
    ground: Colour | None = WHITE
    half_points: float = 0
    vanish: bool = False
    narrow: bool = False
    bold: bool = False

    def hides(self) -> HiddenWhy | None:
        if self.vanish:
            return HiddenWhy.INVISIBLE
        if self.narrow or 0 < self.half_points <= _TINY:
            return HiddenWhy.TINY
        if self.ink is not None and self.ground is not None and alike(self.ink, self.ground):
            return HiddenWhy.COLOUR
        return None


@dataclass(frozen=True, slots=True)
class Style:
    """A style of the file, with what it inherits."""

    name: str = ""
    level: int = 0
    look: Look = Look()
    number: tuple[str, int] | None = None
    shaded: bool = False


class Styles:
    """The file's styles by id."""

    def __init__(self, root: ET.Element | None) -> None:
        self._raw = (
            {style.get(f"{W}styleId", ""): style for style in root.iter(f"{W}style")} if root is not None else {}
        )
        self._found: dict[str, Style] = {}
        defaults = root.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr") if root is not None else None
        self.normal = restyled(Look(), defaults)
        for name, style in self._raw.items():
            if style.get(f"{W}default") in {"1", "true"} and style.get(f"{W}type") == "paragraph":
                self.normal = self.style(name).look

    def style(self, name: str, depth: int = 0) -> Style:
        if name in self._found:
            return self._found[name]
        raw = self._raw.get(name)
        if raw is None or depth > 20:
            return Style(look=self.normal)
        base = value(raw.find(f"{W}basedOn"))
        inherited = self.style(base, depth + 1) if base else Style(look=self.normal)
        called = value(raw.find(f"{W}name"))
        self._found[name] = Style(
            called,
            _level(raw, called) or (inherited.level if not _level(raw, called) else 0),
            restyled(inherited.look, raw.find(f"{W}rPr")),
            number_of(raw.find(f"{W}pPr")) or inherited.number,
            inherited.shaded or any(_fill(shade) not in {None, WHITE} for shade in raw.iter(f"{W}shd")),
        )
        return self._found[name]


def value(element: ET.Element | None, otherwise: str = "") -> str:
    return element.get(f"{W}val", otherwise) if element is not None else ""


def number_of(properties: ET.Element | None) -> tuple[str, int] | None:
    """(list, level) of a paragraph's numbering; None where it has none of its own."""
    found = properties.find(f"{W}numPr") if properties is not None else None
    if found is None:
        return None
    level = value(found.find(f"{W}ilvl"))
    return value(found.find(f"{W}numId")), int(level) if re.fullmatch("[0-8]", level) else 0


def restyled(look: Look, properties: ET.Element | None) -> Look:
    """The look with what these run properties (w:rPr) say."""
    for element in properties if properties is not None else ():
        if (change := _CHANGES.get(element.tag.removeprefix(W))) is not None:
            look = change(look, element, element.get(f"{W}val", ""))
    return look


def _said_yes(said: str) -> bool:
    return said not in {"0", "false", "off"}


def _sized(look: Look, _element: ET.Element, said: str) -> Look:
    fits = re.fullmatch(r"[0-9]{1,4}(?:\.[0-9]+)?", said)
    return replace(look, half_points=float(said)) if fits else look


def _stretched(look: Look, _element: ET.Element, said: str) -> Look:
    return replace(look, narrow=int(said) <= 5) if re.fullmatch("[0-9]{1,4}", said) else look


def _spaced(look: Look, _element: ET.Element, said: str) -> Look:
    """Letters that stand each on the one before it (twips; ten of them are half a point)."""
    together = bool(re.fullmatch("-[0-9]{1,9}", said)) and -int(said) >= 9 * (look.half_points or 21)
    return replace(look, narrow=look.narrow or together)


def _raised(look: Look, _element: ET.Element, said: str) -> Look:
    away = bool(re.fullmatch("-?[0-9]{1,9}", said)) and abs(int(said)) >= _RAISED
    return replace(look, vanish=look.vanish or away)


def _vanished(look: Look, _element: ET.Element, said: str) -> Look:
    return replace(look, vanish=_said_yes(said))


_CHANGES: Mapping[str, Callable[[Look, ET.Element, str], Look]] = {
    "vanish": _vanished,
    "webHidden": _vanished,
    "specVanish": _vanished,
    "color": lambda look, element, said: replace(look, ink=_ink(element, said)),
    "sz": _sized,
    "b": lambda look, _element, said: replace(look, bold=_said_yes(said)),
    "w": _stretched,
    "spacing": _spaced,
    "position": _raised,
    "highlight": lambda look, _element, said: look if said == "none" else replace(look, ground=_HIGHLIGHTS.get(said)),
    "shd": lambda look, element, _said: grounded(look, element),
}
"""What each run property changes, by its name in WordprocessingML."""


def grounded(look: Look, shade: ET.Element | None) -> Look:
    """The look on the shading of a run, paragraph or cell (w:shd)."""
    fill = _fill(shade) if shade is not None else None
    return look if fill is None else replace(look, ground=fill)


def is_off_page(properties: ET.Element | None) -> bool:
    """A paragraph that indents or a frame place out of the page."""
    if properties is None:
        return False
    indent, frame = properties.find(f"{W}ind"), properties.find(f"{W}framePr")
    far = [indent.get(f"{W}{side}") for side in ("left", "start", "firstLine")] if indent is not None else []
    far += [frame.get(f"{W}{side}") for side in ("x", "y")] if frame is not None else []
    hanging = indent.get(f"{W}hanging") if indent is not None else None
    numbers = [int(n) for n in far if n and re.fullmatch("-?[0-9]{1,9}", n)]
    return any(n < -_FAR or n > 8 * _FAR for n in numbers) or bool(
        hanging and hanging.isdigit() and int(hanging) > 5 * _FAR
    )


def is_flat(properties: ET.Element | None) -> bool:
    """A paragraph whose lines, or a row that, is drawn too low for anything to show."""
    if properties is None:
        return False
    heights = [(line.get(f"{W}line"), line.get(f"{W}lineRule")) for line in properties.findall(f"{W}spacing")]
    heights += [(row.get(f"{W}val"), row.get(f"{W}hRule")) for row in properties.findall(f"{W}trHeight")]
    hidden = properties.find(f"{W}hidden")
    if hidden is not None and value(hidden) not in {"0", "false", "off"}:
        return True
    return any(rule == "exact" and (high or "").isdigit() and int(high or 0) <= _LOW for high, rule in heights)


def _ink(element: ET.Element, said: str) -> Colour | None:
    """A colour of the theme goes before the one beside it; shading (themeShade) takes its light away."""
    if element.get(f"{W}themeColor") in _GROUNDS:
        shade = element.get(f"{W}themeShade", "")
        light = int(shade, 16) if re.fullmatch("[0-9A-Fa-f]{2}", shade) else 255
        return light, light, light
    return _rgb(said) or (BLACK if said in {"", "auto"} else None)


def alike(one: Colour, other: Colour) -> bool:
    return all(abs(a - b) <= _LIKE for a, b in zip(one, other, strict=True))


def _fill(shade: ET.Element) -> Colour | None:
    return _rgb(shade.get(f"{W}fill", ""))


def _rgb(text: str) -> Colour | None:
    if not re.fullmatch("[0-9A-Fa-f]{6}", text):
        return None
    return int(text[:2], 16), int(text[2:4], 16), int(text[4:], 16)


def _level(style: ET.Element, name: str) -> int:
    if found := _HEADING_NAME.fullmatch(name.strip()):
        return int(found[1])
    if name.strip().lower() in {"title", "标题"}:
        return 1
    outline = value(style.find(f"{W}pPr/{W}outlineLvl"))
    return int(outline) + 1 if re.fullmatch("[0-8]", outline) else 0
