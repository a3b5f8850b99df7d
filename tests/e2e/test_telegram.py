"""Telegram as an operator runs it: real processes against a Bot API on loopback, over polling and over a webhook."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.bot_api import TOKEN, BotApi, bot_api
from tests.support.servers import free_port, wait_for

ROOT = Path(__file__).parents[2]
QUESTION = "博士住房补贴一个月多少？"
SECRET = "a-secret-of-the-webhook"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the shipped policies indexed."""
    folder = tmp_path_factory.mktemp("data")
    done = run("corpus", "index", data=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def api() -> Iterator[BotApi]:
    with bot_api() as server:
        yield server


def environment(data: Path, **settings: Any) -> dict[str, str]:
    base = {"DATA_DIR": str(data), "EMBED_MODEL": "none", "VECTOR_STORE": "none", "LOG_LEVEL": "DEBUG"}
    more = {name: str(value) for name, value in settings.items()}
    return {**base, "PATH": os.environ["PATH"], "HOME": str(data), "PYTHONUNBUFFERED": "1", **more}


def run(*arguments: str, data: Path, **settings: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment(data, **settings), capture_output=True, text=True, timeout=120
    )


class Process:
    def __init__(self, running: subprocess.Popen[bytes], log: Path) -> None:
        self.running = running
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8", "replace")

    def stop(self) -> int:
        self.running.send_signal(signal.SIGTERM)
        return self.running.wait(30)


@contextmanager
def started(*arguments: str, data: Path, log: Path, **settings: Any) -> Iterator[Process]:
    command = [sys.executable, "-m", "bot", *arguments]
    with log.open("wb") as out:
        running = subprocess.Popen(command, cwd=ROOT, env=environment(data, **settings), stdout=out, stderr=out)
    try:
        yield Process(running, log)
    finally:
        if running.poll() is None:
            running.kill()
            running.wait()


def access(api: BotApi, **more: Any) -> dict[str, Any]:
    return {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": api.url, **more}


def test_the_bot_alone_answers_and_stops_cleanly_and_logs_no_secret(data: Path, api: BotApi, tmp_path: Path) -> None:
    with started("telegram", data=data, log=tmp_path / "log", **access(api)) as bot:
        api.say(QUESTION)
        answer = api.reply()
        assert "1200元/月" in answer.text
        api.press(answer, "条款1")
        assert "博士" in api.reply(past=1).text
        api.fault("sendMessage", 502, times=1)
        api.say("我的电话是13800138000")
        api.reply(past=2)
        assert bot.stop() == 0
    assert "已就绪" in bot.log
    assert TOKEN.partition(":")[2] not in bot.log
    assert QUESTION not in bot.log
    assert "13800138000" not in bot.log
    assert "Traceback" not in bot.log


def test_the_bot_beside_the_web_server_in_one_process(data: Path, api: BotApi, tmp_path: Path) -> None:
    port = free_port()
    with started("serve", data=data, log=tmp_path / "log", **access(api, PORT=port)) as server:
        wait_for(f"http://127.0.0.1:{port}/health", server.running)
        api.say(QUESTION)
        assert "1200元/月" in api.reply().text
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer:
            stands = json.load(answer)["library"]["telegram"]
        assert (stands["mode"], stands["trouble"]) == ("polling", None)
        assert stands["last_poll"]
        api.fault("getUpdates", 409, times=9)
        api.say("唤醒")
        _until(lambda: "409" in server.log, server)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer:
            assert "409" in "".join(json.load(answer)["degraded"])
        assert server.stop() == 0
    assert TOKEN.partition(":")[2] not in server.log


@pytest.mark.parametrize("command", ["telegram", "serve"])
def test_a_webhook_delivers_and_nobody_else_does(data: Path, api: BotApi, tmp_path: Path, command: str) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/telegram/hook"
    hook = {"TELEGRAM_WEBHOOK_URL": url, "TELEGRAM_WEBHOOK_SECRET": SECRET, "PORT": port}
    with started(command, data=data, log=tmp_path / "log", **access(api, **hook)) as server:
        api.wait(lambda: api.webhook)
        assert api.webhook["secret_token"] == SECRET
        forged = urllib.request.Request(
            url, b'{"update_id": 1}', {"X-Telegram-Bot-Api-Secret-Token": "wrong-" + SECRET}
        )
        wait_for(f"http://127.0.0.1:{port}/health" if command == "serve" else url, server.running)
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(forged, timeout=10)
        api.say(QUESTION)
        assert "1200元/月" in api.reply().text
        api.wait(lambda: not api.pending)
        assert api.made("getUpdates") == []
        assert server.stop() == 0
    assert SECRET not in server.log
    assert TOKEN.partition(":")[2] not in server.log


def test_without_a_token_one_line_says_where_to_get_it(data: Path) -> None:
    done = run("telegram", data=data)
    assert done.returncode == 1
    assert "TELEGRAM_BOT_TOKEN" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_token_that_telegram_refuses_ends_it_with_one_line(data: Path, api: BotApi) -> None:
    wrong = {"TELEGRAM_BOT_TOKEN": "4242424242:WRONG-abcdefghijklmnopqrstuvwxyz12345", "TELEGRAM_API_URL": api.url}
    done = run("telegram", data=data, **wrong)
    assert done.returncode == 1
    assert len([line for line in done.stderr.splitlines() if "令牌" in line]) == 1
    assert "WRONG" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("token", ["no token", "123", "abc:def", "1:x y"])
def test_what_is_no_token_is_named_without_being_repeated(data: Path, token: str) -> None:
    done = run("telegram", data=data, TELEGRAM_BOT_TOKEN=token)
    assert done.returncode == 2
    assert "TELEGRAM_BOT_TOKEN" in done.stderr
    assert token not in done.stderr.replace("TELEGRAM_BOT_TOKEN", "")


def test_without_a_network_it_says_so_once_and_goes_on_when_there_is_one(data: Path, tmp_path: Path) -> None:
    port = free_port()
    nowhere = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": f"http://127.0.0.1:{port}"}
    with started("telegram", data=data, log=tmp_path / "log", **nowhere) as bot:
        with pytest.raises(TimeoutError):
            _until(lambda: bot.running.poll() is not None or "连不上" in bot.log, bot, never=True)
        assert bot.running.poll() is None
        with bot_api(port) as api:
            api.say(QUESTION)
            assert "1200元/月" in api.reply().text
            assert bot.stop() == 0
    assert len([line for line in bot.log.splitlines() if "连不上" in line]) == 1
    assert "已连上" in bot.log


def _until(reached: Any, bot: Process, never: bool = False) -> None:
    """Until something shows in the log."""
    import time

    for _ in range(600):
        if reached():
            if never:
                raise TimeoutError
            return
        time.sleep(0.1)  # a file tells nobody that it has grown


def test_a_code_for_staff_is_printed_for_administrators_only(data: Path, tmp_path: Path) -> None:
    from bot.clock import SystemClock
    from db.engine import make_engine
    from intake.cases import SYSTEM, Role
    from intake.staff import Staff
    from intake.store.register import Register

    run("corpus", "status", data=data)
    engine = make_engine(f"sqlite:///{data / 'assistant.db'}")
    register, now = Register(engine), SystemClock().now()
    for name, role in (("root", Role.ADMIN), ("li", Role.CLERK), ("wang", Role.CLERK)):
        register.put_staff(Staff(name, name, frozenset({role})), SYSTEM, now)
    engine.dispose()
    done = run("staff-link", "li", "--as", "root", data=data)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.strip()) == 10
    for given in (("li", "--as", "wang"), ("nobody", "--as", "root"), ("li", "--as", "nobody")):
        refused = run("staff-link", *given, data=data)
        assert refused.returncode == 1
        assert refused.stdout == ""
        assert "Traceback" not in refused.stderr
