"""What commands write to standard output: lines for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from typing import Any

from bot.commands.desk import clean


def print_line(line: str) -> None:
    """A line, without what would steer a terminal."""
    sys.stdout.write(clean(line) + "\n")


def print_json(facts: Any) -> None:
    line = json.dumps(facts, ensure_ascii=False, indent=1)
    # Half of a surrogate pair cannot be written; its escape can, and is the same JSON.
    sys.stdout.write(line.encode("utf-8", "backslashreplace").decode() + "\n")
