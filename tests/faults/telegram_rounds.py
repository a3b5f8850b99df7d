"""Rounds of kill -9 and of SIGTERM under a load of Telegram messages: nothing lost, nothing submitted twice.

Questions come from chats of their own, so that each reply is that of one message; needs are filled in to the end by
people who answer what they are asked. After the last round everything must have been answered.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path

from bot.clock import SystemClock
from bot.phrases import Phrases
from db.engine import make_engine
from intake.store.cases import CaseStore
from tests.faults.telegram_bot import DOOR_POINTS, FAILPOINTS, FORM_POINTS, QUESTION
from tests.support.bot_api import TOKEN, BotApi, Posted, bot_api
from tests.support.houses import a_house
from tests.support.servers import free_port

ROOT = Path(__file__).parents[2]
PER_SECOND = 5.0
GONE_IN = 60.0
"""Seconds until a process that should have died is called one that lives on."""

BACK_IN = 10.0
"""The goal: serving again within so many seconds after a kill."""

OUT_IN = 10.0
RECEIPT = "提交成功"
NUMBER = re.compile(r"KC[0-9]{2}-[A-Z0-9]{5}-[A-Z0-9]")
NOTES = {
    Phrases(lang, "telegram").say(f"telegram.stage.{stage}")
    for lang in ("zh", "en")
    for stage in ("searching", "verifying", "done")
}  # type: ignore[arg-type]


class RoundError(AssertionError):
    """Something that a kill must not do, was done."""


@dataclass
class Person:
    """Fills in a need to its receipt, doing each thing once, whatever is shown how often."""

    api: BotApi
    user: int
    done: set[str] = field(default_factory=set)
    reference: str | None = None

    SAID = (
        ("请用您自己的话", "我们做海洋传感器，想找高校一起攻关耐腐蚀涂层，盐雾试验要超过1000小时"),
        ("请问怎么称呼", "张工"),
        ("请留一个联系电话", "13800138000"),
    )
    PRESSED = ("同意", "崂山区", "对接时披露", "承诺", "提交")

    def act(self) -> None:
        """One thing, if there is something new to do."""
        shown = [posted for posted in self.api.to(self.user) if posted.text not in NOTES]
        if "/brief" not in self.done:
            self._once("/brief", partial(self.api.say, "/brief", self.user))
            return
        receipt = next((posted for posted in shown if NUMBER.search(posted.text)), None)
        if receipt is not None:
            found = NUMBER.search(receipt.text)
            self.reference = found[0] if found else None
            return
        asked = next((posted for posted in reversed(shown) if posted.keyboard), None)
        if asked is not None:
            self._answer(asked)

    def _answer(self, asked: Posted) -> None:
        for words, reply in self.SAID:
            if words in asked.text and f"say {words}" not in self.done:
                self._once(f"say {words}", partial(self.api.say, reply, self.user))
                return
        for label in self._wanted(asked):
            data = asked.data(label)
            if data not in self.done:  # the same button drawn anew is another: the first may have been stale
                self._once(data, partial(self.api.press, asked, label, None, data))
                return

    def _wanted(self, asked: Posted) -> Iterator[str]:
        for label in self.PRESSED:
            yield from (each for each in asked.labels if label in each and not each.startswith(("✓", "不")))

    def _once(self, what: str, act: Callable[[], int]) -> None:
        self.done.add(what)
        act()


@dataclass
class Ground:
    """A data folder and a Bot API under fire; `questions` are chats that asked one thing each."""

    data: Path
    api: BotApi
    questions: list[int] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    killed: list[float] = field(default_factory=list)
    slowest: float = 0.0
    chance: random.Random = field(default_factory=lambda: random.Random(20260302))  # noqa: S311  # no secret

    @classmethod
    @contextmanager
    def at(cls, data: Path) -> Iterator[Ground]:
        a_house(data, SystemClock()).engine.dispose()
        with bot_api() as api:
            yield cls(data, api)

    def start(self, failpoint: str = "", times: int = 1) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.faults.telegram_bot", str(self.data), self.api.url]
        with (self.data / "log.txt").open("ab") as log:
            return subprocess.Popen([*command, failpoint, str(times)] if failpoint else command, cwd=ROOT, stderr=log)

    def serve(self) -> subprocess.Popen[bytes]:
        """The assistant as it is run: web, chores and bot in one process."""
        settings = {"DATA_DIR": self.data, "EMBED_MODEL": "none", "VECTOR_STORE": "none", "PORT": free_port()}
        access = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": self.api.url, "QUESTIONS_PER_MINUTE": 10_000}
        environment = {"PATH": os.environ["PATH"], "HOME": self.data, **settings, **access}
        with (self.data / "log.txt").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "bot", "serve"],
                cwd=ROOT,
                env={name: str(value) for name, value in environment.items()},
                stdout=log,
                stderr=log,
            )

    @contextmanager
    def load(self, people: int = 1) -> Iterator[None]:
        """Messages keep coming, five a second, while the block runs."""
        self.people += [Person(self.api, 1_000_000 + len(self.people) + n) for n in range(people)]
        stop = threading.Event()

        def keep_coming() -> None:
            while not stop.wait(1 / PER_SECOND):
                self.ask()
                self.go_on()

        thread = threading.Thread(target=keep_coming, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def ask(self) -> int:
        user = 10_000 + len(self.questions)
        self.questions.append(user)
        self.api.say(QUESTION, user)
        return user

    def go_on(self) -> None:
        for person in self.people:
            if person.reference is None:
                person.act()

    def serving(self, began: float) -> float:
        """Ask, and wait for the answer; the most seconds that this took since a start."""
        user = self.ask()
        self.api.wait(lambda: answers(self.api, user))
        self.slowest = max(self.slowest, time.monotonic() - began)
        return self.slowest

    def kill(self, process: subprocess.Popen[bytes], failpoint: str) -> None:
        """Have the process die at its failpoint."""
        process.send_signal(signal.SIGUSR1)
        try:
            code = process.wait(GONE_IN)
        except subprocess.TimeoutExpired:
            process.kill()
            raise RoundError(f"nobody died at {failpoint}") from None
        if code != -signal.SIGKILL:
            raise RoundError(f"not killed at {failpoint}: {code}\n{(self.data / 'log.txt').read_text()[-2000:]}")
        self.killed.append(time.monotonic())

    def settle(self) -> None:
        """With a process that lives: until everything is answered and every need has its number."""

        waiting = list(self.questions)

        def all_done() -> bool:
            self.go_on()
            waiting[:] = [user for user in waiting if not answers(self.api, user)]
            return not (waiting or self.api.pending) and all(person.reference for person in self.people)

        self.api.wait(all_done, 180)

    def check(self) -> None:
        """Nothing lost, nothing twice; no kill repeated more than one reply; no note 「正在检索」 is left."""
        lost = [user for user in self.questions if not answers(self.api, user)]
        engine = make_engine(f"sqlite:///{self.data / 'assistant.db'}")
        numbers = [case.reference for case in CaseStore(engine, lambda *_: None).find()]
        engine.dispose()
        if lost or self.api.pending:
            raise RoundError(f"lost: {lost}, never fetched: {len(self.api.pending)}")
        if sorted(numbers) != sorted(person.reference or "" for person in self.people):
            raise RoundError(f"needs {numbers} are not those of {[person.reference for person in self.people]}")
        if self.most_repeated > 1 or self.unexplained:
            raise RoundError(
                f"{self.repeated} replies repeated by {len(self.killed)} kills, {self.most_repeated} by one of them, "
                f"{self.unexplained} without any"
            )
        if self.notes_left:
            raise RoundError(f"{self.notes_left} notes are left")

    @property
    def repeated(self) -> int:
        return len(self._repeats())

    @property
    def most_repeated(self) -> int:
        """By any one kill: a repeat is that of the first kill after the message it repeats."""
        by = Counter(bisect(self.killed, first.at) for first, _ in self._repeats())
        return max(by.values(), default=0)

    @property
    def unexplained(self) -> int:
        """Replies that came again without a kill in between."""
        return sum(bisect(self.killed, first.at) == bisect(self.killed, again.at) for first, again in self._repeats())

    @property
    def notes_left(self) -> int:
        with self.api.changed:
            return sum(posted.text in NOTES and not posted.deleted for posted in self.api.posted)

    def _repeats(self) -> list[tuple[Posted, Posted]]:
        """Replies that came again: to a question anything more, to a person in a form the receipt.

        Who presses a button drawn anew is told that it was done already: that is another reply.
        """
        receipts = [[each for each in answers(self.api, one.user) if RECEIPT in each.text] for one in self.people]
        said = [*(answers(self.api, user) for user in self.questions), *receipts]
        return [pair for replies in said for pair in pairwise(replies)]


def answers(api: BotApi, user: int) -> list[Posted]:
    """The replies a chat has; the note that one is being worked on is none."""
    return [posted for posted in api.to(user) if posted.text not in NOTES]


def kill_rounds(ground: Ground, failpoints: list[str]) -> None:
    """One kill at each of these, under load, each of a process that serves; then everything must come out right."""
    with ground.load(0):
        for failpoint in failpoints:
            began = time.monotonic()
            process = ground.start(failpoint, ground.chance.randint(1, 4) if failpoint in DOOR_POINTS else 1)
            ground.serving(began)
            if failpoint in FORM_POINTS:
                ground.people.append(Person(ground.api, 1_000_000 + len(ground.people)))
            ground.kill(process, failpoint)
    finish(ground)


def finish(ground: Ground) -> None:
    """Let one that lives answer everything, and end."""
    began = time.monotonic()
    process = ground.start()
    try:
        ground.serving(began)
        ground.settle()
    finally:
        process.terminate()
        process.wait(OUT_IN)
    ground.check()


def stop_rounds(ground: Ground, rounds: int, people: int = 1) -> float:
    """SIGTERM under load, again and again, of all doors in one process; the longest it took to be out."""
    longest = 0.0
    with ground.load(people):
        for _ in range(rounds):
            began = time.monotonic()
            process = ground.serve()
            ground.serving(began)
            began = time.monotonic()
            process.terminate()
            code = process.wait(GONE_IN)
            longest = max(longest, time.monotonic() - began)
            if code != 0:
                raise RoundError(f"SIGTERM ended it with {code}\n{(ground.data / 'log.txt').read_text()[-2000:]}")
    finish(ground)
    return longest


@dataclass(frozen=True, slots=True)
class Round:
    """What was done and seen at one failpoint, in seconds where it is time."""

    name: str
    ground: Ground
    took: float
    out_in: float | None = None

    def line(self) -> str:
        ground = self.ground
        out = "" if self.out_in is None else f"{self.out_in:.1f}s"
        return (
            f"{self.name:<20}{len(ground.killed):>6}{len(ground.questions):>10}{ground.repeated:>10}"
            f"{ground.most_repeated:>8}{len(ground.people):>7}{ground.slowest:>8.1f}s{out:>8}{self.took:>9.0f}\n"
        )

    def too_slow(self) -> Iterator[str]:
        """Said at the end and only here, with a machine to itself: no test fails because a machine is busy."""
        if self.ground.slowest > BACK_IN:
            yield f"{self.name}: it served again only after {self.ground.slowest:.1f} s"
        if self.out_in is not None and self.out_in > OUT_IN:
            yield f"{self.name}: it was out only after {self.out_in:.1f} s"


def rounds(data: Path, failpoints: Sequence[str], each: int, stops: int) -> Iterator[Round]:
    """`each` kills at every failpoint, then `stops` stops."""
    for failpoint in failpoints:
        folder = data / failpoint
        folder.mkdir(parents=True)
        began = time.monotonic()
        with Ground.at(folder) as ground:
            kill_rounds(ground, [failpoint] * each)
            yield Round(f"telegram {failpoint}", ground, time.monotonic() - began)
    if stops:
        folder = data / "sigterm"
        folder.mkdir()
        began = time.monotonic()
        with Ground.at(folder) as ground:
            longest = stop_rounds(ground, stops)
            if ground.repeated:
                raise RoundError(f"{ground.repeated} replies repeated by {stops} stops")
            yield Round("telegram SIGTERM", ground, time.monotonic() - began, longest)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("failpoint", nargs="*", help=f"only at these: {', '.join(FAILPOINTS)}")
    options.add_argument("--rounds", type=int, default=30, help="kills at each failpoint (default 30)")
    options.add_argument("--stops", type=int, default=20, help="SIGTERMs under load (default 20)")
    chosen = options.parse_args()
    titles = ("kills", 6), ("messages", 10), ("repeated", 10), ("most", 8), ("needs", 7), ("back in", 9), ("out in", 8)
    sys.stdout.write(f"{'':<20}{''.join(f'{title:>{width}}' for title, width in titles)}{'seconds':>9}\n")
    slow: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for done in rounds(Path(folder), chosen.failpoint or FAILPOINTS, chosen.rounds, chosen.stops):
            sys.stdout.write(done.line())
            sys.stdout.flush()
            slow += done.too_slow()
    sys.stdout.write("no message was lost, no need submitted twice, no kill repeated more than one reply\n")
    sys.stdout.write("".join(f"{line}\n" for line in slow))
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
