"""A notice in words: bot/wording/notices.*.toml. Each status has its own text: what happened, and what to do next."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from bot.look_summary import read_summary
from bot.look_words import summary_lines
from bot.phrases import Lang, Phrases

PART = "notices"
CORPUS = "corpus"
"""The kind of a notice about the sources of the corpus; its body is a summary (bot/look_summary.py)."""

_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")
"""But for line feeds: what staff wrote is shown on terminals, too."""

_log = logging.getLogger(__name__)


def notice_text(kind: str, body: Mapping[str, Any], lang: Lang, words: str = "") -> str:
    """What the owner is told. `kind` is the outbox's ("case.accepted"), `words` what staff wrote with it.

    A notice that cannot be put in its own words is still a notice: it says that there is news, and the log says why.
    """
    phrases = Phrases(lang, PART)
    values = _values(phrases, body, words)
    try:
        return phrases.say(_variant(phrases, kind, body), **values).strip()
    except KeyError:
        _log.error("a notice of kind %s could not be put in words", kind)
        return phrases.say("case.any" if values["reference"] else "any", **values)


def staff_notice_text(kind: str, body: Mapping[str, Any], lang: Lang = "zh") -> str:
    """What staff are told, in a line; a look at the sources of the corpus in some."""
    if kind == CORPUS:
        return "\n".join(summary_lines(read_summary(body), lang))
    phrases = Phrases(lang, PART)
    values = _values(phrases, body, "")
    key = f"staff.{kind}"
    return phrases.say(key if phrases.has(key) else "staff.any", **values)


def _variant(phrases: Phrases, kind: str, body: Mapping[str, Any]) -> str:
    """The key of the wording: some kinds have texts by why it happened, or by whether words or dates came with it."""
    for name in ("why", "status"):
        if body.get(name) and phrases.has(f"{kind}_{body[name]}"):
            return f"{kind}_{body[name]}"
    for name in ("timeout", "split_from"):
        if body.get(name) and phrases.has(f"{kind}_{name}"):
            return f"{kind}_{name}"
    return kind


def _values(phrases: Phrases, body: Mapping[str, Any], words: str) -> dict[str, str]:
    """The body's values in words: codes as labels, and what may be missing as a part of a sentence, or nothing."""
    values = {name: str(value) for name, value in body.items() if not isinstance(value, (list, dict))}
    values["reference"] = values.get("reference", "")
    values["team"] = values.get("team") or phrases.say("part.team")
    for name in ("outcome", "reason", "kind", "from_kind", "clock"):
        code = values.get(name, "")
        key = f"{name.removeprefix('from_')}.{code}"
        values[name] = phrases.say(key) if code and phrases.has(key) else code
    parts = {
        "by": ("final_due", values.get("final_due")),
        "call": ("phone", values.get("phone")),
        "asked": ("labels", values.get("labels")),
        "said": ("words", _CONTROL.sub("", words).strip()),
        "where": ("url", values.get("url")),
    }
    for name, (place, value) in parts.items():
        values[name] = phrases.say(f"part.{name}", **{place: value}) if value else ""
    return values
