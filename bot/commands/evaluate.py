"""`eval`: the golden questions, what intake reads and, where they are at hand, the public sets."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from rich.console import Console

from bot.commands.house import settings_of
from intake import evaluation
from intake.evaluation import Verdict
from intake.formbook import load_formbook
from intake.reading.steps import Circumstances
from intake.reference import load_reference
from rag.evaluation.rows import Bar, Row, failed, figure, show, write

ROOT = Path(__file__).parents[2]
PARSE_BAR = Bar(at_least=0.98)
TURN_BAR = Bar(at_least=0.95)
TODAY = date(2026, 11, 22)
"""The day the utterances were annotated for; parse cases name their own."""


def evaluate(options: argparse.Namespace) -> int:
    out = ROOT / "build" / "eval.json"
    if options.model or options.replay:
        from bot.commands.evaluate_model import with_model

        return with_model(options, ROOT, out.with_name("eval-model.json"))
    needs = intake_rows(ROOT / "tests" / "evals")
    if options.intake:
        show(needs, "intake")
        write(needs, out.with_name("eval-intake.json"))
        return 1 if failed(needs) else 0
    from bot.bootstrap import reranking_of
    from rag.evaluation import run

    reranking = reranking_of(settings_of(options))
    sets = options.sets or ROOT.parent / "shared" / "data"
    data = sets if sets.is_dir() else None
    return run(ROOT, data=data, out=out, failures=options.failures, beside=needs, reranking=reranking)


def intake_rows(folder: Path, console: Console | None = None) -> list[Row]:
    """Typed answers by kind, and answers told from questions, over the annotated cases; prints every confusion."""
    reference = load_reference()
    parses = evaluation.judge_parses(evaluation.load_cases(folder / "intake_parse.jsonl"), reference)
    turns = evaluation.judge_turns(
        evaluation.load_cases(folder / "intake_interruptions.jsonl"),
        load_formbook(reference),
        Circumstances(reference, TODAY),
    )
    told = console or Console(stderr=True)
    for (expected, found), count in evaluation.confusions([*parses, *turns]).items():
        told.print(f"intake confusion × {count}: annotated {expected}, found {found}", markup=False)
    return [
        *_rows("intake, read as annotated", parses, PARSE_BAR),
        *_rows("intake, answer or question", turns, TURN_BAR),
    ]


def _rows(name: str, verdicts: Sequence[Verdict], bar: Bar) -> list[Row]:
    """The share of all, which the bar is about, and by group, as a guide."""
    shares = evaluation.accuracy(verdicts)
    sizes = Counter(verdict.group for verdict in verdicts)
    groups = [figure(f"{name}: {group}", shares[group], note=f"{sizes[group]} cases") for group in sorted(sizes)]
    return [figure(name, shares["all"], bar, note=f"{len(verdicts)} cases"), *groups]
