"""Text that tries to be a page: ours to write into everything, and what a page that shows it is looked at for."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from bot.channels.web_chat.hygiene import UncleanError, clean

_FILE = Path(__file__).parents[1] / "e2e" / "console_payloads.txt"
_CODE = re.compile("⟦([0-9a-f]+)⟧")


def _all() -> tuple[str, ...]:
    """⟦2028⟧ in the file stands for U+2028, which no line of a file can hold."""
    lines = _FILE.read_text("utf-8").splitlines()
    return tuple(_CODE.sub(lambda found: chr(int(found[1], 16)), line) for line in lines)


def typable(payload: str) -> bool:
    """Whether our doors take it: control characters and marks that turn the writing direction are refused."""
    try:
        return bool(clean(payload))
    except UncleanError:
        return False


PAYLOADS = _all()
TYPED = tuple(payload for payload in PAYLOADS if typable(payload))
REFUSED = tuple(payload for payload in PAYLOADS if not typable(payload))


def folded(text: str) -> str:
    """As a reader keeps it: without spaces and what is drawn as nothing, full-width signs as narrow ones."""
    narrow = unicodedata.normalize("NFKC", clean(text, lenient=True))
    return "".join(sign for sign in narrow if not sign.isspace() and unicodedata.category(sign)[0] != "C")


@dataclass(frozen=True, slots=True)
class Shape:
    """What a page is made of: every element with each of its attributes, and every address in it."""

    parts: frozenset[tuple[str, str]]
    addresses: frozenset[str]
    text: str

    def strange_to(self, harmless: Shape) -> list[str]:
        """What is in this page and in none that shows plain words: a payload's element, attribute or address."""
        odd = sorted(f"{tag} {attribute}" for tag, attribute in self.parts - harmless.parts - _OF_MANY)
        return odd + sorted(address for address in self.addresses if not _ours(address))

    def __or__(self, other: Shape) -> Shape:
        return Shape(self.parts | other.parts, self.addresses | other.addresses, "")


NOTHING = Shape(frozenset(), frozenset(), "")


def shape_of(html: str) -> Shape:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return Shape(frozenset(reader.parts), frozenset(reader.addresses), folded("".join(reader.text)))


def missing(payloads: tuple[str, ...], shape: Shape) -> list[str]:
    """The payloads that the page does not show as they were typed."""
    return [payload for payload in payloads if folded(payload) not in shape.text]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: set[tuple[str, str]] = set()
        self.addresses: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts |= {(tag, ""), *((tag, name) for name, _value in attrs)}
        self.addresses |= {value or "" for name, value in attrs if name in _LEADING}
        self.text += [value or "" for name, value in attrs if name in ("value", "data-insert", "placeholder")]

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.parts.add(("!--", data))

    def handle_decl(self, decl: str) -> None:
        self.parts.add(("!", decl))

    def handle_pi(self, data: str) -> None:
        self.parts.add(("?", data))


_OF_MANY = {("a", "rel")}
"""What only a list of more than one page has."""
_LEADING = frozenset(
    {"href", "src", "action", "formaction", "data-rows", "data-pulse", "data-cite", "poster", "srcset"}
)


def _ours(address: str) -> bool:
    """Within this site, or a policy's source: where the small corpus comes from."""
    if address.startswith(("/", "?", "#", "tel:", "https://www.qingdao.gov.cn/")) or not address:
        return not address.startswith(("//", "/\\"))
    return False
