"""How updates come in: kept before the offset moves or 200 is said, one bad one harms no other, no fault spins."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.channels.telegram_bot.dispatching import DEATHS
from bot.channels.telegram_bot.polling import CONFLICT_WAIT, SILENCE, Patience, Polling, TokenRefusedError
from bot.channels.telegram_bot.webhook import LARGEST, Webhook
from bot.clock import FixedClock
from tests.support.bot_api import TOKEN, BotApi, bot_api
from tests.support.telegram_rig import Rig, StillTime, rig

PHONE = "13800138000"


@pytest.fixture
def api() -> Iterator[BotApi]:
    with bot_api() as server:
        yield server


class Kept:
    """Keeps updates; fails as often as it was told to."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.raws: list[Any] = []

    def __call__(self, raws: Sequence[Any]) -> int:
        if self.failures:
            self.failures -= 1
            raise OSError("disk full")
        new = [raw for raw in raws if raw not in self.raws]
        self.raws += new
        return len(new)


class Polls:
    """A polling and the loop it runs in."""

    def __init__(self, api: BotApi, clock: FixedClock, keep: Kept, patience: Patience | None = None) -> None:
        self.keep = keep
        self.loop = asyncio.new_event_loop()
        self.polling = Polling(f"{api.url}/bot{TOKEN}", keep, StillTime(), clock.now, patience or Patience(0, 20))

    def once(self) -> float:
        return self.loop.run_until_complete(self.polling.once())

    def close(self) -> None:
        self.loop.run_until_complete(self.polling.close())
        self.loop.close()


@pytest.fixture
def polls(api: BotApi, clock: FixedClock) -> Iterator[Callable[..., Polls]]:
    made: list[Polls] = []

    def make(keep: Kept | None = None, patience: Patience | None = None) -> Polls:
        made.append(Polls(api, clock, keep or Kept(), patience))
        return made[-1]

    yield make
    for each in made:
        each.close()


def offsets(api: BotApi) -> list[str | None]:
    return [call.parameters.get("offset") for call in api.made("getUpdates")]


def test_the_offset_moves_only_past_what_was_kept(api: BotApi, polls: Callable[..., Polls]) -> None:
    first = api.say("一")
    fetching = polls(Kept(failures=2))
    assert fetching.once() == 1.0
    assert fetching.once() == 2.0
    assert fetching.once() == 0.0
    second = api.say("二")
    fetching.once()
    fetching.once()
    assert offsets(api) == [None, None, None, str(first + 1), str(second + 1)]
    assert len(fetching.keep.raws) == 2
    assert api.pending == []


def test_a_batch_is_confirmed_past_what_cannot_be_read(api: BotApi, polls: Callable[..., Polls]) -> None:
    api.say("一")
    api.send({"update_id": "seven", "message": {}})
    api.send({"message": 5})
    last = api.say("二")
    fetching = polls()
    fetching.once()
    fetching.once()
    assert offsets(api)[-1] == str(last + 1)
    assert len(fetching.keep.raws) == 4


def test_updates_that_are_not_forgotten_do_not_make_it_spin(api: BotApi, polls: Callable[..., Polls]) -> None:
    api.send({"update_id": "seven", "message": {}})
    fetching = polls()
    assert fetching.once() == 0.0
    assert fetching.once() > 0


def test_an_absurd_id_does_not_shut_out_the_others(api: BotApi, polls: Callable[..., Polls]) -> None:
    api.send({"update_id": 10**30, "message": {}})
    api.say("一")
    fetching = polls()
    fetching.once()
    api.say("二")
    fetching.once()
    assert len(fetching.keep.raws) == 3


def test_after_a_long_silence_ids_may_begin_anew(api: BotApi, polls: Callable[..., Polls], clock: FixedClock) -> None:
    api.say("一")
    fetching = polls()
    fetching.once()
    fetching.once()
    assert offsets(api)[-1] is not None
    clock.advance(SILENCE + timedelta(seconds=1))
    fetching.once()
    fetching.once()
    assert offsets(api)[-1] is None
    api.send({"update_id": 3, "message": api.message("二")})
    fetching.once()
    assert len(fetching.keep.raws) == 2


def test_a_refused_token_ends_it(api: BotApi, polls: Callable[..., Polls]) -> None:
    api.fault("getUpdates", 401, description="Unauthorized")
    with pytest.raises(TokenRefusedError):
        polls().once()


def test_a_rival_is_named_once_and_waited_for(
    api: BotApi, polls: Callable[..., Polls], caplog: pytest.LogCaptureFixture
) -> None:
    api.fault("getUpdates", 409, times=3, description="Conflict: terminated by other getUpdates request")
    fetching = polls()
    assert [fetching.once() for _ in range(3)] == [CONFLICT_WAIT] * 3
    assert len([line for line in caplog.messages if "409" in line]) == 1
    assert fetching.polling.trouble
    fetching.once()
    assert fetching.polling.trouble is None
    assert "已恢复" in caplog.text


