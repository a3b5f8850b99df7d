"""The targets of the plan (方案目标): where each stands, the list behind the number, entering, correcting, taking back.

Whoever reads cases may look: the plan is public and nobody is named. The city's coordinator enters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from bot.channels.web_chat.needs_files import FileRefused, judge
from bot.clock import SHANGHAI
from bot.console.numbers_charts import Series, bars
from bot.console.numbers_pages import picture, sheet, tabs, telling_of
from bot.console.numbers_tables import Cell, Table, Telling
from bot.console.register_forms import Typed, read_day
from bot.console.rules import READERS, Routes
from bot.console.visit import Declined, Visit
from bot.files import FileStoreError
from intake.cases import Role
from intake.plan_targets import (
    AIMS,
    LONGEST_EVIDENCE,
    Aim,
    Entry,
    EntryError,
    Evidence,
    Said,
    Stand,
    aim_of,
    check,
    in_force,
    stand_of,
)
from intake.store.plan_targets import ChangedError, PlanEntries

routes = Routes()

ENTERING = frozenset({Role.COORDINATOR})
CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as it is listed: `standing` until it was corrected or taken back, which `fate` then says."""

    entry: Entry
    who: str
    standing: bool
    fate: str


@routes.rule("/numbers/targets", roles=READERS)
def targets(visit: Visit) -> Response:
    telling, stands = telling_of(visit), _stands(visit)
    return visit.page(
        "targets.html", tab="targets", tabs=tabs(visit), table=_table(telling, stands),
        shown=[(stand, told_value(telling, stand)) for stand in stands],
        empty=all(stand.value is None for stand in stands),
    )  # fmt: skip


@routes.rule("/numbers/targets/chart/{chart}", roles=READERS, background=True)
def targets_chart(visit: Visit) -> Response:
    """How far each target is, in percent of what the plan asks; what is unknown has no bar."""
    if visit.path("chart") != "targets":
        raise Declined(404, "not_found")
    words, stands = telling_of(visit).words, _stands(visit)
    labels = [words(f"aim.short.{stand.aim.key}") for stand in stands]
    done = tuple(None if stand.value is None else round(stand.value / stand.aim.least * 100, 1) for stand in stands)
    top = max(100.0, *(value for value in done if value is not None), 100.0)
    chart = bars(words("aim.done"), labels, Series(words("aim.done"), done), lying=True, unit="%", top=top)
    return picture(visit, chart)


@routes.rule("/numbers/targets/sheet/{table}", roles=READERS)
def targets_sheet(visit: Visit) -> Response:
    """All targets, or the list behind one of them."""
    telling, stands, key = telling_of(visit), _stands(visit), visit.path("table")
    today = visit.desk.parts.clock.now().astimezone(SHANGHAI).date().isoformat()
    if key == "targets":
        return sheet(visit, "targets", _table(telling, stands), today)
    stand = next((stand for stand in stands if stand.aim.key == key), None)
    if stand is None:
        raise Declined(404, "not_found")
    return sheet(visit, "targets", _list(visit, telling, stand), today)


@routes.rule("/numbers/targets/of/{target}", roles=READERS)
def one_target(visit: Visit) -> Response:
    return _page(visit, _aim(visit), Typed())


@routes.rule("/numbers/targets/of/{target}", "POST", roles=ENTERING)
def enter(visit: Visit) -> Response:
    """A new entry, or the correction of one (`replaces`)."""
    aim, typed = _aim(visit), Typed()
    replaces, before = _corrected(visit, aim)
    typed.values["replaces"] = visit.line("replaces")
    said, now = _read(visit, aim, typed, before), visit.desk.parts.clock.now()
    if said is None:
        return _page(visit, aim, typed, status=422)
    try:
        check(said, (), now.astimezone(SHANGHAI).date())  # before a file is kept that nothing would name
        with_file = _with_file(visit, typed, said)
        if with_file is None:
            return _page(visit, aim, typed, status=422)
        _entries(visit).add(with_file, visit.who.staff.id, now, replaces=replaces)
    except EntryError as refused:
        for name, key in refused.faults:
            typed.errors.setdefault(name, key)
        return _page(visit, aim, typed, status=422)
    except ChangedError as error:
        raise Declined(409, "changed_meanwhile") from error
    return visit.go(f"/numbers/targets/of/{aim.key}", "entered")


