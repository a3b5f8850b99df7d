"""`python -m bench [section …]`: prints one table and writes build/bench.json. Without a section, all of them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy: threads would blur CPU time

from bench import costs, quality
from rag.evaluation.rows import Row, failed, show, write

ROOT = Path(__file__).parents[1]


def sections(data: Path | None) -> dict[str, Callable[[], Iterable[Row]]]:
    """Every section by name; each yields rows."""
    return {
        "refresh": costs.refresh,
        "growth": costs.growth,
        "chroma": costs.beside_chroma,
        "cold": costs.cold,
        "fusion": lambda: quality.fusion(ROOT, data),
        "tutorial": lambda: quality.tutorial(ROOT, data),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    data = ROOT.parent / "shared" / "data"
    known = sections(data if data.is_dir() else None)
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("section", nargs="*", choices=[[], *known], help="only these")
    chosen = parser.parse_args(arguments).section or list(known)
    before = os.getloadavg()[0]
    rows = [row for name in chosen for row in _measured(name, known[name])]
    show(rows, f"Benchmarks (load average {before:.1f} → {os.getloadavg()[0]:.1f})")
    write(rows, ROOT / "build" / "bench.json")
    return 1 if failed(rows) else 0


def _measured(name: str, section: Callable[[], Iterable[Row]]) -> list[Row]:
    sys.stderr.write(f"{name} …\n")
    return list(section())


if __name__ == "__main__":
    sys.exit(main())