@pytest.mark.parametrize("how", [502, 500, "drop", "garbage"])
def test_faults_are_waited_out_longer_and_longer_with_one_line(
    api: BotApi, polls: Callable[..., Polls], caplog: pytest.LogCaptureFixture, how: int | str
) -> None:
    api.fault("getUpdates", how, times=4)
    api.say("一")
    fetching = polls()
    assert [fetching.once() for _ in range(4)] == [1, 2, 4, 8]
    assert fetching.once() == 0.0
    assert len(fetching.keep.raws) == 1
    assert len([line for line in caplog.messages if "连不上" in line]) == 1


def test_telegrams_own_pause_is_kept(api: BotApi, polls: Callable[..., Polls]) -> None:
    api.fault("getUpdates", 429, retry_after=17)
    assert polls().once() == 17


def test_a_connection_that_hangs_is_given_up_at_the_deadline_and_another_is_made(
    api: BotApi, polls: Callable[..., Polls]
) -> None:
    api.fault("getUpdates", "stall", times=2)
    fetching = polls(patience=Patience(0, 0.3))
    assert fetching.once() == 1.0
    assert fetching.once() == 2.0
    api.say("一")
    assert fetching.once() == 0.0
    assert len(fetching.keep.raws) == 1


def test_twelve_hours_without_a_poll_are_an_alarm(
    api: BotApi, polls: Callable[..., Polls], clock: FixedClock, caplog: pytest.LogCaptureFixture
) -> None:
    fetching = polls()
    fetching.once()
    api.fault("getUpdates", 502, times=3)
    fetching.once()
    clock.advance(timedelta(hours=13))
    fetching.once()
    fetching.once()
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 1
    assert "24 小时" in caplog.text


def test_what_people_wrote_is_not_logged_when_an_answer_is_cut(
    api: BotApi, polls: Callable[..., Polls], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "bot")
    api.fault("getUpdates", "garbage")
    polls().once()
    assert PHONE not in caplog.text


# From the inbox on


@pytest.fixture
def telegram(data_dir: Path, clock: FixedClock) -> Iterator[Rig]:
    with rig(data_dir, clock) as made:
        yield made


def test_a_bad_update_between_two_good_ones_harms_neither(telegram: Rig) -> None:
    telegram.api.say("/help", 1)
    telegram.api.send({"message": {"message_id": 1, "chat": {"id": 2, "type": "private"}, "text": ["x"]}})
    telegram.api.say("/help", 3)
    telegram.round()
    assert len(telegram.api.to(1)) == len(telegram.api.to(3)) == 1
    assert "没能看懂" in telegram.api.to(2)[0].text
    assert telegram.door.status()["updates"] == {"done": 2, "quarantined": 1}


def test_handling_that_fails_is_tried_again_and_then_said(telegram: Rig, caplog: pytest.LogCaptureFixture) -> None:
    talk = telegram.door._hall.talk
    tries: list[str] = []

    class Broken:
        district = staticmethod(talk.district)
        set_district = staticmethod(talk.set_district)

        @staticmethod
        def handle(message: Any, on_stage: Any = None) -> Any:
            if message.text == "坏":
                tries.append(message.id)
                raise OSError(f"database is locked, {PHONE}")
            return talk.handle(message, on_stage)

    object.__setattr__(telegram.door._hall, "talk", Broken())
    assert telegram.say("坏") == []
    assert telegram.say("首次认定高新技术企业奖励多少钱") == []  # its turn comes after
    assert telegram.say("/help", 8)  # nobody else waits
    telegram.later(1.1)
    telegram.round()
    assert telegram.api.to(7) == []
    telegram.later(5.1)
    telegram.round()
    sorry, answer = telegram.api.to(7)
    assert "没能处理好" in sorry.text
    assert "10万元" in answer.text
    assert len(tries) == 3
    assert len(set(tries)) == 1
    assert telegram.door.status()["updates"]["failed"] == 1
    assert PHONE not in caplog.text


def test_an_apology_of_the_conversation_is_tried_again_first(telegram: Rig) -> None:
    from bot.messages import Reply
    from rag.models import AnswerStatus

    talk = telegram.door._hall.talk
    failing = [True]

    class Shaky:
        district = staticmethod(talk.district)
        set_district = staticmethod(talk.set_district)

        @staticmethod
        def handle(message: Any, on_stage: Any = None) -> Any:
            if failing.pop() if failing else False:
                return Reply(AnswerStatus.INTERNAL.value, "抱歉")
            return talk.handle(message, on_stage)

    object.__setattr__(telegram.door._hall, "talk", Shaky())
    assert telegram.say("首次认定高新技术企业奖励多少钱") == []
    telegram.later(1.1)
    telegram.round()
    (answer,) = telegram.api.to(7)
    assert "10万元" in answer.text


def test_an_update_over_which_the_process_dies_is_given_up(telegram: Rig) -> None:
    telegram.round()
    telegram.door.keep([{"update_id": 1, "message": telegram.api.message("x")}])
    for _ in range(DEATHS):
        (head,) = telegram.door.inbox.heads()
        telegram.door.inbox.take(head)  # and there it died
    telegram.round()
    (sorry,) = telegram.api.to(7)
    assert "没能处理好" in sorry.text


