"""Forms are content: this reads intake/forms/*.toml into Form models, putting shared blocks and lists in their places.

A form's file names its own steps, the order of the blocks, what it drops from them and what it overrides. Two
shorthands are opened here, so that the journey knows plain steps only: `other_text` becomes a follow-up step shown when
其他 is chosen, `repeat` becomes numbered copies, each shown when the one before asked for another.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from intake.models import Condition, Form, MenuEntry, Option, Step
from intake.reference import Reference

FORMS_FOLDER = Path(__file__).parent / "forms"
SHARED = ("_blocks.toml", "_menu.toml")
YES = "yes"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Formbook:
    """All forms by kind, and the menu that leads to them."""

    forms: Mapping[str, Form]
    menu: tuple[MenuEntry, ...]

    def form(self, kind: str) -> Form:
        """The form of that kind; KeyError where there is none."""
        return self.forms[kind]


def load_formbook(reference: Reference, folder: Path = FORMS_FOLDER) -> Formbook:
    """Read the folder. An unsound form raises pydantic's ValidationError, naming the form and the step."""
    blocks = _toml(folder / "_blocks.toml")
    files = sorted(path for path in folder.glob("*.toml") if path.name not in SHARED)
    forms = [_form(_toml(path), blocks, reference) for path in files]
    menu = tuple(MenuEntry(**row) for row in _toml(folder / "_menu.toml")["entries"])
    return Formbook({form.kind: form for form in forms}, menu)


def _form(source: Row, blocks: Row, reference: Reference) -> Form:
    dropped = set(source.pop("drop", ()))
    overrides: Row = source.pop("override", {})
    rows = [_overridden(row, overrides) for row in _rows(source, blocks) if row["id"] not in dropped]
    source.pop("steps", None)
    source.pop("blocks")
    unknown = set(overrides) - {row["id"] for row in rows}
    if unknown:
        raise ValueError(f"{source['kind']}: overrides steps it does not have: {sorted(unknown)}")
    steps = tuple(step for row in rows for step in _steps(row, reference))
    return Form(steps=steps, **source)


def _rows(source: Row, blocks: Row) -> Iterator[Row]:
    for name in source["blocks"]:
        block, _, only = name.partition("/")
        rows = source["steps"] if block == "own" else blocks[block]
        for row in rows:
            if not only or row["id"] == only:
                part = "need" if block in ("own", "core") else block
                yield {"part": part, **row}


def _overridden(row: Row, overrides: Row) -> Row:
    change = dict(overrides.get(row["id"], {}))
    keep = change.pop("only", None)
    merged = {**row, **change}
    if keep is not None:
        merged["options"] = [option for option in merged["options"] if option[0] in keep]
    return merged


def _steps(row: Row, reference: Reference) -> Iterator[Step]:
    if "repeat" in row:
        yield from _copies(row, reference)
        return
    row = dict(row)
    other = row.pop("other_text", None)
    step = _step(row, reference)
    yield step
    if other:
        yield _follow_up(step, other)


def _step(row: Row, reference: Reference) -> Step:
    listed = row.pop("reference", None)
    options = reference.options(listed) if listed else tuple(_options(row.get("options", ())))
    if row.pop("when_hosting", False):
        row["when"] = [{"step": "district", "any_of": reference.hosting_districts()}]
    way_out = row.get("way_out")
    return Step(**{**row, "options": options, "way_out": _option(way_out) if way_out else None})


def _options(rows: Iterable[Any]) -> Iterator[Option]:
    return (_option(row) for row in rows)


def _option(row: Any) -> Option:
    if isinstance(row, Mapping):
        return Option(**row)
    code, label, *aliases = row
    return Option(code=code, label=label, aliases=tuple(aliases))


def _follow_up(step: Step, ask: str) -> Step:
    """其他 needs a word: a short text, required while 其他 is chosen."""
    return Step(
        id=f"{step.id}_other",
        type="text",
        label=f"{step.label}（其他）",
        ask=ask,
        required="O" if step.required == "O" else "C",
        fast=step.fast,
        part=step.part,
        min=2,
        max=50,
        when=(Condition(step=step.id, any_of=("other",)),),
        personal=step.personal,
        follow_up_of=step.id,
        copy_of=step.copy_of,
    )


def _copies(row: Row, reference: Reference) -> Iterator[Step]:
    times: int = row["repeat"]
    for number in range(1, times + 1):
        gate = [] if number == 1 else [{"step": f"{row['id']}_{number - 1}_more", "any_of": [YES]}]
        for inner in row["steps"]:
            yield from _steps(_numbered(inner, row, number, gate), reference)
        if number < times:
            yield _more(row, number, gate)


def _numbered(inner: Row, group: Row, number: int, gate: list[Row]) -> Row:
    copied = {**inner, "id": f"{group['id']}_{number}_{inner['id']}", "part": group["part"]}
    if number > 1:
        copied["copy_of"] = f"{group['id']}_1_{inner['id']}"
        copied["when"] = gate
        copied["label"] = f"{inner['label']}（{number}）"
        copied["required"] = "C" if inner.get("required") == "R" else inner.get("required", "O")
    return copied


def _more(group: Row, number: int, gate: list[Row]) -> Step:
    return Step(
        id=f"{group['id']}_{number}_more",
        type="bool",
        label=f"{group['more_label']}（{number}）",
        ask=group["more"],
        required="C" if gate else "R",
        fast=True,
        part=group["part"],
        when=tuple(Condition(**condition) for condition in gate),
        copy_of=None if number == 1 else f"{group['id']}_1_more",
    )


def _toml(path: Path) -> Row:
    with path.open("rb") as file:
        return tomllib.load(file)
