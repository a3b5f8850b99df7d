"""No secret and no personal number reaches the log, whichever way it tries to."""

from __future__ import annotations

import io
import logging
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.logs import STRUCK, Redactor, secret_values, set_up
from bot.settings import Settings

BOT_TOKEN = f"7123456789:{'Aa0' * 11}_-"  # shaped like a token, and none
HIDDEN = [
    "sk-proj-Ab12_Cd34-Ef56",
    BOT_TOKEN,
    "13812345678",
    "138 1234 5678",
    "138-1234-5678",
    "+8613812345678",
    "１３８１２３４５６７８",
    "0532-88912345",
    "053288912345",
    "(0532)88912345",
    "010-62345678",
    "37020219900307123X",
    "37020219900307123x",
    "３７０２０２１９９００３０７１２３４",
    "370202900307123",
]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged by everybody, with LOG_LEVEL=DEBUG; the logging of the test run itself is put back afterwards."""
    root, level, handlers = logging.root, logging.root.level, logging.root.handlers[:]
    hooks = sys.excepthook, threading.excepthook
    written = io.StringIO()
    settings = Settings.model_construct(
        log_level="DEBUG",
        embed_api_key=SecretStr("an-odd-key-without-a-shape"),
        database_url=SecretStr("postgresql://kechuang:pa55word@db/kechuang"),
    )
    set_up(settings, written)
    yield written
    logging.captureWarnings(False)
    root.handlers[:], sys.excepthook, threading.excepthook = handlers, *hooks
    root.setLevel(level)


@pytest.mark.parametrize("secret", HIDDEN)
@pytest.mark.parametrize("around", ["{}", "电话{}。", "x={},", "请联系{}或来信", "\n{}\t", "tel:{}", '"{}"'])
def test_each_kind_of_secret_is_struck_out(log: io.StringIO, secret: str, around: str) -> None:
    logging.getLogger("bot").info("got %s", around.format(secret))
    assert secret not in log.getvalue()
    assert STRUCK in log.getvalue()


@pytest.mark.parametrize(
    "harmless",
    [
        "12345 政务服务热线",
        "青科规〔2025〕3号",
        "2026-03-02 10:00:00,123",
        "最高 50000000 元",
        "1763800000000",
        "port 8000 pid 123456",
        "0.1234567",
        "91370200MA3C",
        "http://127.0.0.1:8000/api/chat",
        "skip-this-one-please",
    ],
)
def test_what_is_no_secret_stays(harmless: str) -> None:
    assert Redactor()(harmless) == harmless


def test_the_secrets_among_the_settings_are_struck_out(log: io.StringIO) -> None:
    logging.getLogger("bot").warning("an-odd-key-without-a-shape then pa55word then %s", {"dsn": "x:pa55word@y"})
    assert "an-odd-key" not in log.getvalue()
    assert "pa55word" not in log.getvalue()


@pytest.mark.parametrize(
    "line",
    [
        "https://api.telegram.org/bot123456:SECRETTOKEN/getMe",
        "Authorization: Bearer SECRETTOKEN",
        "authorization: basic SECRETTOKEN==",
        "postgresql://me:SECRETTOKEN@db/x",
        "GET /v1/models?key=SECRETTOKEN&x=1",
    ],
)
def test_tokens_in_addresses_and_headers_are_struck_out(line: str) -> None:
    assert "SECRET" not in Redactor()(line)


def test_a_short_secret_does_not_blank_the_log() -> None:
    assert Redactor(["", "a"])("a banana") == "a banana"


def test_tracebacks_are_redacted_too(log: io.StringIO) -> None:
    try:
        raise ValueError(f"bad token {BOT_TOKEN}")
    except ValueError:
        logging.getLogger("bot").exception("failed")
    assert "ValueError" in log.getvalue()
    assert BOT_TOKEN not in log.getvalue()


def test_what_stops_a_thread_or_the_process_is_redacted_too(log: io.StringIO) -> None:
    def fail() -> None:
        raise ValueError(BOT_TOKEN)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    try:
        fail()
    except ValueError as fault:
        sys.excepthook(ValueError, fault, fault.__traceback__)
    assert log.getvalue().count(f"ValueError: {STRUCK}") == 2
    assert BOT_TOKEN not in log.getvalue()


def test_warnings_go_to_the_log(log: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn(f"deprecated {BOT_TOKEN}", UserWarning, stacklevel=1)
    assert "deprecated" in log.getvalue()
    assert BOT_TOKEN not in log.getvalue()


def test_libraries_that_log_addresses_and_prompts_are_kept_quiet(log: io.StringIO) -> None:
    for name in ["httpx", "httpx._client", "httpcore.http11", "openai._base_client", "telegram.ext"]:
        logging.getLogger(name).info("POST https://api.telegram.org/…")
        logging.getLogger(name).warning("%s warned", name)
    assert "POST" not in log.getvalue()
    assert log.getvalue().count("warned") == 5


def test_a_librarys_own_handler_is_taken_away(log: io.StringIO) -> None:
    own = io.StringIO()
    uvicorn = logging.getLogger("uvicorn")
    uvicorn.addHandler(logging.StreamHandler(own))
    uvicorn.propagate = False
    set_up(Settings.model_construct(log_level="INFO"), log)
    uvicorn.info("token %s", BOT_TOKEN)
    assert own.getvalue() == ""
    assert "token" in log.getvalue()
    assert BOT_TOKEN not in log.getvalue()


def test_a_message_is_one_line_whatever_a_person_typed(log: io.StringIO) -> None:
    logging.getLogger("bot").info("asked %s", "你好\n2026-01-01 ERROR bot: forged\x1b[2J\u2028x")
    assert log.getvalue().count("\n") == 1
    assert "\x1b" not in log.getvalue()
    assert "\u2028" not in log.getvalue()


def test_a_fault_forges_no_line_either(log: io.StringIO) -> None:
    try:
        raise ValueError("bad\n2026-01-01 00:00:00 ERROR bot: forged\x1b[2J")
    except ValueError:
        logging.getLogger("bot").exception("failed")
    first, *rest = log.getvalue().splitlines()
    assert first.endswith("failed")
    assert all(line.startswith("  ") for line in rest)
    assert "\x1b" not in log.getvalue()


def test_every_secret_setting_counts_as_a_secret() -> None:
    settings = Settings.model_construct(
        embed_api_key=SecretStr("key-one"), database_url=SecretStr("postgresql://u:pass-two@h/d")
    )
    assert {"key-one", "pass-two", "postgresql://u:pass-two@h/d"} <= secret_values(settings)


@given(st.text(alphabet="0123456789 -+()ａ１２３x:/bot", max_size=60), st.sampled_from(HIDDEN))
def test_no_surroundings_let_a_secret_through(around: str, secret: str) -> None:
    assert secret not in Redactor([secret])(f"{around}|{secret}|{around}")
