"""A fault in the corpus, in words that the staff who keep it can act on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What is wrong at a line (from 1) of a file, and how to mend it. `what` and `mend` are Chinese sentences."""

    file: str
    line: int
    what: str
    mend: str


def render_faults(faults: Iterable[Fault]) -> str:
    """One fault a block: 文件:行 what, then the mend; "" if there is none."""
    return "\n".join(f"{f.file}:{f.line}  {f.what}\n    怎么改：{f.mend}" for f in faults)


def nearest(word: str, allowed: Sequence[str]) -> str | None:
    """The allowed word that was probably meant, or None where none is like it."""
    close = get_close_matches(word.casefold(), [a.casefold() for a in allowed], n=1, cutoff=0.4)
    return next((a for a in allowed if a.casefold() == close[0]), None) if close else None


def choose(word: str, allowed: Sequence[str]) -> str:
    """「可用：…」 with the nearest guess in front."""
    guess = nearest(word, allowed)
    meant = f"是不是想写“{guess}”？" if guess else ""
    return f"{meant}可用：{'、'.join(allowed)}"
