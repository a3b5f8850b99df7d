"""The page of sheets: templates, filing for an association (代报), the numbers that the national platform gave back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.responses import Response

from bot.channels.web_chat.pages import lang_of
from bot.clock import SHANGHAI
from bot.console.case_words import CaseWords
from bot.console.exchange_import import Checked, Filing, Imports
from bot.console.exchange_pages import download
from bot.console.exchange_platform import PlatformNumbers
from bot.console.exchange_uploads import Upload
from bot.console.rules import CASEWORK, Routes
from bot.console.store.exchange_journal import FILED, Batch, batch_of, note_export
from bot.console.visit import Declined, Visit
from intake.case_cells import words as sheet_words
from intake.case_sheets import MOST_ROWS, CaseFault
from intake.models import Saying
from intake.receipts import Receipt
from intake.review import sees
from intake.sheets import LIMITS, SheetError, cell_text
from intake.store.register_history import Changes
from intake.store.submitting import CollisionError
from intake.workbook.streamed import Head, StreamedBook

routes = Routes()

SHOWN_FAULTS, SHOWN_ROWS, SHOWN_BATCHES = 100, 200, 10
BEHALF = range(4, 61)
"""Characters of an association's name."""


@dataclass(frozen=True, slots=True)
class ShownFault:
    sheet: str
    row: int
    heading: str
    said: str


@dataclass(frozen=True, slots=True)
class Filed:
    """A row of a batch as its page shows it. `receipt` is None once it was erased; `mine`: they see the case itself."""

    sheet: str
    row: int
    reference: str
    receipt: Receipt | None
    mine: bool


@routes.rule("/sheets", roles=CASEWORK)
def sheets(visit: Visit) -> Response:
    return _page(visit)


@routes.rule("/sheets/template/{kind}", roles=CASEWORK)
def template(visit: Visit) -> Response:
    form = visit.desk.parts.needs.formbook.forms.get(visit.path("kind"))
    if form is None:
        raise Declined(404, "not_found")
    return download(visit, iter([_imports(visit).sheets.template(form.kind)]), "template", label=form.label)


@routes.rule("/sheets/check", "POST", roles=CASEWORK)
def check(visit: Visit) -> Response:
    """What the file would come to. Nothing is registered; a file that can be is kept until it is confirmed."""
    behalf, file = visit.line("behalf"), visit.file("file")
    wrong = _wrong(visit, behalf)
    if wrong or file is None:
        return _page(visit, wrong=wrong or {"file": "exchange.wrong.file"}, status=422)
    content, now = file.file.read(LIMITS.size + 1), visit.desk.parts.clock.now()
    name = " ".join((file.filename or "").split())[:100]
    try:
        checked = _imports(visit).check(content, visit.who.actor)
    except SheetError as error:
        return _page(visit, refused=_said(visit, error.saying), status=422)
    upload = None
    if checked.new:
        upload = visit.desk.uploads.keep(visit.who.staff.id, content, name, behalf, now)
    return _preview(visit, checked, upload, name, behalf)


@routes.rule("/sheets/import", "POST", roles=CASEWORK)
def take(visit: Visit) -> Response:
    """Register the file that was looked over: read again, since things may have changed meanwhile."""
    desk, now = visit.desk, visit.desk.parts.clock.now()
    upload = desk.uploads.take(visit.who.staff.id, visit.line("upload"), now)
    if upload is None:
        return _page(visit, refused=_words(visit)("exchange.gone"), status=409)
    imports = _imports(visit)
    checked = imports.check(upload.content, visit.who.actor)
    if checked.faults or not checked.new:
        return _preview(visit, checked, None, upload.file, upload.behalf)
    note = desk.drawing.words["zh"]("exchange.note")
    try:
        batch = imports.take(checked, Filing(visit.who.actor, upload.behalf, upload.file, note))
    except CollisionError:
        return _page(visit, refused=_words(visit)("exchange.collided"), status=409)
    return visit.go(f"/sheets/imports/{batch.key}", "imported")


@routes.rule("/sheets/imports/{batch}", roles=CASEWORK)
def imported(visit: Visit) -> Response:
    """The numbers that came of a file, for who filed it."""
    batch = _batch(visit)
    context: dict[str, Any] = {"batch": batch, "filed": [_filed(visit, *line) for line in batch.cases]}
    return visit.page("exchange_batch.html", **context)


@routes.rule("/sheets/imports/{batch}/download", "POST", roles=CASEWORK, reauth=True)
def imported_sheet(visit: Visit) -> Response:
    """The same with the codes by which each is looked up, to be handed to who was filed for."""
    batch, now = _batch(visit), visit.desk.parts.clock.now()
    filed = [_filed(visit, *line) for line in batch.cases]
    told = {"rows": len(filed), "codes": True}
    note_export(visit.desk.parts.engine, f"import.{batch.key}", told, visit.who.actor, now)
    heads = [Head(heading, width) for heading, width in zip(_HEADINGS, _WIDTHS, strict=True)]
    rows = [[cell_text(cell) if isinstance(cell, str) else cell for cell in _cells(one)] for one in filed]
    book = StreamedBook()
    pieces = [*book.sheet(str(sheet_words()["batch_title"]), heads, rows), *book.end()]
    return download(visit, iter(pieces), "batch")


