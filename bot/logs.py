"""Logging to standard error, with secrets and personal numbers struck out of every line, tracebacks included.

Question texts are logged at DEBUG at most: that is the caller's duty, nothing here can know one.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Any, TextIO
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.settings import Settings

# At INFO these print addresses with the bot's token in them; in their errors, whole prompts.
TALKATIVE = (
    "httpx",
    "httpx2",
    "httpcore",
    "httpcore2",
    "openai",
    "telegram",
    "langsmith",
    "urllib3",
    "chromadb",
    "mcp",
    "alembic",
    "uvicorn.error",
)

STRUCK = "***"
_LEAST_SECRET = 6  # a shorter value would strike innocent words out of every line

_D = "[0-9０-９]"
_PATTERNS = [
    re.compile(pattern)
    for pattern in (
        r"(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{8,}",
        r"(?<=/bot)[0-9]{3,}:[A-Za-z0-9_-]+",
        r"(?<![A-Za-z0-9])[0-9]{6,12}:[A-Za-z0-9_-]{30,}",
        r"(?i:(?<=bearer )|(?<=authorization: basic ))[A-Za-z0-9._~+/=-]{8,}",
        r"(?i:(?<=[?&]key=)|(?<=[?&]token=)|(?<=[?&]api_key=)|(?<=[?&]access_token=))[^&\s\"']+",
        r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)",
        rf"(?<!{_D})[1-9１-９]{_D}{{5}}(?:18|19|20|１８|１９|２０){_D}{{2}}[01０１]{_D}[0-3０-３]{_D}{{4}}[0-9０-９XxＸｘ](?!{_D})",
        rf"(?<!{_D})[1-9]{_D}{{5}}{_D}{{2}}(?:0[1-9]|1[0-2])[0-3]{_D}{{4}}(?!{_D})",
        rf"(?<!{_D})(?:(?:\+|00)?86[ -]?)?[1１][3-9３-９]{_D}[ -]?{_D}{{4}}[ -]?{_D}{{4}}(?!{_D})",
        rf"(?<![.{_D[1:-1]}])[(（]?[0０]{_D}{{2,3}}[)）]?[ -]?[1-9１-９]{_D}{{6,7}}(?!{_D})",
    )
]
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Redactor:
    """Strikes out keys, tokens, passwords in URLs, telephone and ID-card numbers, and whatever `secrets` there are."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= _LEAST_SECRET}, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        if self._secrets:
            text = self._secrets.sub(STRUCK, text)
        for pattern in _PATTERNS:
            text = pattern.sub(STRUCK, text)
        return text


class RedactingFormatter(logging.Formatter):
    """It redacts the finished line, so that no argument and no traceback slips past, as it would past a filter."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._redact = redact

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's name
        # A message is one line: what a person typed must not forge another one, nor steer a terminal.
        record.message = _CONTROL.sub(_picture, record.message)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802  # logging's name
        # Indented, so that no line of a fault's own words looks like a line of the log.
        lines = super().formatException(ei).splitlines()
        return "\n".join("  " + _CONTROL.sub(_picture, line) for line in lines)

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(super().format(record))


def _picture(sign: re.Match[str]) -> str:
    """␊ for a line feed, and so on: visible, and no letter or digit that would hide a number from the patterns."""
    code = ord(sign[0])
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"


def set_up(settings: Settings, stream: TextIO | None = None) -> None:
    """Log to `stream` (standard error) at LOG_LEVEL, by one redacting handler; libraries' own are taken away."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter(Redactor(secret_values(settings))))
    for logger in map(logging.getLogger, list(logging.root.manager.loggerDict)):
        logger.handlers.clear()
        logger.propagate = True
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(settings.log_level)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    sys.excepthook = _log_crash
    threading.excepthook = _log_thread_crash


def secret_values(settings: Settings) -> set[str]:
    """Every secret among the settings; of a database address its password, too."""
    values = {value.get_secret_value() for _, value in settings if isinstance(value, SecretStr)}
    values |= set(settings.program_keys)
    return values | {urlsplit(value).password or "" for value in values if "://" in value}


def _log_crash(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, fault, trace)
        return
    logging.getLogger("bot").critical("stopped by an error", exc_info=(kind, fault, trace))


def _log_thread_crash(crash: threading.ExceptHookArgs) -> None:
    if crash.exc_value is not None:
        trace = (crash.exc_type, crash.exc_value, crash.exc_traceback)
        logging.getLogger("bot").error("a thread was stopped by an error", exc_info=trace)
