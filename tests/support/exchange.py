"""Taking needs out and bringing them in by the console, as its tests do it."""

from __future__ import annotations

import re
from typing import Any

from httpx import Response
from sqlalchemy import func, select

from db.engine import reading
from intake.cases import Case
from intake.store.tables import cases
from tests.support.bureau import Bureau
from tests.support.case_sheets import GOOD, opened, places_of, rows_of, saved
from tests.support.consoles import Console, Person

JIAOZHOU = "370281"
BEHALF = "青岛市新材料行业协会"
SECOND = {
    **GOOD,
    "需求名称": "海水淡化高压泵国产化替代",
    "单位全称": "青岛某某装备有限公司",
    "统一社会信用代码": "暂不提供",
}


def export(person: Person, query: str = "view=all", **ticked: str) -> Response:
    return person.post("/queue/export", {"query": query, **ticked})


def references(content: bytes) -> set[str]:
    return {row["受理编号"] for sheet in opened(content).sheetnames for row in rows_of(content, sheet)}


def events(console: Console, case: Case) -> list[str]:
    return [event.action for event in console.bureau.needs.cases.events(case.id)]


def count_of(console: Console) -> int:
    with reading(console.bureau.engine) as connection:
        return connection.scalar(select(func.count()).select_from(cases)) or 0


def references_published(person: Person, query: str = "view=all") -> set[str]:
    content = person.post("/queue/publishable", {"query": query}).content
    return {row["受理编号"] for row in rows_of(content, "科创中国发布稿")}


def with_numbers(content: bytes, numbers: dict[str, tuple[str, str]]) -> bytes:
    book = opened(content)
    sheet = book["科创中国发布稿"]
    places = places_of(sheet)
    for line in range(2, sheet.max_row + 1):
        given = numbers.get(sheet.cell(line, places["受理编号"]).value)
        if given:
            sheet.cell(line, places["平台编号"], given[0])
            sheet.cell(line, places["平台链接"], given[1])
    return saved(book)


def hand_back(person: Person, content: bytes) -> Response:
    return person.post("/sheets/platform", files={"numbers": ("发布稿.xlsx", content)})


def template(person: Person, kind: str = "technology") -> bytes:
    given = person.get(f"/sheets/template/{kind}")
    assert given.status_code == 200
    return given.content


def check(person: Person, content: bytes, **values: str) -> Response:
    filled_in = {"behalf": BEHALF, "consented": "1", **values}
    return person.post("/sheets/check", filled_in, files={"file": ("会员需求.xlsx", content)})


def upload_of(page: Response) -> str:
    found = re.search(r'name="upload" value="([^"]+)"', page.text)
    assert found, page.text[-800:]
    return found[1]


def file_rows(person: Person, content: bytes) -> Response:
    """Check, confirm, and the page with the numbers."""
    taken = person.post("/sheets/import", {"upload": upload_of(check(person, content))})
    assert taken.status_code == 303, taken.text[-800:]
    return person.get(taken.headers["location"].removeprefix("/console"))


def told(case: Case, bureau: Bureau) -> dict[str, tuple[Any, str]]:
    """Every answer's value and state."""
    private = bureau.needs.cases.private(case.id)
    answers = {**case.answers, **(private.personal if private else {})}
    return {step: (answered.value, answered.state) for step, answered in answers.items()}
