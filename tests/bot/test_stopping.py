"""What runs side by side ends at once, in the time there is."""

from __future__ import annotations

import signal
import threading

import pytest
import uvicorn

from bot.commands import serve
from bot.stopping import Stopping, leave_in

EVER = 60.0


def test_all_end_beside_each_other() -> None:
    """Each waits for the other: one after another they would never end."""
    here, there = threading.Event(), threading.Event()

    def one() -> None:
        here.set()
        assert there.wait(EVER)

    def other() -> None:
        there.set()
        assert here.wait(EVER)

    assert Stopping(one, other, seconds=EVER).wait()


def test_a_beginning_waits_for_nothing_and_comes_once() -> None:
    held, count = threading.Event(), list[int]()

    def slow() -> None:
        count.append(1)
        held.wait(EVER)

    stopping = Stopping(slow, seconds=EVER)
    stopping.begin()
    stopping.begin()
    held.set()
    assert stopping.wait()
    assert count == [1]


def test_what_does_not_end_is_left_when_the_time_is_up() -> None:
    held = threading.Event()
    stopping = Stopping(lambda: held.wait(EVER) or None, seconds=0.0)
    assert not stopping.wait()
    held.set()


def test_what_runs_on_for_ever_is_cut_off_with_no_fault() -> None:
    left, codes = threading.Event(), list[int]()

    def leave(code: int) -> None:
        codes.append(code)
        left.set()

    leave_in(0.0, leave)
    assert left.wait(EVER)
    assert codes == [0]


def test_the_signal_that_ends_the_web_server_begins_the_end_of_all_else(monkeypatch: pytest.MonkeyPatch) -> None:
    ended, bounded = threading.Event(), list[bool]()
    monkeypatch.setattr(serve, "leave_in", lambda: bounded.append(True))
    server = serve._Server(uvicorn.Config(lambda: None), Stopping(ended.set))
    server.handle_exit(signal.SIGTERM, None)
    assert server.should_exit
    assert bounded == [True]
    assert ended.wait(EVER)