@routes.rule("/numbers/targets/of/{target}/withdraw", "POST", roles=ENTERING)
def withdraw(visit: Visit) -> Response:
    """Take an entry back. It stays in the history, with the reason."""
    aim, typed = _aim(visit), Typed()
    number, _entry = _corrected(visit, aim)
    if number is None:
        raise Declined(422, "not_listed")
    typed.values["why"] = visit.text("why", LONGEST_EVIDENCE)
    try:
        _entries(visit).withdraw(number, typed.values["why"], visit.who.staff.id, visit.desk.parts.clock.now())
    except EntryError:
        typed.wrong("why", "why")
        typed.values["replaces"] = str(number)
        return _page(visit, aim, typed, status=422)
    except ChangedError as error:
        raise Declined(409, "changed_meanwhile") from error
    return visit.go(f"/numbers/targets/of/{aim.key}", "entry_withdrawn")


@routes.rule("/numbers/targets/evidence/{entry}", roles=READERS)
def evidence(visit: Visit) -> Response:
    """The file of an entry, to be saved: never shown inside a page of ours."""
    number = visit.path("entry")
    entry = _entries(visit).get(int(number)) if number.isascii() and number.isdigit() and len(number) < 10 else None
    if entry is None or entry.said.evidence.file_digest is None:
        raise Declined(404, "not_found")
    kept = entry.said.evidence
    try:
        content = visit.desk.parts.needs.files.open(str(kept.file_digest))
    except FileStoreError as error:
        raise Declined(404, "not_found") from error
    headers = {
        "Content-Disposition": f"attachment; filename=\"file\"; filename*=UTF-8''{quote(kept.file_name, safe='')}",
        "Content-Length": str(kept.file_size),
        "Cache-Control": "no-store",
    }
    return StreamingResponse(_chunks(content), media_type="application/octet-stream", headers=headers)


def told_value(telling: Telling, stand: Stand) -> Cell:
    """The figure in words; 未填报 where nothing is entered."""
    if stand.value is None:
        return Cell(telling.words("aim.unknown"), known=False)
    shown = f"{stand.value:.1f}".removesuffix(".0") if stand.aim.kind == "share" else str(round(stand.value))
    return Cell(f"{shown}{telling.words(f'aim.unit.{stand.aim.key}')}")


def _entries(visit: Visit) -> PlanEntries:
    return PlanEntries(visit.desk.parts.engine)


def _stands(visit: Visit) -> list[Stand]:
    entries = _entries(visit).all()
    return [stand_of(aim, entries) for aim in AIMS]


def _aim(visit: Visit) -> Aim:
    aim = aim_of(visit.path("target"))
    if aim is None:
        raise Declined(404, "not_found")
    return aim


def _corrected(visit: Visit, aim: Aim) -> tuple[int | None, Entry | None]:
    """The entry that a form is about; (None, None) for a new one. Declines what is not of this target."""
    number = visit.line("replaces")
    if not number:
        return None, None
    entry = _entries(visit).get(int(number)) if number.isascii() and number.isdigit() and len(number) < 10 else None
    if entry is None or entry.said.target != aim.key:
        raise Declined(422, "not_listed")
    return entry.id, entry


def _read(visit: Visit, aim: Aim, typed: Typed, before: Entry | None) -> Said | None:
    """What was filled in; None where a field cannot be read at all. A correction keeps the file there was."""
    name, words = visit.line("name"), visit.text("evidence")
    typed.values |= {"name": name, "evidence": words, "link": visit.line("link", 600)}
    number = _number(visit, typed, "number")
    whole = _number(visit, typed, "whole") if aim.kind == "share" else None
    if not visit.line("day"):
        typed.wrong("day", "day")
    day = read_day(visit, typed, "day")
    if typed.errors or day is None or number is None:
        return None
    held = before.said.evidence if before else Evidence("")
    proof = Evidence(words, typed.values["link"], held.file_digest, held.file_name, held.file_size)
    return Said(aim.key, name, number, whole, day, proof)


def _with_file(visit: Visit, typed: Typed, said: Said) -> Said | None:
    sent = visit.file("file")
    if sent is None:
        return said
    try:
        judged = judge(sent.file, sent.filename or "")
        sent.file.seek(0)
        stored = visit.desk.parts.needs.files.put(_chunks(sent.file))
    except (FileRefused, FileStoreError):
        typed.wrong("file", "evidence_file")
        return None
    proof = said.evidence
    kept = Evidence(proof.words, proof.link, stored.digest, judged.name, stored.size)
    return Said(said.target, said.name, said.number, said.whole, said.day, kept)


