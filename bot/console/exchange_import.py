"""代报: needs that an association collected in a sheet, registered all together or not at all.

A row is judged by the readers of the form, and told apart by who needs what: kind, organisation and title. The same row
again is the case it became; a row of the same name with other contents is somebody's mistake, and is said to be one.
Consent is the represented organisation's: its row says so, and whoever files it declares that it is true.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.accounts import Account, Accounts
from bot.clock import SHANGHAI
from bot.console.store.exchange_journal import Batch, note_import
from bot.needs import Needs
from intake.case_numbers import valid_number
from intake.case_sheets import CaseFault, CaseLine, CaseSheets, in_order
from intake.cases import Actor, Case, Event
from intake.consent_texts import ConsentNotice
from intake.headline import headline
from intake.models import Form, Saying
from intake.parties import normal_name
from intake.review import sees
from intake.routing import route_for
from intake.sheets import Fault
from intake.store.cases import Transaction
from intake.store.drafts import Draft, dump_answers
from intake.store.people import record_consent
from intake.store.submitting import CollisionError, submitting
from intake.submission import ATTEMPTS
from intake.values import Answered, Answers

CHANNEL = "xlsx"
"""The accounts of rows: the key says who needs what, the setting `row` what the row said."""
_ROW = "row"


@dataclass(frozen=True, slots=True)
class Row:
    """A row that can be registered, or is a case already (`known`; "" where its number is not for this actor)."""

    line: CaseLine
    answers: Answers
    key: str
    digest: str
    title: str
    org: str
    team: str
    known: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file came to. With `faults` nothing of it is registered."""

    rows: tuple[Row, ...]
    faults: tuple[CaseFault, ...]

    @property
    def new(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.known is None)


@dataclass(frozen=True, slots=True)
class Filing:
    """Who files, in whose name (`behalf`: the association), from which file. `words` is the note kept with each case,
    with places for {behalf}, {sheet} and {row}."""

    actor: Actor
    behalf: str
    file: str
    words: str


