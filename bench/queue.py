"""The console's queue with 20,000 cases: each view, search and filter beside plain questions to the same database.

The peer is the least that a list can ask: how many cases stand in each state of each kind, and the newest 50 with
their organisations' names. Both sides are CPU time of this process, in turns; the database is a file (SQLite), so its
work is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine, desc, func, select

from bench.queue_cases import fill
from bench.timing import alternating, cpu
from bot.bootstrap import needs_of
from bot.clock import FixedClock
from bot.console.queue_board import Board
from bot.console.queue_views import Asked, chosen, counts, of_view, page_of
from bot.demo.marks import STAFF
from bot.needs import Needs
from bot.settings import Settings
from db.engine import make_engine, reading
from db.migrating import upgrade
from intake.cases import Actor
from intake.store.queue import with_phone_ending
from intake.store.queue_rows import Wanted, organisation_names
from intake.store.tables import cases, organisations
from rag.evaluation.rows import Bar, Row

CASES = 20_000
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
PAIRS = 7
BAR = Bar(at_most=1.0)
AFTER = Bar(at_most=2.0)

WORDS = {"number": "KC26-", "organisation": "青岛海测12号", "code": "913702000BEN00012I", "tail": "0001", "text": "膜"}
CLERK = "370212-0"


def queue(count: int = CASES, pairs: int = PAIRS) -> Iterable[Row]:
    """For the coordinator and for a clerk of one team: the dearest view, what a search and a filter cost."""
    with TemporaryDirectory(prefix="bench-") as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'bench.db'}")
        upgrade(engine)
        clock = FixedClock(NOW)
        needs = needs_of(engine, Settings.model_construct(data_dir=Path(folder)), clock)
        fill(engine, needs, clock, count)
        board = Board(engine, needs.formbook, needs.timing, clock.now)
        warming = cpu(board.refresh)
        yield Row(f"queue, {count} cases: read at the start, CPU s", warming, note="once, in the background")
        city = needs.register.actor(STAFF.id, "console", clock.now())
        busy = next(entry.case.reference for entry in of_view(board.sight(city), Asked(view="new"), NOW))

        def happen() -> None:
            needs.handling.act(city, busy, "note", text="已电话联系。")

        for name, account in (("coordinator", STAFF.id), ("clerk of one team", CLERK)):
            actor = needs.register.actor(account, "console", clock.now())
            yield from _of(name, engine, board, needs, actor, pairs)
            yield _after(happen, name, _page(engine, board, actor, Asked(view="all")), partial(_plain, engine), pairs)
        engine.dispose()


def _of(name: str, engine: Engine, board: Board, needs: Needs, actor: Actor, pairs: int) -> Iterable[Row]:
    step = next(step for step in needs.formbook.form("technology").steps if step.id == "summary")
    asked = {
        "view 全部": Asked(view="all"),
        "view 已超时": Asked(view="over"),
        **{f"search by {what}": Asked(view="all", text=words) for what, words in WORDS.items()},
        "filter by a field": Asked(view="kind.technology", answers=(Wanted(step, "膜"),)),
    }
    peer = partial(_plain, engine)
    for what, wanted in asked.items():
        ours = _page(engine, board, actor, wanted)
        ours(), peer()  # the caches are warm on both sides
        taken = alternating(partial(cpu, ours), partial(cpu, peer), pairs)
        yield taken.row(f"queue, {name}: {what} ÷ plain SQL, CPU ms", BAR, scale=1e3)


def _after(
    happen: Callable[[], None], name: str, ours: Callable[[], object], peer: Callable[[], object], pairs: int
) -> Row:
    """What somebody's list costs when something has just happened to a case: that costs everybody the sorting out."""

    def changed() -> float:
        happen()
        return cpu(ours)

    taken = alternating(changed, partial(cpu, peer), pairs)
    return taken.row(f"queue, {name}: view 全部 after a change ÷ plain SQL, CPU ms", AFTER, scale=1e3)


def _page(engine: Engine, board: Board, actor: Actor, asked: Asked) -> Callable[[], object]:
    """What a request costs but for its session and the drawing: the rows of the first page and all counts."""

    def made() -> object:
        board.refresh()
        sight = board.sight(actor)
        entries = of_view(sight, asked, NOW)
        reached: frozenset[str] = frozenset()
        if asked.digits:
            with reading(engine) as connection:
                reached = with_phone_ending(connection, asked.digits)
        answering = board.answering(asked.of_kind, asked.answers, entries) if asked.answers else None
        shown, _, _ = page_of(chosen(entries, asked, actor, reached=reached, answering=answering), 1)
        with reading(engine) as connection:
            names = organisation_names(connection, {entry.case.org for entry in shown if entry.case.org})
        return shown, names, counts(sight, NOW)

    return made


def _plain(engine: Engine) -> object:
    standing = select(cases.c.kind, cases.c.state, func.count()).group_by(cases.c.kind, cases.c.state)
    newest = (
        select(cases.c.reference, cases.c.title, cases.c.state, organisations.c.name)
        .join(organisations, organisations.c.id == cases.c.org)
        .order_by(desc(cases.c.submitted_at))
        .limit(50)
    )
    with reading(engine) as connection:
        return connection.execute(standing).all(), connection.execute(newest).all()