def _number(visit: Visit, typed: Typed, name: str) -> int | None:
    text = typed.values[name] = visit.line(name)
    if not text.isascii() or not text.isdigit() or len(text) > 7:
        typed.wrong(name, "whole_number")
        return None
    return int(text)


def _chunks(content: BinaryIO) -> Iterator[bytes]:
    with content:
        while piece := content.read(CHUNK):
            yield piece


def _page(visit: Visit, aim: Aim, typed: Typed, *, status: int = 200) -> Response:
    telling = telling_of(visit)
    everything = [entry for entry in _entries(visit).all() if entry.said.target == aim.key]
    stand = stand_of(aim, everything)
    lines = list(_lines(visit, telling, everything))
    return visit.page(
        "target_one.html",
        status=status,
        aim=aim,
        stand=stand,
        value=told_value(telling, stand),
        lines=[line for line in lines if line.standing],
        history=list(reversed(lines)),
        typed=_drawn(visit, typed, stand),
        today=visit.desk.parts.clock.now().astimezone(SHANGHAI).date().isoformat(),
        may_enter=visit.who.has(*ENTERING),
    )


def _drawn(visit: Visit, typed: Typed, stand: Stand) -> Typed:
    """The form as it was typed; else that of the entry to be corrected (?correct=), else empty."""
    empty = {"name": "", "number": "", "whole": "", "day": "", "evidence": "", "link": "", "replaces": "", "why": ""}
    wanted = typed.values.get("replaces") or visit.asked("correct")
    entry = next((entry for entry in stand.entries if str(entry.id) == wanted), None)
    if entry is None:
        return typed.over(empty)
    said = entry.said
    held = {
        "name": said.name, "number": str(said.number), "whole": str(said.whole or ""), "day": said.day.isoformat(),
        "evidence": said.evidence.words, "link": said.evidence.link, "replaces": str(entry.id), "why": "",
    }  # fmt: skip
    return typed.over({**empty, **held})


def _lines(visit: Visit, telling: Telling, entries: list[Entry]) -> Iterator[Line]:
    names = {person.id: person.name for person in visit.desk.parts.needs.register.staff()}
    standing = {entry.id for entry in in_force(entries)}
    after = {entry.replaces: entry for entry in entries if entry.replaces is not None}
    for entry in entries:
        fate = "withdrawn" if entry.withdrawn else "corrects" if entry.replaces else ""
        later = after.get(entry.id)
        if later is not None:
            fate = "taken_back" if later.withdrawn else "corrected"
        who = names.get(entry.entered_by, entry.entered_by)
        yield Line(entry, who, entry.id in standing, telling.words(f"aim.fate.{fate}") if fate else "")


def _table(telling: Telling, stands: list[Stand]) -> Table:
    words = telling.words
    rows = []
    for stand in stands:
        newest = max((entry.said.day for entry in stand.entries), default=None)
        done = None if stand.value is None else stand.value / stand.aim.least
        rows.append((
            Cell(words(f"aim.name.{stand.aim.key}")),
            Cell(f"≥ {stand.aim.least}{words(f'aim.unit.{stand.aim.key}')}"),
            told_value(telling, stand),
            telling.rate(done) if done is not None else Cell(words("aim.unknown"), known=False),
            Cell(str(len(stand.entries))),
            Cell(newest.isoformat()) if newest else Cell(words("aim.unknown"), known=False),
        ))  # fmt: skip
    heads = tuple(words(f"aim.head.{key}") for key in ("target", "least", "value", "done", "entries", "newest"))
    return Table("targets", words("aim.label"), heads, tuple(rows), words("aim.note"))


def _list(visit: Visit, telling: Telling, stand: Stand) -> Table:
    words = telling.words
    names = {person.id: person.name for person in visit.desk.parts.needs.register.staff()}
    share = stand.aim.kind == "share"
    rows = []
    for entry in stand.entries:
        said = entry.said
        whole = (Cell(str(said.whole)),) if share else ()
        rows.append((Cell(said.name), Cell(str(said.number)), *whole, Cell(said.day.isoformat()),
                     Cell(said.evidence.words), Cell(said.evidence.link), Cell(said.evidence.file_name),
                     Cell(names.get(entry.entered_by, entry.entered_by))))  # fmt: skip
    keys = ("name", "part" if share else "number", *(("whole",) if share else ()), "day", "evidence", "link", "file",
            "by")  # fmt: skip
    return Table(
        stand.aim.key, words(f"aim.short.{stand.aim.key}"), tuple(words(f"aim.head.{k}") for k in keys), tuple(rows)
    )
