"""Parsers under fire and at length: every hostile file, sixty policies in every format, all public texts at hand.

`make faults` runs it; names choose some of its parts: python -m tests.faults.parsing_rounds hostile answers.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rag.chunking import chunk
from rag.models import Document
from rag.parsing import Parsed, Refused, as_markdown, parse_file
from rag.parsing.scan import is_installed
from tests.faults.mutants import mutants
from tests.faults.same_answers import corpus, office_text, rounds, spread
from tests.faults.statutes import statutes_round
from tests.support.hostile_files import HOSTILE, SECRET, Hostile
from tests.support.policy_files import as_docx, as_html, as_pdfs, as_pictures, figures, policies, right

ROOT = Path(__file__).parents[2]
DATA = ROOT / "../shared/data"
MEGABYTE = 1_000_000


def hostile() -> list[str]:
    """Each file in its turn; what the service itself needed more is the growth of its peak memory."""
    faults: list[str] = []
    reasons: Counter[str] = Counter()
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for number, one in enumerate(HOSTILE.values()):
            Path(folder, str(number)).write_bytes(one.make())
        before = _forget_peak()
        for number, (key, one) in enumerate(HOSTILE.items()):
            begun = time.monotonic()
            outcome = _tried(Path(folder, str(number)), one)
            slowest = max(slowest, time.monotonic() - begun)
            reasons[outcome.reason if isinstance(outcome, Refused) else "read"] += 1
            faults += [f"{key}: {fault}" for fault in _wrong(one, outcome)]
        grown = (_memory("VmHWM") - before) / MEGABYTE
    say(f"hostile: {len(HOSTILE)} files, slowest {slowest:.1f} s, the service's peak memory +{grown:.0f} MB")
    say("         " + "  ".join(f"{reason} {count}" for reason, count in sorted(reasons.items())))
    faults += [f"slowest took {slowest:.0f} s"] if slowest > 30 else []
    faults += [f"memory +{grown:.0f} MB"] if grown > 50 else []
    return faults


def _forget_peak() -> int:
    """Start the kernel's count of the peak anew; the memory in use now. 0 where there is no /proc."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _memory("VmRSS")


def _memory(name: str) -> int:
    try:
        status = Path("/proc/self/status").read_text("utf-8")
    except OSError:
        return 0
    found = re.search(rf"{name}:\s*([0-9]+) kB", status)
    return int(found[1]) * 1024 if found else 0


def _tried(stored: Path, one: Hostile) -> Parsed | Refused:
    try:
        return parse_file(stored, name=one.name)
    except Refused as refused:
        return refused


def _wrong(one: Hostile, outcome: Parsed | Refused) -> list[str]:
    if isinstance(outcome, Refused):
        return [] if outcome.reason in one.reasons else [f"refused with {outcome}"]
    if one.reasons:
        return ["was read"]
    text = "".join(as_markdown(outcome).split())
    faults = [] if "30万元" in text else ["lost its text"]
    if one.hides and (SECRET in text or not any(SECRET in "".join(h.text.split()) for h in outcome.hidden)):
        faults.append("did not set its hidden words aside")
    return faults


def round_trip(count: int = 60) -> list[str]:
    """Characters and figures that come back, format by format."""
    chosen = policies(count)
    pages = [as_html(markdown, title) for _, title, markdown in chosen]
    files = _files([markdown for _, _, markdown in chosen], pages)
    faults: list[str] = []
    for form, written in files.items():
        bar = 0.97 if form == "scan" else 0.995
        shares: list[float] = []
        for (name, _, markdown), data in zip(chosen, written, strict=True):
            share, same = _came_back(markdown, data, {"html-gbk": "html", "scan": "pdf"}.get(form, form))
            shares.append(share)
            faults += [] if share >= bar else [f"{form} {name}: {share:.4f} of characters"]
            faults += [] if same else [f"{form} {name}: figures differ"]
        mean = sum(shares) / len(shares)
        say(f"{form:9} {len(shares)} policies: characters right mean {mean:.4f}, least {min(shares):.4f}")
    return faults


def _files(written: Sequence[str], pages: list[str]) -> dict[str, list[bytes]]:
    """The texts in every form that can be made and read here."""
    files = {
        "docx": [as_docx(markdown) for markdown in written],
        "html": [page.encode() for page in pages],
        "html-gbk": [page.encode("gb18030") for page in pages],
    }
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium:
        files["pdf"] = as_pdfs(pages, chromium)
        if is_installed():
            files["scan"] = [as_pictures(data) for data in files["pdf"]]
    return files


def _came_back(markdown: str, data: bytes, ending: str) -> tuple[float, bool]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"a.{ending}")
        path.write_bytes(data)
        try:
            text = as_markdown(parse_file(path))
        except Refused:
            return 0.0, False
    return right(markdown, text), figures(markdown) == figures(text)


def answers(count: int = 60) -> list[str]:
    """Golden questions about policies that were taken in as files, beside the answers of their digests."""
    documents = corpus()
    chosen = spread(documents, count)
    written = [office_text(document) for document in chosen]
    pages = [as_html(text, document.title) for text, document in zip(written, chosen, strict=True)]
    found = rounds(_files(written, pages), chosen, documents)
    faults: list[str] = []
    for form, like in found.items():
        say(
            f"answers {form:9} {like.questions} questions: as the text itself {like.as_text}, as the digests "
            f"{like.as_digest}; first clause of the same policy {like.policy}, the same clause {like.clause}, "
            f"the same figures {like.amounts}"
        )
        faults += [f"{form} {fault}" for fault in (*like.refused, *like.falls)]
        faults += [f"{form} {one}" for one in like.unlike] if form != "scan" else []
    return faults


def texts() -> list[str]:
    """The public statutes and notices, where they are: each read, its articles those of the text itself."""
    if not DATA.is_dir():
        say("texts: no data here, skipped")
        return []
    found = [(row["title"], (DATA / "laws" / row["file"]).read_bytes(), ".md") for row in _rows("laws/index.jsonl")]
    found += [(row["title"], row["text"].encode(), ".txt") for row in _rows("ncp/docs.jsonl")]
    faults: list[str] = []
    articles = hidden = 0
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for title, data, ending in found:
            path = Path(folder, f"a{ending}")
            path.write_bytes(data)
            try:
                parsed = parse_file(path)
            except Refused as refused:
                faults.append(f"{title}: {refused}")
                continue
            hidden += len(parsed.hidden)
            wanted = _articles(title, data.decode())
            articles += len(wanted)
            faults += [] if _articles(title, as_markdown(parsed)) == wanted else [f"{title}: other articles"]
    seconds = time.monotonic() - begun
    say(f"texts: {len(found)} read in {seconds:.0f} s, {articles} articles, {hidden} texts set aside")
    return faults


def laws() -> list[str]:
    """The statutes taken in: their articles, editions of one title, and what makes a new text of an old one."""
    if not (DATA / "laws").is_dir():
        say("statutes: no data here, skipped")
        return []
    return statutes_round(DATA / "laws", say)


def _rows(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]


def _articles(title: str, text: str) -> list[str]:
    passages = [passage for passage, _ in chunk(Document("a", title, text))]
    return sorted({p.article for p in passages if p.article and p.article.startswith("第")})


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    parts = {
        "hostile": hostile,
        "mutants": mutants,
        "round-trip": round_trip,
        "answers": answers,
        "texts": texts,
        "statutes": laws,
    }
    faults = [fault for name in sys.argv[1:] or parts for fault in parts[name]()]
    say("\n".join(faults) or "no faults")
    return bool(faults)


if __name__ == "__main__":
    raise SystemExit(main())
