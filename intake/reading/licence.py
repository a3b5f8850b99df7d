"""What a 营业执照 says, from the text of its picture: the name and the code, for somebody to confirm. Pure.

Layout and labels by the form of the State Administration for Market Regulation of 2019; 事业单位法人证书 and the
certificates of associations carry the same two labels. A picture is read badly at times: a code counts only where its
check character is right, a name only where it ends as names of organisations do. What is not sure is not proposed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from intake.reading.plain import plain
from intake.reading.texts import names_organisation
from intake.reading.uscc import LENGTH, is_valid

NAME_LEAST, NAME_MOST = 4, 60
_LOOKALIKES = str.maketrans("OIoil", "01011")
_RUN = re.compile(r"[0-9A-Za-z]+")
_LABEL = re.compile(
    r"名\s*称|类\s*型|注\s*册\s*资\s*本|开\s*办\s*资\s*金|法\s*定\s*代\s*表\s*人|负\s*责\s*人|经\s*营\s*者|投\s*资\s*人"
    r"|成\s*立\s*日\s*期|注\s*册\s*日\s*期|营\s*业\s*期\s*限|有\s*效\s*期|经\s*营\s*范\s*围|住\s*所|经\s*营\s*场\s*所"
    r"|主\s*要\s*经\s*营\s*场\s*所|组\s*成\s*形\s*式|登\s*记\s*机\s*关|统\s*一\s*社\s*会\s*信\s*用\s*代\s*码|举\s*办\s*单\s*位"
)
_NAME_LABEL = re.compile(r"名\s*称")
_LICENCE = re.compile(r"营\s*业\s*执\s*照|统\s*一\s*社\s*会\s*信\s*用\s*代\s*码|法\s*人\s*登?\s*记?\s*证\s*书")
_REGISTRARS = ("局", "委", "部", "所")
"""Whose seal it bears: never taken for the name where no label says so."""
_NAME = re.compile(r"[\u3400-\u9fffA-Za-z0-9()·\-]+")


@dataclass(frozen=True, slots=True)
class Licence:
    """The name and the code as read; None for what could not be read for sure."""

    name: str | None
    code: str | None


def read_licence(text: str) -> Licence | None:
    """None where the text is not that of a licence, or neither name nor code can be read for sure."""
    lines = [line for line in (plain(line).lstrip("# ") for line in text.splitlines()) if line]
    if not any(_LICENCE.search(line) for line in lines):
        return None
    found = Licence(_name(lines), _code(lines))
    return found if found.name or found.code else None


def _code(lines: list[str]) -> str | None:
    """The one valid code; two different ones are no proposal."""
    codes = {code for line in lines for code in _codes(line)}
    return codes.pop() if len(codes) == 1 else None


def _codes(line: str) -> Iterator[str]:
    """Codes in a line, also where the picture's reader broke one apart or took 0 for O."""
    runs = [match.group() for match in _RUN.finditer(line)]
    for run in [*runs, "".join(runs)]:
        for code in (run.upper(), run.translate(_LOOKALIKES).upper()):
            if len(code) == LENGTH and is_valid(code):
                yield code


def _name(lines: list[str]) -> str | None:
    """What stands behind 名称 on its line or on the next; else the first line that is a name by itself."""
    for at, line in enumerate(lines):
        if (label := _NAME_LABEL.search(line)) is None:
            continue
        behind = line[label.end() :]
        following = lines[at + 1] if at + 1 < len(lines) else ""
        for words in (behind, following):
            if name := _as_name(words):
                return name
    found = (name for line in lines if (name := _as_name(line)) and not name.endswith(_REGISTRARS))
    return next(found, None)


def _as_name(words: str) -> str | None:
    """The words up to the next label, where they are an organisation's name and nothing else."""
    cut = _LABEL.search(words)
    name = re.sub(r"\s+", "", words[: cut.start()] if cut else words).strip(":")
    fits = NAME_LEAST <= len(name) <= NAME_MOST and _NAME.fullmatch(name) and names_organisation(name)
    return _as_printed(name) if fits else None


def _as_printed(name: str) -> str:
    """Licences print full-width brackets."""
    return name.replace("(", "（").replace(")", "）")
