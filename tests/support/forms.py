"""The forms of a page as a browser would send them, so that a test can fill in whatever fields there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """`values` are what the fields hold as the page came; `texts` those one types into, with the most they take."""

    method: str
    action: str
    values: dict[str, list[str]] = field(default_factory=dict)
    texts: dict[str, int] = field(default_factory=dict)
    dates: set[str] = field(default_factory=set)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def filled(self, words: Callable[[str, int], str]) -> dict[str, list[str]]:
        """With `words(name, most)` in each field that is typed into."""
        return {**self.values, **{name: [words(name, most)] for name, most in self.texts.items()}}


def forms_of(html: str) -> list[Form]:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.forms


class _Reader(HTMLParser):
    """A select holds its chosen option, or the first that is one; ticks and radios are set as they came."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(given.get("method", "get").lower(), given.get("action", ""))
            self.forms.append(self._open)
        if self._open is None:
            return
        name = given.get("name", "")
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            there = self._open.values.setdefault(self._select, [])
            if "selected" in given or (not there and given.get("value")):
                self._open.values[self._select] = [given.get("value", "")]
        elif tag == "button" and name:
            self._open.buttons.append((name, given.get("value", "")))
        elif tag == "textarea" and name:
            self._open.texts[name] = int(given.get("maxlength") or 2000)
        elif tag == "input" and name:
            self._input(self._open, name, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = ""

    @staticmethod
    def _input(form: Form, name: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        if kind in ("text", "search", "tel", "email", "number", "url"):
            form.texts[name] = int(given.get("maxlength") or 200)
        elif kind in ("date", "time", "month"):
            form.dates.add(name)
            form.values[name] = [given.get("value", "")]
        elif kind in ("checkbox", "radio"):
            if "checked" in given or (kind == "radio" and name not in form.values):
                form.values.setdefault(name, []).append(given.get("value", "on"))
        elif kind not in ("file", "submit", "password"):
            form.values.setdefault(name, []).append(given.get("value", ""))
