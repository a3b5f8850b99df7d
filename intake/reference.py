"""The lists intake reads against: districts, zones, industries, activities, policy words. Editable data, no code."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from intake.models import Option
from intake.values import Frozen

DATA_FOLDER = Path(__file__).parent / "data"


class District(Frozen):
    """A 区(市) by GB/T 2260 code; `merged` are former districts people still name."""

    code: str
    label: str
    aliases: tuple[str, ...]
    merged: tuple[str, ...] = ()


class Zone(Frozen):
    """A functional zone and the districts that host it; none for "other" and "not in a zone"."""

    code: str
    label: str
    aliases: tuple[str, ...]
    hosts: tuple[str, ...] = ()


class Industry(Frozen):
    """A priority industry, with the trades looked for inside a sentence."""

    code: str
    label: str
    aliases: tuple[str, ...]
    keywords: tuple[str, ...] = ()


class KindWords(Frozen):
    """A kind of need and the words that point to it."""

    kind: str
    words: tuple[str, ...]


class Reference(Frozen):
    """All lists of one moment."""

    districts: tuple[District, ...]
    zones: tuple[Zone, ...]
    industries: tuple[Industry, ...]
    activities: tuple[Option, ...]
    policy_words: frozenset[str]
    kinds: tuple[KindWords, ...]

    @cached_property
    def _options(self) -> dict[str, tuple[Option, ...]]:
        return {
            "districts": tuple(
                Option(code=d.code, label=d.label, aliases=(*d.aliases, *d.merged)) for d in self.districts
            ),
            "zones": tuple(Option(code=z.code, label=z.label, aliases=z.aliases, hosts=z.hosts) for z in self.zones),
            "industries": tuple(Option(code=i.code, label=i.label, aliases=i.aliases) for i in self.industries),
            "activities": self.activities,
        }

    def options(self, name: str) -> tuple[Option, ...]:
        """The list as options of a step; `name` is districts, zones, industries or activities."""
        return self._options[name]

    def hosting_districts(self) -> tuple[str, ...]:
        """Codes of the districts that host a zone, sorted."""
        return tuple(sorted({host for zone in self.zones for host in zone.hosts}))


def load_reference(folder: Path = DATA_FOLDER) -> Reference:
    """Read every list of the folder; a missing file or a wrong field raises at once, naming it."""
    activities = _toml(folder / "gbt4754.toml")
    return Reference(
        districts=_toml(folder / "districts.toml")["districts"],
        zones=_toml(folder / "zones.toml")["zones"],
        industries=_toml(folder / "industries.toml")["industries"],
        activities=tuple(_activities(activities["sections"] + activities["manufacturing"])),
        policy_words=frozenset(_toml(folder / "policy_words.toml")["words"]),
        kinds=_toml(folder / "kinds.toml")["kinds"],
    )


def _activities(rows: Iterable[tuple[str, str]]) -> Iterable[Option]:
    for code, label in rows:
        short = label.removesuffix("制造业").removesuffix("业")
        names = dict.fromkeys((f"{code} {label}", short))
        yield Option(code=code, label=label, aliases=tuple(name for name in names if name and name != label))


def _toml(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return tomllib.load(file)
