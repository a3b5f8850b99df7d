"""What the clocks of a case aim at: targets by kind and priority, in working days. Editable data, no code."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from intake.values import Frozen

TARGETS_FILE = Path(__file__).parent / "data" / "sla.toml"

Days = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, le=1)]


class TargetsError(Exception):
    """The file of targets cannot be used, or has none for a kind; says which and why."""


class Target(Frozen):
    """Targets in working days; None where there is none. `before_deadline`: final at least so many working days before
    the date the enterprise named."""

    first: Days
    sign_off: Days | None = None
    candidates: Days | None = None
    final: Days | None = None
    progress: Days | None = None
    before_deadline: Days | None = None


class Exact(Frozen):
    """Targets of one priority that replace those of the kind."""

    first: Days | None = None
    sign_off: Days | None = None
    candidates: Days | None = None
    final: Days | None = None
    progress: Days | None = None


class KindTarget(Target):
    """A kind's row: its targets, and what is exact for a priority."""

    by_priority: Mapping[str, Exact] = {}


class Factors(Frozen):
    """What a priority multiplies the targets of every kind by."""

    first: Days = 1
    sign_off: Days = 1
    candidates: Days = 1
    final: Days = 1
    progress: Days = 1


class Alerts(Frozen):
    """When a clock warns (share of its time), and how many working days late it is before the coordinator is told."""

    warn_at: Share
    escalate_after: Days


class Wait(Frozen):
    """How long a case waits for the enterprise, and when it is reminded; working days."""

    days: Days
    reminders: tuple[Days, ...] = ()


class Targets(Frozen):
    """All targets: by kind and priority, and those that hold for every kind."""

    alerts: Alerts
    need_info: Wait
    confirm: Wait
    priorities: Mapping[str, Factors]
    kinds: Mapping[str, KindTarget]
    source: str
    status: str
    as_of: str

    def target(self, kind: str, priority: str) -> Target:
        """The targets of a kind at a priority (one without factors counts as normal). Raises TargetsError."""
        row = self.kinds.get(kind)
        if row is None:
            raise TargetsError(f"no target for kind {kind!r}: add [kinds.{kind}] to {TARGETS_FILE.name}")
        factors = self.priorities.get(priority, Factors())
        scaled = {name: days * getattr(factors, name) for name in Exact.model_fields if (days := getattr(row, name))}
        exact = row.by_priority.get(priority, Exact()).model_dump(exclude_none=True)
        return Target(**{**scaled, **exact}, before_deadline=row.before_deadline)


def load_targets(path: Path = TARGETS_FILE) -> Targets:
    """Raises TargetsError where the file is missing or wrong."""
    try:
        with path.open("rb") as file:
            return Targets.model_validate(tomllib.load(file))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        raise TargetsError(f"{path.name}: {error}") from error
