"""The priority industry: by number, label or alias, or by a trade named in the sentence (我们做海水淡化)."""

from __future__ import annotations

import re

from intake.models import Read, Saying, Unread
from intake.question_shape import shaped_as_question
from intake.reading.plain import tight
from intake.reference import Industry, Reference

LONGEST = 60
"""Characters; a longer text is a story that may name many trades in passing."""


def read_industry(text: str, reference: Reference) -> Read | Unread:
    """Read(industry code), or error.industry.*; `candidates` where trades of several industries are named."""
    said = tight(text)
    if not said:
        return _error("empty")
    exact = _exact(said, reference)
    if exact is not None:
        return _read(exact)
    if shaped_as_question(text) or len(said) > LONGEST:
        return _error("not_in_list")
    codes = find_industries(said, reference)
    if len(codes) > 1:
        return Unread(Saying("error.industry.several"), candidates=codes)
    chosen = [industry for industry in reference.industries if industry.code in codes]
    return _read(chosen[0]) if chosen else _error("not_in_list")


def find_industries(said: str, reference: Reference) -> tuple[str, ...]:
    """Codes of the industries whose names or trades stand in the text; the longest name takes its stretch."""
    names = [
        (word.lower(), industry.code)
        for industry in reference.industries
        if industry.code != "other"
        for word in (industry.label, *industry.aliases, *industry.keywords)
    ]
    rest, codes = said.lower(), []
    for word, code in sorted(names, key=lambda name: -len(name[0])):
        pattern = _pattern(word)
        if pattern.search(rest):
            codes.append(code)
            rest = pattern.sub("\0", rest)
    return tuple(dict.fromkeys(codes))


def _pattern(word: str) -> re.Pattern[str]:
    if word.isascii():
        return re.compile(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])")
    return re.compile(re.escape(word))


def _exact(said: str, reference: Reference) -> Industry | None:
    listed = reference.industries
    if re.fullmatch(r"[0-9]", said) and 1 <= int(said) <= len(listed):
        return listed[int(said) - 1]
    wanted = said.lower()
    for industry in listed:
        if wanted in (industry.code, industry.label.lower(), *(alias.lower() for alias in industry.aliases)):
            return industry
    return None


def _read(industry: Industry) -> Read:
    return Read(industry.code, Saying("show.text", {"text": industry.label}))


def _error(name: str) -> Unread:
    return Unread(Saying(f"error.industry.{name}"))
