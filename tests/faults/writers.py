"""Many writers at once: each fills in drafts and submits them, on one database, from several processes.

`python -m tests.faults.writers URL DATA FIRST WRITERS TIMES` is one process of it: a line of JSON for each receipt.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, create_engine, func, select

from bot.accounts import Accounts
from bot.bootstrap import needs_of
from bot.clock import SystemClock
from bot.needs import Needs
from bot.settings import Settings
from db.engine import make_engine, reading
from db.migrating import upgrade
from intake.journey import Standing
from intake.store.cases import CaseStore, verify_chain
from intake.store.tables import cases, drafts
from tests.support.needs import complete

ROOT = Path(__file__).parents[2]


class WritersError(AssertionError):
    """A receipt without a case, a case without a receipt, a number given twice, or a writer that was turned away."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to."""

    submissions: int
    references: int
    seconds: float


def write(needs: Needs, account: str, person: str, times: int) -> Iterator[str]:
    """One writer: drafts and submits, one after the other; the numbers it was given."""
    form = needs.formbook.form("technology")
    now = needs.clock.now
    needs.people.record_consent(person, True, "web", now())
    for number in range(times):
        draft = needs.drafts.begin(person, account, form.kind, form.version, now())
        answers = complete(form, title=f"第 {number} 项高盐废水膜技术需求")
        draft = needs.drafts.save(draft.at(Standing(answers)), now())
        receipt = needs.submission.submit(draft, "web")
        again = needs.submission.submit(draft, "web")
        if again.case.reference != receipt.case.reference or not again.repeated:
            raise WritersError("a second submission of one draft made a second case")
        yield receipt.case.reference


def child(url: str, data: Path, first: int, writers: int, times: int) -> None:
    engine = make_engine(url)
    settings = Settings.model_construct(data_dir=data)
    needs = needs_of(engine, settings, SystemClock())
    accounts = Accounts(engine, SystemClock())
    people = [accounts.of("web", f"writer-{first + place}") for place in range(writers)]
    with ThreadPoolExecutor(writers) as pool:
        for references in pool.map(lambda one: list(write(needs, one.id, one.person, times)), people):
            sys.stdout.write(json.dumps(references) + "\n")
    engine.dispose()


def run(url: str, data: Path, processes: int, writers: int, times: int) -> Outcome:
    """`processes` × `writers` × `times` submissions. Raises WritersError where one is lost, doubled or refused."""
    with opened(url) as engine:
        upgrade(engine)
        needs_of(engine, Settings.model_construct(data_dir=data), SystemClock())
    started = time.perf_counter()
    command = [sys.executable, "-m", "tests.faults.writers", url, str(data)]
    children = [
        subprocess.Popen(
            [*command, str(place * writers), str(writers), str(times)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for place in range(processes)
    ]
    told: list[str] = []
    for process in children:
        out, error = process.communicate()
        if process.returncode != 0:
            raise WritersError(f"a writer was turned away: {error[-800:]}")
        told += [reference for line in out.splitlines() for reference in json.loads(line)]
    return _checked(url, told, processes * writers * times, time.perf_counter() - started)


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    """An engine that is disposed of, whatever happens."""
    engine = make_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def _checked(url: str, told: list[str], expected: int, seconds: float) -> Outcome:
    with opened(url) as engine, reading(engine) as connection:
        store = CaseStore(engine, lambda _connection, _telling, _at: None)
        stored = store.find()
        left = connection.scalar(select(func.count()).select_from(drafts))
        numbers = set(connection.scalars(select(cases.c.reference)))
        broken = [case.reference for case in stored if not verify_chain(case, store.events(case.id))]
    if len(told) != expected or set(told) != numbers or len(numbers) != len(stored) or left:
        raise WritersError(f"{len(told)} receipts, {len(stored)} cases, {len(numbers)} numbers, {left} drafts left")
    if broken:
        raise WritersError(f"histories that do not verify: {broken[:5]}")
    return Outcome(len(told), len(numbers), seconds)


def fresh_postgres(admin: str, name: str) -> str:
    """An empty PostgreSQL database; its URL."""
    engine = create_engine(admin, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return make_engine(admin).url.set(database=name).render_as_string(hide_password=False)


if __name__ == "__main__":
    address, folder, *numbers = sys.argv[1:]
    child(address, Path(folder), *(int(number) for number in numbers))
