"""`eval`: the golden questions and, where they are at hand, the public sets."""

from __future__ import annotations

import argparse
from pathlib import Path

ROOT = Path(__file__).parents[2]


def evaluate(options: argparse.Namespace) -> int:
    from rag.evaluation import run

    sets = options.sets or ROOT.parent / "shared" / "data"
    return run(ROOT, data=sets if sets.is_dir() else None, out=ROOT / "build" / "eval.json", failures=options.failures)
