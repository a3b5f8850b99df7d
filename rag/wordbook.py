"""The language files, compiled once: what to drop from a question, what to add, and what shape it has."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from rag.guardrails import fold

_LATIN = re.compile("[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Want:
    """A kind of answer: questions that match `ask` want a clause that matches `hold`."""

    kind: str
    ask: re.Pattern[str]
    hold: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Wordbook:
    """`synonyms` maps a folded form to the other forms of its groups; `named` finds the longest form at each place.

    `one_name` maps a form to the first of its group, where a group of the field has it; `one_certificate` does so only
    for certificates and schemes of two names, a short and a full one: larger groups hold what is near, too (博士后 and
    博士后科研工作站).
    """

    stop: re.Pattern[str]
    generic: re.Pattern[str]
    domain: re.Pattern[str]
    smalltalk: Mapping[str, re.Pattern[str]]
    listing: re.Pattern[str]
    listing_self: re.Pattern[str]
    status: re.Pattern[str]
    retired_ok: re.Pattern[str]
    today: re.Pattern[str]
    synonyms: Mapping[str, tuple[str, ...]]
    forms: Mapping[str, tuple[str, ...]]
    one_name: Mapping[str, str]
    one_certificate: Mapping[str, str]
    certificates: frozenset[str]
    english: Mapping[str, str]
    english_forms: re.Pattern[str]
    wants: tuple[Want, ...]
    contrasts: tuple[tuple[re.Pattern[str], ...], ...]

    def named(self, text: str) -> list[str]:
        """The forms of the synonym file that a folded text holds, the longest at each place, in order."""
        found: list[str] = []
        at = 0
        while at < len(text):
            form = self.form_at(text, at)
            if form is not None:
                found.append(form)
            at += len(form) if form else 1
        return found

    def form_at(self, text: str, at: int) -> str | None:
        """The longest form that begins at a place of a folded text."""
        return next((form for form in self.forms.get(text[at], ()) if _stands(form, text, at)), None)

    def named_in_english(self, text: str) -> list[str]:
        """The same for English words of the field; nothing is scanned where there is no Latin letter."""
        return [match.group() for match in self.english_forms.finditer(text)] if _LATIN.search(text) else []

    def related(self, text: str) -> list[str]:
        """Other words for what a folded text names, Chinese for what it says in English; no word twice."""
        found: dict[str, None] = {}
        for form in self.named(text):
            found.update(dict.fromkeys(self.synonyms[form]))
        for word in self.named_in_english(text):
            found.update(dict.fromkeys(self.english[word].split()))
        return [word for word in found if word not in text]


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files("rag").joinpath(f"data/{name}").read_text("utf-8"))


def _any(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


def _longest_first(words: list[str]) -> re.Pattern[str]:
    """Latin words that stand alone: no letter or digit on either side (汉字 may touch them)."""
    bounded = [rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])" for word in sorted(words, key=len, reverse=True)]
    return re.compile("|".join(bounded))


def _by_first(words: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Forms by their first character, the longest first: a fifth of the cost of one pattern of them all."""
    grouped: dict[str, list[str]] = {}
    for word in sorted(words, key=len, reverse=True):
        grouped.setdefault(word[0], []).append(word)
    return {first: tuple(group) for first, group in grouped.items()}


def _stands(form: str, text: str, at: int) -> bool:
    if not text.startswith(form, at):
        return False
    around = text[max(at - 1, 0) : at] + text[at + len(form) : at + len(form) + 1]
    return not (form.isascii() and _LATIN.search(around))


def _synonyms(groups: list[list[str]]) -> dict[str, tuple[str, ...]]:
    table: dict[str, dict[str, None]] = {}
    for group in groups:
        folded = [fold(word) for word in group]
        for word in folded:
            table.setdefault(word, {}).update(dict.fromkeys(other for other in folded if other != word))
    return {word: tuple(others) for word, others in table.items()}


def _plain(groups: list[list[str]]) -> dict[str, tuple[str, ...]]:
    """Everyday words point to policy words, not back: a policy word needs no everyday one."""
    table: dict[str, dict[str, None]] = {}
    for first, *others in groups:
        table.setdefault(fold(first), {}).update(dict.fromkeys(fold(other) for other in others))
    return {word: tuple(others) for word, others in table.items()}


def _one_name(groups: list[list[str]]) -> dict[str, str]:
    names: dict[str, str] = {}
    for group in groups:
        for word in group:
            names.setdefault(fold(word), fold(group[0]))
    return names


@lru_cache(maxsize=1)
def wordbook() -> Wordbook:
    """Read once; the files ship with the package."""
    language, synonyms, english = _read("language.toml"), _read("synonyms.toml"), _read("english.toml")["words"]
    table = _synonyms(synonyms["field"])
    for word, others in _plain(synonyms["plain"]).items():
        table[word] = tuple(dict.fromkeys([*table.get(word, ()), *others]))
    return Wordbook(
        stop=_any(language["stop"]),
        generic=_any(sorted(language["generic"], key=len, reverse=True)),
        domain=re.compile(language["domain"]),
        smalltalk={key: re.compile(pattern) for key, pattern in language["smalltalk"].items()},
        listing=re.compile(language["listing"]["ask"]),
        listing_self=re.compile(language["listing"]["self"]),
        status=re.compile(language["status"]["ask"]),
        retired_ok=re.compile(language["status"]["retired_ok"]),
        today=re.compile(language["status"]["today"]),
        synonyms=table,
        forms=_by_first(table),
        one_name=_one_name(synonyms["field"]),
        one_certificate=_one_name(
            [group for group in synonyms["field"] if group[0] in synonyms["certificates"] and len(group) == 2]
        ),
        certificates=frozenset(
            fold(word) for group in synonyms["field"] if group[0] in synonyms["certificates"] for word in group
        ),
        english={fold(word): chinese for word, chinese in english.items()},
        english_forms=_longest_first([fold(word) for word in english]),
        contrasts=tuple(tuple(_any(row) for row in group["rows"]) for group in language["contrasts"]),
        wants=tuple(Want(w["kind"], re.compile(w["ask"]), re.compile(w["hold"])) for w in language["wants"]),
    )