def test_one_over_which_the_process_died_twice_is_handled_alone(telegram: Rig) -> None:
    telegram.round()
    telegram.door.keep([{"update_id": n, "message": telegram.api.message("/help", n)} for n in (1, 2, 3)])
    for _ in range(2):
        telegram.door.inbox.take(next(head for head in telegram.door.inbox.heads() if head.chat == 2))
    running: list[int] = []
    answer = telegram.door._dispatcher._answer  # type: ignore[union-attr]  # it is open

    async def watched(taken: Any) -> Any:
        running.append(taken[0].chat)
        alone = list(running)
        outcome = await answer(taken)
        assert 2 not in running or running == alone == [2]
        running.remove(taken[0].chat)
        return outcome

    telegram.door._dispatcher._answer = watched  # type: ignore[union-attr]  # it is open
    telegram.round()
    assert all(telegram.api.to(chat) for chat in (1, 2, 3))


def test_one_who_waits_for_a_slow_answer_holds_up_nobody(telegram: Rig) -> None:
    talk = telegram.door._hall.talk
    order: list[str] = []

    class Slow:
        district = staticmethod(talk.district)
        set_district = staticmethod(talk.set_district)

        @staticmethod
        def handle(message: Any, on_stage: Any = None) -> Any:
            if message.text == "慢":
                telegram.api.wait(lambda: len(order) >= 9)
            order.append(message.text)
            with telegram.api.changed:
                telegram.api.changed.notify_all()
            return talk.handle(message, on_stage)

    object.__setattr__(telegram.door._hall, "talk", Slow())
    telegram.api.say("慢", 1)
    telegram.api.say("慢之后", 1)
    for user in range(2, 11):
        telegram.api.say(f"快{user}", user)
    telegram.round()
    assert order[9:] == ["慢", "慢之后"]
    assert all(telegram.api.to(user) for user in range(1, 11))


def test_a_chats_messages_stay_in_order(telegram: Rig) -> None:
    seen: list[str] = []
    talk = telegram.door._hall.talk

    class Noting:
        district = staticmethod(talk.district)
        set_district = staticmethod(talk.set_district)

        @staticmethod
        def handle(message: Any, on_stage: Any = None) -> Any:
            seen.append(message.text)
            return talk.handle(message, on_stage)

    object.__setattr__(telegram.door._hall, "talk", Noting())
    updates = [{"update_id": n, "message": telegram.api.message(f"你好{n}")} for n in range(20)]
    for place in range(0, 20, 5):  # shuffled inside a window of five, each three times
        for update in [*reversed(updates[place : place + 5])] * 3:
            telegram.api.send(update)
    telegram.round()
    assert seen == [f"你好{n}" for n in range(20)]
    assert len(telegram.api.to(7)) == 20


# Webhook


async def ask(
    app: Any, method: str = "POST", path: str = "/hook", body: bytes = b"{}", secret: str | None = "s" * 16
) -> int:
    headers = [] if secret is None else [(b"x-telegram-bot-api-secret-token", secret.encode())]
    scope = {"type": "http", "method": method, "path": path, "headers": headers}
    chunks = [body[place : place + 65536] for place in range(0, len(body), 65536)] or [b""]
    answers: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}

    async def send(message: dict[str, Any]) -> None:
        answers.append(message)

    await app(scope, receive, send)
    return int(answers[0]["status"])


async def behind(scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def hook(keep: Kept | None = None) -> Webhook:
    return Webhook(behind, "/hook", "s" * 16, keep or Kept())


def test_a_webhook_says_200_once_the_update_is_kept() -> None:
    keep = Kept()
    update = {"update_id": 1, "message": {"text": "你好"}}
    assert asyncio.run(ask(hook(keep), body=json.dumps(update).encode())) == 200
    assert keep.raws == [update]
    assert asyncio.run(ask(hook(Kept(failures=1)), body=b"{}")) == 500


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"secret": None}, 403),
        ({"secret": ""}, 403),
        ({"secret": "t" * 16}, 403),
        ({"secret": "s" * 17}, 403),
        ({"secret": "密" * 5}, 403),
        ({"method": "GET"}, 405),
        ({"body": b"not json"}, 400),
        ({"body": b"[" * 100_000}, 400),
        ({"body": b" " * (LARGEST + 1)}, 413),
        ({"path": "/elsewhere"}, 299),
        ({"path": "/hook/"}, 299),
    ],
)
def test_a_webhook_refuses_what_is_not_telegrams(
    how: dict[str, Any], status: int, caplog: pytest.LogCaptureFixture
) -> None:
    keep = Kept()
    caplog.set_level(logging.DEBUG)
    assert asyncio.run(ask(hook(keep), **how)) == status
    assert keep.raws == []
    assert "sss" not in caplog.text
    assert "ttt" not in caplog.text
