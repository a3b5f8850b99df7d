"""The Telegram door over real HTTP to a Bot API on loopback: beside an empty handler, while one waits, with many."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from pydantic import SecretStr

from bot.channels.telegram_bot.door import TelegramDoor
from bot.channels.telegram_bot.hall import Talk
from bot.channels.telegram_bot.pacing import Pace, SystemTime
from bot.clock import SystemClock
from bot.commands.telegram import access_of, hall_of
from bot.messages import Message, Reply
from rag.evaluation.rows import Bar, Row, figure, ratio
from tests.support.bot_api import TOKEN, BotApi, bot_api
from tests.support.houses import a_house

QUESTION = "首次认定高新技术企业奖励多少钱"
STORY = "我们给{}做传感器，想找高校一起攻关耐腐蚀涂层"
CHATS = 200
UNLIMITED = 1e9
ANSWERED = "answered"
ENOUGH = 10**6
PATIENCE = 300.0
"""Seconds before a bench says that answers never came."""

Wrap = Callable[[Talk], Talk]


class Handled:
    """The conversation, with another way to handle a message."""

    def __init__(self, talk: Talk, handle: Callable[[Message], Reply]) -> None:
        self._handle = handle
        self.district = talk.district
        self.set_district = talk.set_district

    def handle(self, message: Message, _on_stage: Callable[[str], None] | None = None) -> Reply:
        return self._handle(message)


def telegram(chats: int = CHATS, pairs: int = 3) -> Iterable[Row]:
    """The three measures of the Telegram work. Ratios are of sides that ran in turns."""
    yield throughput(chats, pairs)
    yield beside_a_slow_answer(chats // 5, pairs)
    yield from canaries(chats)


def throughput(messages: int, pairs: int) -> Row:
    """Messages a second, each from a chat of its own, under Telegram's limits; empty: a handler that says one word."""
    ours, empty = [], []
    for _ in range(pairs):
        ours.append(_rate(messages, lambda talk: talk))
        empty.append(_rate(messages, lambda talk: Handled(talk, lambda _message: Reply(ANSWERED, "好"))))
    shares = sorted(mine / theirs for mine, theirs in zip(ours, empty, strict=True))
    bar, share = Bar(at_least=0.9), median(shares)
    name = "telegram: messages/s with our handler ÷ an empty one, same limits"
    note = f"{shares[0]:.3g}–{shares[-1]:.3g} over {pairs} pairs of {messages} messages"
    return Row(name, median(ours), median(empty), share, bar, bar.met_by(share), note)


def beside_a_slow_answer(questions: int, pairs: int) -> Row:
    """What user B waits for an answer while user A waits for a slow model, and alone; one side after the other."""
    waiting, alone = [], []
    for _ in range(pairs):
        waiting += _waits(questions, slow=True)
        alone += _waits(questions, slow=False)
    name = "telegram: p95 of user B while A waits for a slow model ÷ alone, s"
    note = f"{len(waiting)} questions each, one at a time"
    return ratio(name, _p95(waiting), _p95(alone), Bar(at_most=1.5), note)


def canaries(chats: int, wrap: Wrap = lambda talk: talk) -> Iterable[Row]:
    """Chats at once, each with a word of its own in a question and in a need: words of others seen, answers missing."""
    words = {user: f"灯塔{user}号" for user in range(10_000, 10_000 + chats)}
    steps: Sequence[Callable[[str], str]] = (
        lambda word: f"{word}{QUESTION}",
        lambda _word: "/brief",
        STORY.format,
        lambda _word: "预览",
    )
    with _door(wrap) as (api, door):
        for count, step in enumerate(steps, 1):
            for user, word in words.items():
                api.say(step(word), user)
            _wait(api, lambda count=count: _answered(api, words, count))  # type: ignore[misc]  # bound at once
        shown = {user: "\n".join(posted.text for posted in api.to(user)) for user in words}
        failed = door.inbox.counts().get("failed", 0) + door.outgoing.counts().get("failed", 0)
    foreign = sum(word in shown[user] for user in words for other, word in words.items() if other != user)
    silent = sum(word not in shown[user] for user, word in words.items())
    yield figure(f"telegram: {chats} chats at once, words of another seen", float(foreign), Bar(at_most=0))
    yield figure(f"telegram: {chats} chats at once, errors", float(failed + silent), Bar(at_most=0))


def _rate(messages: int, wrap: Wrap) -> float:
    with _door(wrap, paced=True) as (api, _):
        began = time.perf_counter()
        for user in range(1, messages + 1):
            api.say(QUESTION, user)
        _wait(api, lambda: _answered(api, range(1, messages + 1), 1))
        return messages / (time.perf_counter() - began)


def _waits(questions: int, *, slow: bool) -> list[float]:
    """Seconds from saying to seeing, for questions of chats of their own; meanwhile A waits where `slow`."""
    held, begun = threading.Event(), threading.Event()

    def wrap(talk: Talk) -> Talk:
        def handle(message: Message) -> Reply:
            if message.text == "慢":
                begun.set()
                held.wait(PATIENCE)
            return talk.handle(message)

        return Handled(talk, handle)

    with _door(wrap) as (api, _):
        if slow:
            api.say("慢", 1)
            begun.wait(PATIENCE)
        taken = [_wait_of(api, user) for user in range(2, questions + 2)]
        held.set()
    return taken


def _wait_of(api: BotApi, user: int) -> float:
    began = time.perf_counter()
    api.say(QUESTION, user)
    _wait(api, lambda: _answered(api, [user], 1))
    return time.perf_counter() - began


def _answered(api: BotApi, users: Iterable[int], count: int) -> bool:
    return all(
        len([posted for posted in api.to(user) if not posted.text.startswith("正在")]) >= count for user in users
    )


def _wait(api: BotApi, reached: Callable[[], bool]) -> None:
    api.wait(reached, PATIENCE)


def _p95(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=20)[-1]


@contextmanager
def _door(wrap: Wrap, *, paced: bool = False) -> Iterator[tuple[BotApi, TelegramDoor]]:
    """A door of its own over a new house, up and answering, in a thread; `paced`: with Telegram's limits."""
    with TemporaryDirectory(prefix="bench-") as folder, bot_api() as api:
        house = a_house(Path(folder), SystemClock(), telegram_bot_token=SecretStr(TOKEN), telegram_api_url=api.url)
        hall = replace(hall_of(house), per_minute=ENOUGH)
        pace = None if paced else Pace(SystemTime(), per_chat=UNLIMITED, all_per_second=UNLIMITED)
        door = TelegramDoor(house.engine, replace(hall, talk=wrap(hall.talk)), access_of(house.settings), pace=pace)
        try:
            with _up(door):
                yield api, door
        finally:
            house.engine.dispose()


@contextmanager
def _up(door: TelegramDoor) -> Iterator[None]:
    loop, stopping, ready = asyncio.new_event_loop(), asyncio.Event(), threading.Event()
    running = threading.Thread(
        target=lambda: loop.run_until_complete(door.run(stopping, lambda _username: ready.set())), daemon=True
    )
    running.start()
    ready.wait(PATIENCE)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stopping.set)
        running.join()
        loop.close()
