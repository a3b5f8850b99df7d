"""What the language model used today, in a file of DATA_DIR: a restart must not grant the day's budget anew."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

from filelock import FileLock, Timeout

from rag.model_answers.guarded import Spending

_log = logging.getLogger(__name__)


class FileSpendBook:
    """One line of JSON: {day, in, out}. Several processes add to it. What cannot be written is counted in memory."""

    def __init__(self, file: Path, today: Callable[[], date]) -> None:
        self._file = file
        self._lock = FileLock(file.with_suffix(".lock"), timeout=2)
        self._today = today
        self._unwritten = Spending()
        self._unwritten_on = today()

    def today(self) -> Spending:
        written = self._written()
        left = self._unwritten if self._unwritten_on == self._today() else Spending()
        return written.plus(left.tokens_in, left.tokens_out)

    def add(self, tokens_in: int, tokens_out: int) -> None:
        try:
            with self._lock:
                spent = self._written().plus(tokens_in, tokens_out)
                self._write({"day": self._today().isoformat(), "in": spent.tokens_in, "out": spent.tokens_out})
        except (OSError, Timeout):
            _log.warning("what the language model used could not be written down; it counts until the next start")
            before = self._unwritten if self._unwritten_on == self._today() else Spending()
            self._unwritten, self._unwritten_on = before.plus(tokens_in, tokens_out), self._today()

    def _written(self) -> Spending:
        try:
            kept = json.loads(self._file.read_text("utf-8"))
            if kept["day"] == self._today().isoformat():
                return Spending(int(kept["in"]), int(kept["out"]))
        except (OSError, ValueError, KeyError, TypeError):
            return Spending()
        return Spending()

    def _write(self, kept: dict[str, object]) -> None:
        aside = self._file.with_suffix(f".{os.getpid()}")
        aside.write_text(json.dumps(kept), "utf-8")
        aside.replace(self._file)
