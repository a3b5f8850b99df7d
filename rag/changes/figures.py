"""Figures that one text states and another does not: what to look at first when an original takes a digest's place."""

from __future__ import annotations

import re

from rag.guardrails import fold

_FIGURE = re.compile(
    r"(?<![0-9.])[0-9]+(?:\.[0-9]+)?\s*(?:万亿|亿|千万|百万|万)?\s*(?:元|%|个百分点|家|人|名|项|年|个月|日|天|岁|平方米|倍|次|个)"
)
_SETTINGS = re.compile(r"\{[a-z]+=[^}\n]*\}")


def figures_missing(text: str, other: str) -> tuple[str, ...]:
    """Figures with their units of `text` that `other` does not state, in order, once each."""
    there = set(_figures(other))
    return tuple(dict.fromkeys(figure for figure in _figures(text) if figure not in there))


def _figures(text: str) -> list[str]:
    plain = fold(_SETTINGS.sub("", text)).replace(",", "")
    return [re.sub(r"\s", "", found[0]) for found in _FIGURE.finditer(plain)]
