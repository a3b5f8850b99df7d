"""Start here for `make bench`: `python -m bench [section …]` prints one table and writes build/bench.json."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy: threads would blur CPU time

from bench import churned, fusing, loaded, querying, queue, refreshing, starting, telegram, tutorial
from rag.evaluation.rows import Row, failed, show, write

ROOT = Path(__file__).parents[1]

Section = Callable[[], Iterable[Row]]


def sections(data: Path | None) -> Mapping[str, Section]:
    """Every section by name. Without the public sets (`data` None) those that need them say 未测."""
    return {
        "fusion": partial(fusing.fusion, ROOT, data),
        "tutorial": partial(tutorial.tutorial, ROOT, data),
        "chroma": querying.beside_chroma,
        "refresh": refreshing.refresh,
        "load": partial(loaded.load, ROOT),
        "churn": churned.churn,
        "growth": querying.growth,
        "cold": partial(starting.cold, ROOT),
        "telegram": telegram.telegram,
        "queue": queue.queue,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 1 where a ratio misses its bar."""
    data = ROOT.parent / "shared" / "data"
    known = sections(data if data.is_dir() else None)
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("section", nargs="*", help=f"only these: {', '.join(known)}")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench.json", help="where the JSON goes")
    options = parser.parse_args(arguments)
    if strange := set(options.section) - known.keys():
        parser.error(f"there is no section {', '.join(sorted(strange))}; there are {', '.join(known)}")
    before = os.getloadavg()[0]
    rows = [row for name in options.section or known for row in _measured(name, known[name])]
    show(rows, f"Benchmarks, CPU time (load average {before:.1f} → {os.getloadavg()[0]:.1f})")
    write(rows, options.out)
    return 1 if failed(rows) else 0


def _measured(name: str, section: Section) -> list[Row]:
    sys.stderr.write(f"{name} …\n")
    return list(section())


if __name__ == "__main__":
    sys.exit(main())
