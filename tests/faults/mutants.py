"""Good files with something broken in them: whatever comes of it is a text or a refusal with a reason, and soon.

python -m tests.faults.mutants 400: so many, drawn by number, so that one that fails can be made again.
"""

from __future__ import annotations

import io
import random
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from rag.parsing import Reason, Refused, parse_file
from tests.support.hostile_files import lines, pdf, xlsx
from tests.support.policy_files import as_docx, as_html, policies

LONGEST = 30.0
"""Seconds for one file, by the wall."""

_WORDS = (b"<", b">", b"/", b"&", b";", b"(", b")", b"[", b"]", b"endobj", b"stream", b"\0", b"\xff", b"-1", b"9" * 12)


def originals() -> dict[str, bytes]:
    _, title, markdown = policies(1)[0]
    page = as_html(markdown, title)
    return {
        "a.docx": as_docx(markdown),
        "a.xlsx": xlsx(),
        "a.pdf": pdf(*(lines(markdown[at : at + 600]) for at in range(0, 3000, 600))),
        "a.html": page.encode(),
        "b.html": page.encode("gb18030", "replace"),
        "a.md": markdown.encode(),
    }


def mutant(number: int, files: dict[str, bytes]) -> tuple[str, bytes]:
    """(name, bytes) of the mutant of this number."""
    chance = random.Random(number)  # noqa: S311  # a file to break, no secret
    name = chance.choice(sorted(files))
    data = files[name]
    if name.endswith(("docx", "xlsx")) and chance.random() < 0.7:
        return name, _within(data, chance)
    return name, _broken(data, chance)


def _within(data: bytes, chance: random.Random) -> bytes:
    """One part of the package broken, the package itself whole."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    chosen = chance.choice(sorted(parts))
    parts[chosen] = _broken(parts[chosen], chance)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    return stream.getvalue()


def _broken(data: bytes, chance: random.Random) -> bytes:
    ways: tuple[Callable[[bytes, random.Random], bytes], ...] = (
        _flipped,
        _cut,
        _repeated,
        _zeroed,
        _spliced,
        _inserted,
    )
    for _ in range(chance.randint(1, 4)):
        data = chance.choice(ways)(data or b"x", chance)
    return data


def _flipped(data: bytes, chance: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(chance.randint(1, 40)):
        out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _repeated(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    piece = data[at : at + chance.randint(1, 2_000)]
    return data[:at] + piece * chance.randint(2, 60) + data[at:]


def _zeroed(data: bytes, chance: random.Random) -> bytes:
    at, length = chance.randrange(len(data)), chance.randint(1, 400)
    return data[:at] + b"\0" * length + data[at + length :]


def _spliced(data: bytes, chance: random.Random) -> bytes:
    one, other = chance.randrange(len(data)), chance.randrange(len(data))
    return data[:one] + data[other:]


def _inserted(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + chance.choice(_WORDS) * chance.randint(1, 300) + data[at:]


def mutants(count: int = 400, first: int = 0) -> list[str]:
    """Faults: a mutant that is neither read nor refused, or takes too long."""
    files, faults = originals(), []
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(first, first + count):
            name, data = mutant(number, files)
            path = Path(folder, name)
            path.write_bytes(data)
            begun = time.monotonic()
            outcome = _outcome(path)
            taken = time.monotonic() - begun
            slowest = max(slowest, taken)
            outcomes[outcome] += 1
            faults += [f"mutant {number} ({name}): {taken:.0f} s"] if taken > LONGEST else []
            faults += [f"mutant {number} ({name}): {outcome}"] if outcome == Reason.CRASHED else []
    told = "  ".join(f"{outcome} {times}" for outcome, times in sorted(outcomes.items()))
    sys.stdout.write(f"mutants: {count}, slowest {slowest:.1f} s\n         {told}\n")
    return faults


def _outcome(path: Path) -> str:
    try:
        parse_file(path)
    except Refused as refused:
        return str(refused.reason)
    return "read"


if __name__ == "__main__":
    found = mutants(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
    sys.stdout.write("\n".join(found) or "no faults\n")
    raise SystemExit(bool(found))
