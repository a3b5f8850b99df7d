"""The record keeps a turn once, gives the same reply to a repeated message, and forgets for good."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from bot.accounts import Accounts
from bot.clock import FixedClock
from bot.history import History, as_turns
from bot.messages import Contact, FileIn, Message, Reply
from rag.models import Answer, AnswerStatus, Citation, Focus, Hit, Passage, Step, Turn

PASSAGE = Passage("p1", "a", "article", ("措施",), "第一条", "", "给予补助。")
CITATION = Citation("p1", "a", None, "措施", None, "第一条", "给予补助", None, None, None, None, None, None)
ANSWER = Answer(
    AnswerStatus.ANSWERED,
    "崂山区人才补贴",
    citations=(CITATION,),
    nearest=(CITATION,),
    focus=Focus("a", "崂山区", "人才 补贴", date(2023, 12, 31)),
    release="r1",
    hits=(Hit(PASSAGE, np.float32(0.5), np.float32(12.25), None),),  # type: ignore[arg-type]  # as the legs give them
    steps=(Step("retrieve", 0.0123456789),),
)


@pytest.fixture
def history(engine: Engine, clock: FixedClock) -> History:
    return History(engine, clock)


@pytest.fixture
def wang(engine: Engine, clock: FixedClock) -> str:
    return Accounts(engine, clock).of("telegram", "42").id


@pytest.fixture
def li(engine: Engine, clock: FixedClock) -> str:
    return Accounts(engine, clock).of("telegram", "43").id


def say(history: History, clock: FixedClock, account: str, key: str, said: str, thread: str = "main") -> str:
    clock.advance(timedelta(minutes=1))
    reply = Reply("smalltalk", f"答：{said}")
    message = Message(key, account, thread, clock.now(), text=said)
    return history.record(message, reply, json.dumps({"text": reply.text}, ensure_ascii=False))


def test_a_turn_comes_back_as_it_was(history: History, clock: FixedClock, wang: str) -> None:
    message = Message("m1", wang, "main", clock.now(), text="崂山区人才补贴")
    history.record(message, Reply("answered", "第一条 给予补助。", answer=ANSWER), '{"status": "answered"}')
    [turn] = history.last(wang, "main")
    assert (turn.message, turn.question, turn.reply) == ("m1", "崂山区人才补贴", "第一条 给予补助。")
    assert (turn.status, turn.release, turn.focus) == ("answered", "r1", ANSWER.focus)
    assert turn.timings == {"retrieve": 0.012346}
    assert turn.found == {"cited": ["p1"], "nearest": ["p1"], "hits": [["p1", 0.5, 12.25, None]]}
    assert turn.created_at == clock.now()
    assert as_turns([turn]) == (
        Turn("user", "崂山区人才补贴"),
        Turn("assistant", "第一条 给予补助。", ANSWER.focus),
    )


def test_a_turn_without_an_answer_has_no_focus(history: History, clock: FixedClock, wang: str) -> None:
    say(history, clock, wang, "m1", "你好")
    [turn] = history.last(wang, "main")
    assert (turn.focus, turn.timings, turn.found, turn.release) == (None, None, None, None)


def test_a_repeated_message_gets_the_reply_it_got(history: History, clock: FixedClock, wang: str) -> None:
    first = say(history, clock, wang, "m1", "你好")
    assert say(history, clock, wang, "m1", "别的话") == first == history.replied(wang, "m1")
    assert len(history.last(wang, "main")) == 1


def test_a_new_message_has_no_reply_yet(history: History, wang: str) -> None:
    assert history.replied(wang, "m1") is None


def test_a_message_delivered_many_times_at_once_gets_one_reply(history: History, clock: FixedClock, wang: str) -> None:
    message = Message("m1", wang, "main", clock.now(), text="你好")
    start = threading.Barrier(6)

    def deliver(attempt: int) -> str:
        start.wait()
        return history.record(message, Reply("smalltalk", f"答{attempt}"), f'"{attempt}"')

    with ThreadPoolExecutor(6) as pool:
        replies = set(pool.map(deliver, range(6)))
    assert replies == {history.replied(wang, "m1")}
    assert len(history.last(wang, "main")) == 1


def test_the_same_message_id_of_another_account_is_another_message(
    history: History, clock: FixedClock, wang: str, li: str
) -> None:
    say(history, clock, wang, "m1", "我是王")
    assert history.replied(li, "m1") is None
    assert "我是李" in say(history, clock, li, "m1", "我是李")


def test_the_last_turns_come_oldest_first(history: History, clock: FixedClock, wang: str) -> None:
    for number in range(5):
        say(history, clock, wang, f"m{number}", f"问{number}")
    assert [turn.question for turn in history.last(wang, "main", 2)] == ["问3", "问4"]
    assert history.last(wang, "main", 0) == []
    assert len(history.last(wang, "main")) == 5


def test_conversations_of_the_same_name_are_apart(history: History, clock: FixedClock, wang: str, li: str) -> None:
    say(history, clock, wang, "m1", "我是王")
    say(history, clock, li, "m2", "我是李")
    assert [turn.question for turn in history.last(wang, "main")] == ["我是王"]
    assert [turn.question for turn in history.last(li, "main")] == ["我是李"]


def test_conversations_are_listed_latest_first(history: History, clock: FixedClock, wang: str, li: str) -> None:
    say(history, clock, wang, "m1", "第一问", "a")
    say(history, clock, wang, "m2", "第二问", "b")
    say(history, clock, wang, "m3", "第三问", "a")
    say(history, clock, li, "m4", "别人的", "a")
    listed = history.conversations(wang)
    assert [(c.id, c.opening, c.turns) for c in listed] == [("a", "第一问", 2), ("b", "第二问", 1)]
    assert listed[0].updated_at - listed[0].created_at == timedelta(minutes=2)


def test_deleting_touches_only_what_was_meant(history: History, clock: FixedClock, wang: str, li: str) -> None:
    say(history, clock, wang, "m1", "一", "a")
    say(history, clock, wang, "m2", "二", "b")
    say(history, clock, li, "m3", "三", "a")
    assert history.delete(wang, "a") == 1
    assert [c.id for c in history.conversations(wang)] == ["b"]
    assert history.delete(wang) == 1
    assert history.conversations(wang) == []
    assert len(history.conversations(li)) == 1


def test_deleted_words_are_nowhere_in_the_files(sqlite_engine: Engine, clock: FixedClock, data_dir: Path) -> None:
    account = Accounts(sqlite_engine, clock).of("web", "k").id
    history = History(sqlite_engine, clock)
    for number in range(50):
        say(history, clock, account, f"m{number}", f"MARKER-{number} 我的公司叫某某")
    assert any(b"MARKER" in file.read_bytes() for file in data_dir.iterdir())
    assert history.delete(account) == 50
    assert not any(b"MARKER" in file.read_bytes() for file in data_dir.iterdir())


def test_erasing_the_account_takes_the_history_along(
    history: History, engine: Engine, clock: FixedClock, wang: str
) -> None:
    say(history, clock, wang, "m1", "一")
    Accounts(engine, clock).erase(wang)
    assert history.export(wang) == []


def test_an_export_holds_everything_and_is_json(history: History, clock: FixedClock, wang: str, li: str) -> None:
    message = Message("m1", wang, "main", clock.now(), text="崂山区人才补贴")
    history.record(message, Reply("answered", "给予补助。", answer=ANSWER), "{}")
    say(history, clock, wang, "m2", "谢谢")
    say(history, clock, li, "m3", "别人的")
    exported = json.loads(json.dumps(history.export(wang)))
    assert [turn["question"] for turn in exported] == ["崂山区人才补贴", "谢谢"]
    assert exported[0]["focus"]["as_of"] == "2023-12-31"
    assert exported[0]["created_at"] == "2026-03-02T02:00:00+00:00"
    assert "focus" not in exported[1]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"choice": "district:laoshan"}, "district:laoshan"),
        ({"control": "restart"}, "restart"),
        ({"file": FileIn("0" * 64, "简介.pdf", "application/pdf", 3)}, "简介.pdf"),
        ({"contact": Contact("王", "13812345678", True)}, ""),
    ],
)
def test_what_was_pressed_or_sent_is_recorded_but_never_a_contact(
    history: History, clock: FixedClock, wang: str, said: dict[str, object], kept: str
) -> None:
    message = Message("m1", wang, "main", clock.now(), **said)  # type: ignore[arg-type]  # one field of several types
    history.record(message, Reply("smalltalk", "好"), "{}")
    assert history.last(wang, "main")[0].question == kept


def test_signs_a_database_refuses_are_replaced(history: History, clock: FixedClock, wang: str) -> None:
    say(history, clock, wang, "m1", "甲\x00乙\ud800丙")
    assert history.last(wang, "main")[0].question == "甲\ufffd乙\ufffd丙"


def test_nothing_is_recorded_for_an_account_that_is_not_there(history: History, clock: FixedClock) -> None:
    with pytest.raises(IntegrityError):
        say(history, clock, "nobody", "m1", "你好")
    assert history.last("nobody", "main") == []
