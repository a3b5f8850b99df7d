"""The numbers that the national platform gave, read back from the sheet of what was to be published."""

from __future__ import annotations

from dataclasses import dataclass

from bot.console.exchange_publish import publishable_layout
from bot.needs import Needs
from intake.case_numbers import valid_number
from intake.case_sheets import CaseFault
from intake.cases import PLATFORM, Actor, Case
from intake.models import Saying
from intake.review import ReviewError, sees
from intake.sheets import Fault, Line, read


@dataclass(frozen=True, slots=True)
class _Given:
    row: int
    case: Case
    ref: str
    url: str


class PlatformNumbers:
    def __init__(self, needs: Needs) -> None:
        self._needs = needs

    def take(self, content: bytes, actor: Actor) -> tuple[tuple[CaseFault, ...], int]:
        """Note each number that is another than before, with its event: all of them, or none and what to correct.

        How many were noted. Raises SheetError where the file cannot be taken at all.
        """
        layout = publishable_layout()
        table = read(layout, content)
        faults = [CaseFault(layout.title, fault) for fault in table.faults]
        given: list[_Given] = []
        for line in table.lines:
            found = self._given(line, actor)
            if isinstance(found, Saying):
                faults.append(CaseFault(layout.title, Fault(line.number, "", found)))
            elif found is not None:
                given.append(found)
        if not faults:
            faults = self._noted(given, actor, layout.title)
        return tuple(faults), 0 if faults else len(given)

    def _given(self, line: Line, actor: Actor) -> _Given | Saying | None:
        typed, ref, url = (line.cells[key].strip() for key in ("reference", "platform_ref", "platform_url"))
        if not ref:
            return None
        number = valid_number(typed)
        case = self._needs.cases.get(number) if number else None
        if case is None or not sees(actor, case):
            return Saying("sheet.fault.unknown_case", {"reference": typed[:20]})
        last = next((each for each in reversed(case.external_refs) if each.get("system") == PLATFORM), {})
        if (last.get("ref", ""), last.get("url", "")) == (ref, url):
            return None
        return _Given(line.number, case, ref, url)

    def _noted(self, given: list[_Given], actor: Actor, sheet: str) -> list[CaseFault]:
        """One transaction, given up at the first row that is refused."""
        row = 0
        try:
            with self._needs.cases.writing() as transaction:
                for one in given:
                    row = one.row
                    self._needs.handling.act_within(
                        transaction, actor, one.case.reference, "platform", ref=one.ref, url=one.url
                    )
        except ReviewError as error:
            return [CaseFault(sheet, Fault(row, "", error.saying))]
        return []
