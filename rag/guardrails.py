"""Checks on a question before anything is searched: what must be cut out of it, and what stops it. Pure.

The rules are data (rag/data/guards.toml). They keep replies short and true; they are not the defence: without a model
there is nothing that an instruction inside a question could steer, and with one every claim is checked with its quote.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from rag.models import AnswerStatus

_INVISIBLE = re.compile(
    "[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\u00ad\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_SENTENCE = re.compile(r"[^。!?;\n]*[。!?;\n]?")
_LETTER = re.compile(r"[\w\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Rule:
    """A question that matches `when` and not `unless` ends with `status`."""

    status: AnswerStatus
    when: re.Pattern[str]
    unless: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of the data file, compiled."""

    stops: tuple[Rule, ...]
    cuts: tuple[re.Pattern[str], ...]
    sentences: tuple[re.Pattern[str], ...]


@dataclass(frozen=True, slots=True)
class Guarded:
    """A question after the checks: the text that is left, whether something was cut, and the status that stops it."""

    text: str
    cut: bool
    stop: AnswerStatus | None


@lru_cache(maxsize=1)
def rules() -> Rules:
    """Read once; the file ships with the package."""
    raw = tomllib.loads(resources.files("rag").joinpath("data/guards.toml").read_text("utf-8"))
    stops = tuple(
        Rule(
            AnswerStatus(rule["status"]),
            re.compile(rule["when"]),
            re.compile(rule["unless"]) if "unless" in rule else None,
        )
        for rule in raw["rule"]
    )
    injection = raw["injection"]
    return Rules(stops, *(tuple(re.compile(p, re.S) for p in injection[key]) for key in ("cut", "sentence")))


def clean(text: str) -> str:
    """The text without what nobody can see (control, zero-width, bidi); a run of white space becomes one space."""
    visible = _CONTROL.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFC", text)))
    return re.sub(r"\s+", " ", visible).strip()


def fold(text: str) -> str:
    """NFKC and lower case: the form every rule is written against."""
    return unicodedata.normalize("NFKC", text).lower()


def guard(text: str, limit: int) -> Guarded:
    """Clean a question and check it. `limit` is in characters after cleaning."""
    cleaned = clean(text)
    if not _LETTER.search(cleaned):
        return Guarded(cleaned, False, AnswerStatus.EMPTY)
    if len(cleaned) > limit:
        return Guarded(cleaned, False, AnswerStatus.TOO_LONG)
    left, cut = _without_injection(cleaned)
    if cut and len(_LETTER.findall(left)) < 4:
        return Guarded(left, True, AnswerStatus.INJECTION)
    return Guarded(left, cut, _stop(left))


def steered(text: str) -> bool:
    """Whether a text holds instructions to the assistant, by the rules that cut them out of a question."""
    return _without_injection(text)[1]


def _stop(text: str) -> AnswerStatus | None:
    folded = fold(text)
    for rule in rules().stops:
        if rule.when.search(folded) and not (rule.unless and rule.unless.search(folded)):
            return rule.status
    return None


def _without_injection(text: str) -> tuple[str, bool]:
    left = unicodedata.normalize("NFKC", text)
    for pattern in rules().cuts:
        left = re.sub(pattern.pattern, " ", left, flags=re.S | re.I)
    kept = [part for part in _SENTENCE.findall(left) if part.strip() and not _steers(part)]
    joined = "".join(kept).strip()
    # The untouched text is returned where nothing was cut: folding is for matching only.
    return (joined, True) if joined != left.strip() or left != unicodedata.normalize("NFKC", text) else (text, False)


def _steers(sentence: str) -> bool:
    folded = fold(sentence)
    return any(pattern.search(folded) for pattern in rules().sentences)