class Imports:
    def __init__(self, needs: Needs, accounts: Accounts) -> None:
        self._needs = needs
        self._accounts = accounts
        self.sheets = CaseSheets(needs.formbook, needs.reference)

    def check(self, content: bytes, actor: Actor) -> Checked:
        """The rows of the file, or what to correct, row by row. Raises SheetError where it cannot be taken at all."""
        table = self.sheets.read(content)
        faults, rows = list(table.faults), []
        today = self._needs.clock.now().astimezone(SHANGHAI).date()
        for line in table.lines:
            known = self._there(line, actor)
            answers, wrong = ({}, []) if known else self.sheets.answers(line, _day_of(line, today))
            faults += wrong
            if not wrong:
                rows.append(self._row(line, answers, known.reference if known else None))
        faults += self._twice(rows)
        checked = [self._known(row, actor) for row in rows]
        faults += [row for row in checked if isinstance(row, CaseFault)]
        if faults:
            return Checked((), in_order(faults))
        return Checked(tuple(row for row in checked if isinstance(row, Row)), ())

    def take(self, checked: Checked, filing: Filing) -> Batch:
        """Register every new row, in one transaction, and note the batch. Nothing is done where it has faults."""
        if checked.faults:
            raise ValueError("a file with faults is not registered")
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._taken(checked, filing)
            except CollisionError:  # a number drawn twice, or the same file from two people at once
                if attempt == ATTEMPTS:
                    raise
                checked = self._again(checked, filing.actor)
        raise AssertionError("unreachable")

    def _taken(self, checked: Checked, filing: Filing) -> Batch:
        now = self._needs.clock.now()
        with submitting(self._needs.cases) as transaction:
            cases = [(row, self._registered(transaction, row, filing, now)) for row in checked.new]
            lines = tuple((row.line.sheet, row.line.number, case.reference) for row, case in cases)
            batch = Batch(uuid.uuid4().hex[:12], filing.actor.id, now, filing.behalf, filing.file, lines)
            if lines:
                note_import(transaction.connection, batch, filing.actor)
        return batch

    def _registered(self, transaction: Transaction, row: Row, filing: Filing, now: datetime) -> Case:
        account = self._accounts.create_within(transaction.connection, CHANNEL, row.key, {_ROW: row.digest})
        notice: ConsentNotice = self._needs.people.notices["zh"]
        record_consent(transaction.connection, account.person, True, "xlsx", now, notice)
        case = self._needs.submission.submit_within(transaction, _draft(row, account, now), "xlsx")
        told = filing.words.format(behalf=filing.behalf, sheet=row.line.sheet, row=row.line.number)
        return transaction.witness(case, Event("note", filing.actor, now, ("none",), text=told))

    def _again(self, checked: Checked, actor: Actor) -> Checked:
        """The rows as they stand after somebody else was first."""
        rows = [self._known(row, actor) for row in checked.rows]
        if any(isinstance(row, CaseFault) for row in rows):
            raise CollisionError
        return Checked(tuple(row for row in rows if isinstance(row, Row)), ())

    def _there(self, line: CaseLine, actor: Actor) -> Case | None:
        """The case that the row's number names, where this actor sees it; for others the number says nothing."""
        number = valid_number(line.reference) if line.reference else None
        case = self._needs.cases.get(number) if number else None
        return case if case is not None and sees(actor, case) else None

    def _row(self, line: CaseLine, answers: dict[str, Answered], known: str | None) -> Row:
        title = headline(line.form, answers)[0] if answers else line.cells.get("title", "")
        org = _text(answers, "org_name") or line.cells.get("org_name", "")
        team = ""
        if known is None:
            places = (_text(answers, name) for name in ("industry", "district", "zone"))
            industry, district, zone = (place or None for place in places)
            team = route_for(line.form.kind, industry, district, zone, self._needs.register.teams()).name
        return Row(line, answers, _key(line.form, org, title), _digest(line.form, answers), title, org, team, known)

    def _known(self, row: Row, actor: Actor) -> Row | CaseFault:
        """The row as it is, or as the case it became; a fault where it says something else than then."""
        if row.known is not None:
            return row
        account = self._accounts.find(CHANNEL, row.key)
        case = next(iter(self._needs.cases.of_person(account.person)), None) if account else None
        if account is None or case is None:
            return row
        number = case.reference if sees(actor, case) else ""
        if account.settings.get(_ROW) == row.digest:
            return Row(row.line, row.answers, row.key, row.digest, row.title, row.org, row.team, number)
        told = {"org": row.org, "reference": f"（{number}）" if number else ""}
        return CaseFault(row.line.sheet, Fault(row.line.number, "", Saying("sheet.fault.case_differs", told)))

    def _twice(self, rows: Sequence[Row]) -> list[CaseFault]:
        first: dict[str, Row] = {}
        faults = []
        for row in rows:
            before = first.setdefault(row.key, row)
            if before is not row and row.known is None:
                told = {"sheet": before.line.sheet, "row": str(before.line.number)}
                faults.append(
                    CaseFault(row.line.sheet, Fault(row.line.number, "", Saying("sheet.fault.case_twice", told)))
                )
        return faults


def _draft(row: Row, account: Account, now: datetime) -> Draft:
    """As if it had been filled in here; it is stored nowhere."""
    form = row.line.form
    return Draft(uuid.uuid4().hex, account.person, account.id, form.kind, form.version, row.answers, now, now)


def _day_of(line: CaseLine, today: date) -> date:
    """The day a row is read on: of an exported one the day it was submitted, since its dates were ahead then."""
    try:
        day = date.fromisoformat(line.cells.get("sys.submitted", "")[:10])
    except ValueError:
        return today
    return min(day, today)


def _key(form: Form, org: str, title: str) -> str:
    """Who needs what, without a word of it: names are not to be read from a key."""
    told = json.dumps([form.kind, normal_name(org).casefold(), normal_name(title).casefold()], ensure_ascii=False)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def _digest(form: Form, answers: Mapping[str, Answered]) -> str:
    """What the row says, but for who is to be rung: a digest of a telephone number would tell it."""
    personal = {step.id for step in form.steps if step.personal}
    said = {step: Answered(value=a.value, state=a.state) for step, a in answers.items() if step not in personal}
    return hashlib.sha256(json.dumps(dump_answers(said), sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()


def _text(answers: Mapping[str, Answered], step: str) -> str:
    value = answers[step].value if step in answers else None
    return value if isinstance(value, str) else ""