@routes.rule("/sheets/platform", "POST", roles=CASEWORK)
def platform(visit: Visit) -> Response:
    """Take back the sheet of what was to be published, with the numbers the platform gave: all of them, or none."""
    file = visit.file("numbers")
    if file is None:
        return _page(visit, wrong={"numbers": "exchange.wrong.file"}, status=422)
    parts = visit.desk.parts
    numbers = PlatformNumbers(parts.needs)
    try:
        faults, done = numbers.take(file.file.read(LIMITS.size + 1), visit.who.actor)
    except SheetError as error:
        return _page(visit, refused=_said(visit, error.saying), status=422)
    if faults:
        return _page(visit, faults=_shown(visit, faults), status=422)
    return _page(visit, noted=done)


_HEADINGS: tuple[str, ...] = tuple(sheet_words()["batch_headings"])
_WIDTHS = (16, 8, 16, 36, 30, 12, 22, 17)


def _cells(filed: Filed) -> list[str | int | datetime | None]:
    receipt = filed.receipt
    cells: list[str | int | datetime | None] = [filed.sheet, filed.row, filed.reference]
    if receipt is None:
        return [*cells, *[None] * (len(_HEADINGS) - len(cells))]
    org, due = receipt.case.answers.get("org_name"), receipt.first_due.astimezone(SHANGHAI).replace(tzinfo=None)
    name = str(org.value) if org else None
    return [*cells, receipt.case.title, name, receipt.query_code, receipt.team_name, due]


def _filed(visit: Visit, sheet: str, row: int, reference: str) -> Filed:
    """Whoever filed it was told its number and its code, as at the window, even where another district has it."""
    needs = visit.desk.parts.needs
    case = needs.cases.get(reference)
    receipt = None if case is None or case.erased else needs.submission.receipt(case)
    return Filed(sheet, row, reference, receipt, case is not None and sees(visit.who.actor, case))


def _batch(visit: Visit) -> Batch:
    """A batch of this person's own."""
    found = batch_of(visit.desk.parts.engine, visit.path("batch"))
    if found is None or found.by != visit.who.staff.id:
        raise Declined(404, "not_found")
    return found


def _wrong(visit: Visit, behalf: str) -> dict[str, str]:
    wrong = {}
    if len(behalf) not in BEHALF:
        wrong["behalf"] = "exchange.wrong.behalf"
    if not visit.ticked("consented"):
        wrong["consented"] = "exchange.wrong.consented"
    return wrong


def _preview(visit: Visit, checked: Checked, upload: Upload | None, file: str, behalf: str) -> Response:
    context: dict[str, Any] = {
        "checked": checked,
        "rows": checked.rows[:SHOWN_ROWS],
        "faults": _shown(visit, checked.faults),
        "shown_faults": SHOWN_FAULTS,
        "shown_rows": SHOWN_ROWS,
        "upload": upload,
        "file": file,
        "behalf": behalf,
    }
    return visit.page("exchange_check.html", status=422 if checked.faults else 200, **context)


def _page(visit: Visit, *, wrong: Mapping[str, str] | None = None, status: int = 200, **more: Any) -> Response:
    needs, me = visit.desk.parts.needs, visit.who.staff.id
    past, _total = Changes(visit.desk.parts.engine).page(what=FILED, actor=me, limit=SHOWN_BATCHES)
    context: dict[str, Any] = {
        "kinds": visit.desk.labels(visit.request).kinds(),
        "behalf": visit.line("behalf"),
        "notice": needs.people.notices[lang_of(visit.request)].text,
        "most": MOST_ROWS,
        "megabytes": LIMITS.size // 1_000_000,
        "past": past,
        "wrong": wrong or {},
        "refused": "",
        "faults": (),
        "noted": None,
        **more,
    }
    return visit.page("exchange_sheets.html", status=status, **context)


def _shown(visit: Visit, faults: tuple[CaseFault, ...]) -> list[ShownFault]:
    return [
        ShownFault(one.sheet, one.fault.row, one.fault.heading, _said(visit, one.fault.saying))
        for one in faults[:SHOWN_FAULTS]
    ]


def _said(visit: Visit, saying: Saying) -> str:
    return CaseWords(lang_of(visit.request), visit.desk.parts.needs.timing.calendar).tell(saying)


def _words(visit: Visit) -> Any:
    return visit.desk.drawing.words[lang_of(visit.request)]


def _imports(visit: Visit) -> Imports:
    return Imports(visit.desk.parts.needs, visit.desk.parts.accounts)
