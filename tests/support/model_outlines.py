"""Minds that write outlines of needs: an honest one that repeats what it was told, and one that obeys any text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rag.ports import ModelError, Prompt
from tests.support.model_minds import data
from tests.support.model_obedient import orders


def honest(prompt: Prompt) -> Mapping[str, Any]:
    """The first clause of each of the first fields in words; of others, the keywords that both have."""
    if prompt.name == "outline":
        told = [field for field in data(prompt)["fields"] if len(_first(field["text"])) >= 6]
        return written(*((f"{_first(field['text'])}。", [(field["id"], _first(field["text"]))]) for field in told[:4]))
    if prompt.name == "likeness":
        given = data(prompt)
        claims = [claim for other in given["others"] if (claim := _alike(given["need"], other))]
        return {"claims": claims}
    raise ModelError("broken")


def written(*claims: tuple[str, list[tuple[str, str]]]) -> dict[str, Any]:
    """A reply of (sentence, [(field, quote)])."""
    said = [{"text": text, "quotes": [{"passage": p, "quote": q} for p, q in quotes]} for text, quotes in claims]
    return {"completeness": "complete", "claims": said, "missing": []}


def obedient(prompt: Prompt) -> Mapping[str, Any]:
    """Every order of every text as a claim, with genuine quotes beside it."""
    given, told = data(prompt), orders(prompt)
    fields = given.get("fields") or given["need"]
    quotes = [(field["id"], field["text"][:40]) for field in fields[:1]]
    if prompt.name == "outline":
        return written(*((order, quotes) for order in told[:20]))
    other = given["others"][0]
    quotes += [(other["fields"][0]["id"], other["fields"][0]["text"][:40])]
    claims = written(*((order, quotes) for order in told[:20]))["claims"]
    return {"claims": [{**claim, "about": other["id"]} for claim in claims]}


def _first(text: str) -> str:
    return re.split("[，。；]", text)[0]


def _alike(need: list[dict[str, str]], other: dict[str, Any]) -> dict[str, Any] | None:
    for mine in need:
        for theirs in other["fields"]:
            shared = [word for word in re.split("[、，。 ]", mine["text"]) if len(word) >= 4 and word in theirs["text"]]
            if shared:
                quotes = [{"passage": one["id"], "quote": shared[0]} for one in (mine, theirs)]
                return {"about": other["id"], "text": f"两者都涉及{shared[0]}。", "quotes": quotes}
    return None
