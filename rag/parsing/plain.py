"""TXT and Markdown: decode, then a block a paragraph. The text stays as it is; only its structure is read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.parsing.drafts import Draft, Drafted, Shape
from rag.parsing.models import HiddenWhy, Limits, Notice, Reason, Refused
from rag.parsing.web_hiding import hidden_by, plain_css
from rag.reading import UndecodableError, decode

_VERSION = "1"
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t\u3000]+(.+?)[ \t]*#*[ \t]*$")
_ITEM = re.compile(r"\s*(?:[-*+]|[0-9]{1,3}[.)])\s+\S")
_ROW = re.compile(r"\s*\|.*\|\s*$")
_RULE = re.compile(r"\s*\|?(?:\s*:?-{2,}:?\s*\|)+\s*:?-*:?\s*$")
_COMMENT = re.compile(r"<!--(.*?)(?:-->|\Z)", re.DOTALL)
_DEFINITION = re.compile(r"(?m)^ {0,3}\[[^\]\n]{1,200}\]:[ \t]*\S+(?:[ \t]+[\"'(](?P<unseen>[^\n]*)[\"')])?[ \t]*$")
_PICTURE = re.compile(r"!\[(?P<unseen>[^\]\n]{0,500})\](?:\([^)\n]{0,2000}\)|\[[^\]\n]{0,200}\])")
_LINK_TITLE = re.compile(r"(?P<seen>\]\([^\s()\n]{1,2000})[ \t]+[\"'](?P<unseen>[^\"'\n]{0,500})[\"'](?=\))")
_ELEMENT = re.compile(
    r"<(?P<tag>[a-zA-Z][\w-]{0,20})(?P<attributes>(?:\s[^<>]{0,1000})?)>(?P<inner>[^<]*(?:<(?!/(?P=tag)>)[^<]*){0,200})</(?P=tag)>"
)
_ATTRIBUTE = re.compile(r"([a-zA-Z][\w-]*)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+))?")
_TAG = re.compile(r"<[^>]*>")
# Only where every line is a field: a rule above a first paragraph opens no card.
_CARD = re.compile(r"\A---[ ]*\n((?:[A-Za-z_][\w-]*:.*\n|[ \t]*-[ \t].*\n|[ \t]+\S.*\n|#.*\n)+)---[ ]*(?:\n|\Z)")
_CARD_TITLE = re.compile(r"(?m)^title:[ ]*[\"']?(.*?)[\"']?[ ]*$")
_LINE_LIMIT = 20_000  # rows of a table that a TXT cannot mean


def read_text(data: bytes, limits: Limits, _ocr_pages: int = 0) -> Drafted:
    """A line is a paragraph: offices do not wrap lines, and chunking reads line by line."""
    drafted = Drafted("text", _VERSION)
    text = decoded(data, drafted)
    _hold(text, limits)
    drafted.drafts = [Draft(Shape.FLOW, line) for line in text.split("\n") if line.strip()]
    return drafted


def read_markdown(data: bytes, limits: Limits, _ocr_pages: int = 0) -> Drafted:
    """Headings, tables and lists as marked. A card (front matter) is no text; a comment is none and is hidden."""
    drafted = Drafted("markdown", _VERSION)
    text = decoded(data, drafted)
    _hold(text, limits)
    if card := _CARD.match(text):
        title = _CARD_TITLE.search(card[1])
        drafted.title = title[1] if title else ""
        text = text[card.end() :]
    drafted.drafts = list(_markdown(_seen(text, drafted).split("\n")))
    return drafted


def _seen(text: str, drafted: Drafted) -> str:
    """Without what no reader of the page sees: comments, definitions and titles of links, hidden elements."""
    for comment in _COMMENT.finditer(text):
        if len(comment[1].strip()) > 20:  # <!-- INFO END --> is a mark, a sentence is a message
            drafted.hide(HiddenWhy.INVISIBLE, comment[1])
    text = _COMMENT.sub("", text)
    for pattern in (_DEFINITION, _PICTURE, _LINK_TITLE):
        text = pattern.sub(lambda found: _without(found, drafted), text)
    return _ELEMENT.sub(lambda found: _element(found, drafted), text) if "<" in text else text


def _without(found: re.Match[str], drafted: Drafted) -> str:
    if unseen := (found["unseen"] or "").strip():
        drafted.hide(HiddenWhy.INVISIBLE, unseen)
    return found.groupdict().get("seen") or ""


def _element(found: re.Match[str], drafted: Drafted) -> str:
    """An HTML element in Markdown; only hidden ones are taken out."""
    attributes = {name.lower(): value.strip("\"'") for name, value in _ATTRIBUTE.findall(found["attributes"])}
    why = hidden_by(found["tag"].lower(), attributes, plain_css(attributes.get("style", "")))
    if why is None:
        return found[0]
    drafted.hide(why, _TAG.sub("", found["inner"]))
    return ""


def decoded(data: bytes, drafted: Drafted) -> str:
    """UTF-16 by its mark, else as rag.reading decodes. Raises Refused."""
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            drafted.notices[Notice.ENCODING] += 1
            return _lines(data.decode("utf-16"))
        return _lines(decode(data))
    except UndecodableError as error:
        raise Refused(Reason.UNDECODABLE, f"line {error.line}") from error
    except UnicodeDecodeError as error:
        raise Refused(Reason.UNDECODABLE, "utf-16") from error


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _hold(text: str, limits: Limits) -> None:
    if len(text) > limits.characters:
        raise Refused(Reason.TOO_MUCH_TEXT, f"{len(text)} characters")


def _markdown(lines: list[str]) -> Iterator[Draft]:
    number = 0
    while number < len(lines):
        line = lines[number]
        if found := _HEADING.match(line):
            yield Draft(Shape.HEADING, found[2], len(found[1]))
        elif _ROW.match(line):
            rows, number = _rows(lines, number)
            yield Draft(Shape.TABLE, rows=rows)
            continue
        elif line.strip():
            yield Draft(Shape.LIST if _ITEM.match(line) else Shape.FLOW, line)
        number += 1


def _rows(lines: list[str], first: int) -> tuple[list[list[str]], int]:
    after = first
    while after < len(lines) and after - first < _LINE_LIMIT and _ROW.match(lines[after]):
        after += 1
    rows = [line for line in lines[first:after] if not _RULE.match(line)]
    return [[cell.replace(r"\|", "｜") for cell in _cells(row)] for row in rows], after


def _cells(row: str) -> list[str]:
    return re.split(r"(?<!\\)\|", row.strip().removeprefix("|").removesuffix("|"))
