"""Draws the queue and a case at the terminal. What people wrote is drawn as it is: no markup, nothing that steers."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot.commands.case_facts import Facts, next_clock
from bot.commands.desk import Desk, clean, moment
from intake.models import Saying

_PIPED = 160
"""Columns where the output is no terminal."""


def console() -> Console:
    return Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else _PIPED)


def queue(desk: Desk, rows: Sequence[Facts]) -> RenderableType:
    """One line a case; those with a clock that ran out in red."""
    columns = ("reference", "state", "kind", "title", "place", "team", "assignee", "submitted", "due")
    table = _table(desk, columns)
    for row in rows:
        due = next_clock(row["clocks"])
        cells = (
            row["reference"], row["state_label"], row["kind_label"], row["title"], row["place"],
            row["team_name"] or "", row["assignee_name"] or desk.say("say.nobody"), at(row["submitted_at"]),
            f"{due['label']} {due['text']}" if due else "",
        )  # fmt: skip
        table.add_row(*map(_text, cells), style=_style(due))
    return Group(table, Text(desk.say("say.count", count=len(rows))))


def sheet(desk: Desk, facts: Facts) -> RenderableType:
    """The whole case, section by section."""
    parts: list[RenderableType] = [_head(desk, facts)]
    if facts["readable"]:
        parts += _content(desk, facts)
    else:
        parts.append(Text(desk.say("say.unread_only"), style="yellow"))
    parts += [_title(desk, "allowed"), Text(desk.commands(facts["allowed"]) or desk.say("say.allowed_none"))]
    return Group(*parts)


def _head(desk: Desk, facts: Facts) -> RenderableType:
    grid = _pairs()
    lines = (
        ("reference", f"{facts['reference']}（{desk.say('head.revision')} {facts['rev']}）"),
        ("title", facts["title"]),
        ("summary", facts["summary"]),
        ("kind", facts["kind_label"]),
        ("state", facts["state_label"]),
        ("priority", desk.label("priority", facts["priority"])),
        ("confidentiality", desk.label("confidentiality", facts["confidentiality"])),
        ("place", facts["place"]),
        ("team", facts["team_name"] or ""),
        ("assignee", facts["assignee_name"] or desk.say("say.nobody")),
        ("submitted", at(facts["submitted_at"])),
        ("outcome", facts["outcome"] or ""),
    )
    for name, value in lines:
        if value:
            grid.add_row(_text(desk.say(f"head.{name}")), _text(value))
    return Group(grid, *_clocks(desk, facts["clocks"]))


def _clocks(desk: Desk, clocks: Sequence[Facts]) -> list[RenderableType]:
    if not clocks:
        return []
    table = _pairs()
    for clock in clocks:
        due = f"{at(clock['due'])}  {clock['text']}"
        table.add_row(_text(clock["label"]), Text(due, style=_style(clock)))
    return [_title(desk, "clocks"), table]


def _content(desk: Desk, facts: Facts) -> list[RenderableType]:
    parts: list[RenderableType] = [_title(desk, "answers"), _answers(facts["answers"])]
    if facts["erased"]:
        parts.append(Text(desk.say("say.erased"), style="yellow"))
    if facts["contact"]:
        parts += [_title(desk, "contact"), _answers(facts["contact"])]
    parts += _quality(desk, facts["quality"])
    parts += _listed(
        desk, "files", (f"{file['name']}  {file['size']} B  {file['digest'][:12]}" for file in facts["files"])
    )
    parts += _listed(desk, "candidates", (line for tried in facts["candidates"] for line in _tried(desk, tried)))
    parts += _listed(desk, "similar", (f"{other['reference']}  {other['title']}" for other in facts["similar"]))
    parts += _outline(desk, facts["outline"])
    parts += _listed(desk, "tasks", (task_line(task) for task in facts["tasks"] if task["done_at"] is None))
    return [*parts, _title(desk, "history"), _history(desk, facts["history"])]


def _outline(desk: Desk, outline: Facts | None) -> list[RenderableType]:
    if outline is None:
        return []
    lines = [line["marked"] for line in outline["lines"]]
    lines += [f"{other['with']}  {other['marked']}" for other in outline["alike"]]
    return _listed(desk, "outline", lines)


def _answers(answers: Sequence[Facts]) -> Table:
    table = _pairs()
    for answer in answers:
        table.add_row(_text(answer["label"]), _text(answer["text"]))
    return table


def _quality(desk: Desk, quality: Facts) -> list[RenderableType]:
    if quality["total"] is None:
        return []
    points = "  ".join(f"{desk.tell(Saying(f'criterion.{name}'))} {quality[name]}" for name in _CRITERIA)
    verdict = desk.tell(Saying(f"verdict.{quality['verdict']}"))
    lines = [f"{quality['total']}/20 · {verdict}（{points}）", *(f"· {reason}" for reason in quality["reasons"])]
    return [_title(desk, "quality"), *map(_text, lines)]


_CRITERIA = ("clarity", "quantified", "cooperation", "complete")


def _tried(desk: Desk, tried: Facts) -> Iterable[str]:
    amount = f"  {desk.say('head.amount')} {tried['amount']} 元" if tried["amount"] is not None else ""
    yield f"[{tried['id']}] {tried['party']}  {tried['status_label']}{amount}"
    for contact in tried["contacts"]:
        how = desk.label("how", contact["how"])
        yield f"    {at(contact['at'])}  {desk.colleague(contact['by'])}  {how}  {contact['result']}"


def task_line(task: Facts) -> str:
    return f"[{task['id']}] {task['kind_label']}  {task['reference']}  {task['reason_text']}  {at(task['created_at'])}"


def _history(desk: Desk, events: Sequence[Facts]) -> Table:
    table = Table.grid(padding=(0, 2))
    for event in events:
        moved = f"{desk.label('state', event['from_state'])} → {desk.label('state', event['to_state'])}"
        who = f"{event['actor_name']}（{event['via']}）"
        seen = desk.say("say.public" if event["public"] else "say.internal")
        said = event["text"] if not event["to_state"] or not event["from_state"] else f"{moved}  {event['text']}"
        cells = (at(event["at"]), event["action_label"], who, seen, said)
        table.add_row(*map(_text, cells), style="" if event["public"] else "dim")
    return table


def _listed(desk: Desk, head: str, lines: Iterable[str]) -> list[RenderableType]:
    found = [_text(line) for line in lines]
    return [_title(desk, head), *found] if found else []


def _table(desk: Desk, columns: Iterable[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(desk.say(f"head.{name}"), overflow="fold", no_wrap=name == "reference")
    return table


def _pairs() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _title(desk: Desk, name: str) -> Text:
    return Text(f"\n{desk.say(f'head.{name}')}", style="bold cyan")


def _style(clock: Any) -> str:
    if not clock or clock["state"] != "running":
        return ""
    return "red" if clock["breached"] else "yellow" if clock["warned"] else ""


def at(iso: str) -> str:
    return moment(datetime.fromisoformat(iso))


def _text(value: object) -> Text:
    return Text(clean(str(value)))
