"""A notice exists if and only if its transaction committed, goes to one sender at a time, and is retried patiently."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from bot.accounts import Accounts
from bot.clock import FixedClock
from bot.outbox import FIRST_WAIT, LEASE, LONGEST_WAIT, MOST_ATTEMPTS, Notice, Outbox, enqueue, outbox
from db.engine import reading, writing


@pytest.fixture
def box(engine: Engine) -> Outbox:
    return Outbox(engine)


@pytest.fixture
def wang(engine: Engine, clock: FixedClock) -> str:
    return Accounts(engine, clock).of("telegram", "42").id


def add(engine: Engine, clock: FixedClock, account: str, key: str = "case-1/approved") -> None:
    with writing(engine) as connection:
        enqueue(connection, key, account, "case_approved", {"reference": "KC-1", "备注": "通过"}, clock.now())


def test_a_notice_is_due_at_once(engine: Engine, clock: FixedClock, box: Outbox, wang: str) -> None:
    add(engine, clock, wang)
    [notice] = box.due(clock.now())
    assert notice == Notice(notice.id, wang, "case_approved", {"reference": "KC-1", "备注": "通过"}, 0)


def test_a_transaction_that_fails_leaves_no_notice(engine: Engine, clock: FixedClock, box: Outbox, wang: str) -> None:
    def approve_and_fail() -> None:
        with writing(engine) as connection:
            enqueue(connection, "k", wang, "case_approved", {}, clock.now())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        approve_and_fail()
    assert box.due(clock.now()) == []


def test_the_same_key_is_one_notice(engine: Engine, clock: FixedClock, box: Outbox, wang: str) -> None:
    add(engine, clock, wang)
    add(engine, clock, wang)
    assert len(box.due(clock.now())) == 1


def test_a_notice_taken_is_nobody_elses_until_the_lease_ends(
    engine: Engine, clock: FixedClock, box: Outbox, wang: str
) -> None:
    add(engine, clock, wang)
    taken = box.due(clock.now())
    assert box.due(clock.now()) == []
    clock.advance(LEASE - timedelta(seconds=1))
    assert box.due(clock.now()) == []
    clock.advance(timedelta(seconds=1))
    assert box.due(clock.now()) == taken


def test_senders_working_at_once_get_each_notice_once(
    engine: Engine, clock: FixedClock, box: Outbox, wang: str
) -> None:
    for number in range(40):
        add(engine, clock, wang, f"k{number}")
    start = threading.Barrier(4)

    def take_all(_sender: int) -> list[int]:
        start.wait()
        taken: list[int] = []
        while notices := box.due(clock.now(), limit=3):
            taken += [notice.id for notice in notices]
        return taken

    with ThreadPoolExecutor(4) as pool:
        taken = [notice for share in pool.map(take_all, range(4)) for notice in share]
    assert len(taken) == len(set(taken)) == 40


def test_a_notice_sent_is_done(engine: Engine, clock: FixedClock, box: Outbox, wang: str) -> None:
    add(engine, clock, wang)
    [notice] = box.due(clock.now())
    box.mark_sent(notice.id, clock.now())
    clock.advance(timedelta(days=365))
    assert box.due(clock.now()) == []
    add(engine, clock, wang)
    assert box.due(clock.now()) == []


def test_each_failure_doubles_the_wait_up_to_the_longest(
    engine: Engine, clock: FixedClock, box: Outbox, wang: str
) -> None:
    add(engine, clock, wang)
    waits = []
    for attempt in range(MOST_ATTEMPTS):
        [notice] = box.due(clock.now())
        assert notice.attempts == attempt
        box.mark_failed(notice, clock.now(), "timed out")
        with reading(engine) as connection:
            due_at = connection.scalar(select(outbox.c.due_at))
        if due_at is not None:
            waits.append(due_at - clock.now())
            clock.advance(waits[-1])
    assert waits[:3] == [FIRST_WAIT, 2 * FIRST_WAIT, 4 * FIRST_WAIT]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT
    assert len(waits) == MOST_ATTEMPTS - 1
    clock.advance(timedelta(days=365))
    assert box.due(clock.now()) == []


def test_a_permanent_failure_is_not_tried_again(engine: Engine, clock: FixedClock, box: Outbox, wang: str) -> None:
    add(engine, clock, wang)
    [notice] = box.due(clock.now())
    box.mark_failed(notice, clock.now(), "blocked by the user", permanent=True)
    clock.advance(timedelta(days=365))
    assert box.due(clock.now()) == []
    with reading(engine) as connection:
        row = connection.execute(select(outbox)).one()
    assert (row.error, row.attempts, row.sent_at) == ("blocked by the user", 1, None)
    assert row.failed_at is not None


def test_the_longest_due_go_first_up_to_the_limit(engine: Engine, clock: FixedClock, box: Outbox, wang: str) -> None:
    for number in range(3):
        add(engine, clock, wang, f"k{number}")
        clock.advance(timedelta(seconds=1))
    first = box.due(clock.now(), limit=2)
    second = box.due(clock.now(), limit=2)
    assert [notice.id for notice in first + second] == sorted(notice.id for notice in first + second)
    assert (len(first), len(second)) == (2, 1)
