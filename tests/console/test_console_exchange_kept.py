"""Needs out and in as sheets, on either database: whose rows, all or none, nothing twice, nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.clock import FixedClock
from bot.console.exchange_import import Filing, Imports
from db.engine import reading
from db.migrating import upgrade
from intake.cases import SYSTEM, CaseState
from intake.staff import Staff
from intake.store.cases import broken_chains
from intake.store.register_history import Changes
from intake.values import DateSpan, Money, Phone
from tests.support.bureau import STAFF, Bureau, bureau_of
from tests.support.case_sheets import GOOD, filled, opened, rows_of
from tests.support.consoles import Console, Person
from tests.support.exchange import (
    BEHALF,
    JIAOZHOU,
    SECOND,
    check,
    count_of,
    events,
    export,
    file_rows,
    hand_back,
    references,
    references_published,
    template,
    told,
    upload_of,
    with_numbers,
)


@pytest.fixture
def bureau(engine: Engine, clock: FixedClock, data_dir: Path) -> Bureau:
    """On either database."""
    return bureau_of(engine, clock, data_dir)


@pytest.fixture
def clerk(console: Console) -> Person:
    person = console.staff("clerk")
    person.confirm()
    return person


@pytest.fixture
def elsewhere(tmp_path: Path, clock: FixedClock) -> Iterator[Bureau]:
    """Another house with a database of its own."""
    from db.engine import make_engine

    folder = tmp_path / "elsewhere"
    folder.mkdir()
    engine = make_engine(f"sqlite:///{folder / 'assistant.db'}")
    upgrade(engine)
    yield bureau_of(engine, clock, folder)
    engine.dispose()


def test_the_sheet_holds_the_rows_of_the_list_with_its_filters_and_says_so_in_the_journal(
    console: Console, clerk: Person
) -> None:
    wanted = console.bureau.submit(title="海水淡化高压泵国产化替代")
    other = console.bureau.submit(console.bureau.somebody("zhang"), "talent")
    page = clerk.get("/queue/export?view=all&kind=technology")
    assert "技术需求" in page.text
    assert "导出 1 件" in page.text
    sheet = export(clerk, "view=all&kind=technology")
    assert sheet.status_code == 200
    assert references(sheet.content) == {wanted.reference}
    assert references(export(clerk).content) == {wanted.reference, other.reference}
    assert references(export(clerk, "view=all&q=高压泵").content) == {wanted.reference}
    lines = Changes(console.bureau.engine).page(what="case_export")[0]
    assert [(line.actor, line.key, (line.after or {})["rows"]) for line in lines] == [
        ("clerk", "all", n) for n in (1, 2, 1)
    ]
    assert "高压泵" not in str([line.after for line in lines])


def test_a_clerk_gets_nothing_of_another_district_s_needs(console: Console, clerk: Person) -> None:
    """Scenario 20."""
    away = console.bureau.submit(district=JIAOZHOU, publish_consent=True, confidentiality="public")
    for query in ("view=all", f"view=all&q={away.reference}", f"view=all&area={JIAOZHOU}", "view=kind.technology"):
        content = export(clerk, query, full="1", reason="核对").content
        assert away.reference not in str([rows_of(content, name) for name in opened(content).sheetnames])
        assert references_published(clerk, query) == set()
    far = console.staff("far")
    far.confirm()
    assert references(export(far).content) == {away.reference}


def test_the_platform_s_numbers_come_back_with_the_sheet_and_stay_in_the_history(
    console: Console, clerk: Person
) -> None:
    agreed = {"confidentiality": "public", "publish_consent": True}
    one = console.bureau.submit(console.bureau.somebody("a"), **agreed)
    two = console.bureau.submit(console.bureau.somebody("b"), **agreed)
    sheet = clerk.post("/queue/publishable", {"query": "view=all"}).content
    bad = with_numbers(
        sheet, {one.reference: ("KCZG-1", "https://example.org/1"), two.reference: ("KCZG-2", "javascript:x")}
    )
    refused = hand_back(clerk, bad)
    assert refused.status_code == 422
    assert "第 " in refused.text
    assert [events(console, case).count("platform") for case in (one, two)] == [0, 0]
    good = with_numbers(sheet, {one.reference: ("KCZG-1", "https://example.org/1"), two.reference: ("KCZG-2", "")})
    assert "已记下 2 个平台编号" in hand_back(clerk, good).text
    assert "没有新的编号" in hand_back(clerk, good).text
    stored = console.bureau.needs.cases.get(one.reference)
    assert stored is not None
    assert [dict(each) for each in stored.external_refs] == [
        {"system": "kechuang_china", "ref": "KCZG-1", "url": "https://example.org/1"}
    ]
    assert [events(console, case).count("platform") for case in (one, two)] == [1, 1]
    assert rows_of(export(clerk).content, "技术需求")[0]["外部平台编号"].startswith("KCZG-")
    again = clerk.post("/queue/publishable", {"query": "view=all"}).content
    assert {row["平台编号"] for row in rows_of(again, "科创中国发布稿")} == {"KCZG-1", "KCZG-2"}


def test_a_sheet_is_looked_over_first_and_then_every_row_has_number_team_and_clocks(
    console: Console, clerk: Person
) -> None:
    content = filled(template(clerk), GOOD, SECOND)
    page = check(clerk, content)
    assert "可以登记 2 件" in page.text
    assert count_of(console) == 0
    listed = file_rows(clerk, content)
    found = console.bureau.needs.cases.find()
    assert [case.channel for case in found] == ["xlsx", "xlsx"]
    assert {case.state for case in found} == {CaseState.SUBMITTED}
    assert all(case.team and case.announced["first"] and case.reference in listed.text for case in found)
    assert [events(console, case) for case in found] == [["submit", "note"]] * 2
    assert BEHALF in console.bureau.needs.cases.events(found[0].id)[-1].text
    assert all(console.bureau.needs.people.consented(case.person) for case in found)
    with reading(console.bureau.engine) as connection:
        assert broken_chains(connection) == []
    (line,), _total = Changes(console.bureau.engine).page(what="case_import")
    assert (line.actor, (line.after or {})["rows"], (line.after or {})["behalf"]) == ("clerk", 2, BEHALF)


def test_one_bad_row_keeps_all_others_out_and_says_row_column_and_what_to_write(
    console: Console, clerk: Person
) -> None:
    page = check(clerk, filled(template(clerk), GOOD, {**SECOND, "联系电话": "139"}))
    assert page.status_code == 422
    assert "第 3 行" in page.text
    assert "联系电话" in page.text
    assert "13800138000" in page.text  # an example of what to write
    assert 'name="upload"' not in page.text
    assert count_of(console) == 0


def test_the_same_file_again_makes_nothing_twice_and_says_so(console: Console, clerk: Person) -> None:
    content = filled(template(clerk), GOOD, SECOND)
    file_rows(clerk, content)
    page = check(clerk, content)
    assert "这个文件里的 2 件都已登记过" in page.text
    assert 'name="upload"' not in page.text
    more = check(clerk, filled(template(clerk), GOOD, SECOND, {**GOOD, "需求名称": "第三件高盐废水需求"}))
    assert "可以登记 1 件" in more.text
    clerk.post("/sheets/import", {"upload": upload_of(more)})
    assert count_of(console) == 3


def test_two_who_file_the_same_at_once_register_it_once(console: Console) -> None:
    """Both looked it over before either registered."""
    bureau = console.bureau
    imports = Imports(bureau.needs, bureau.accounts)
    content = filled(imports.sheets.template("technology"), GOOD, SECOND)
    both = [(imports.check(content, actor), actor) for actor in (bureau.staff("clerk"), bureau.staff("lead"))]
    batches = [imports.take(checked, Filing(actor, BEHALF, "a.xlsx", "{behalf}")) for checked, actor in both]
    assert [len(batch.cases) for batch in batches] == [2, 0]
    assert count_of(console) == 2


def test_an_export_in_full_that_is_imported_elsewhere_loses_nothing(console: Console, elsewhere: Bureau) -> None:
    """Scenario 21, its second half: one need of every kind."""
    bureau = console.bureau
    bureau.needs.register.put_staff(Staff("lead", "周静", STAFF["lead"].roles), SYSTEM, bureau.clock.now())
    given = {
        kind: bureau.submit(bureau.somebody(kind), kind, title=f"{form.label}的一件需求".replace("/", "、"))
        for kind, form in bureau.needs.formbook.forms.items()
    }
    given["technology_2"] = bureau.submit(
        bureau.somebody("x"), title="=HYPERLINK(点这里)", budget_amount=Money(low=None, high=Decimal(3_000_000)),
        deadline=DateSpan(start=date(2026, 3, 2), end=date(2026, 9, 30)), requirements=("=1+1", "@不增加占地"),
        contact_phone=Phone(e164="+8653285911234", ext="801"), tech_field=("materials", "marine"),
        site_visit_ok=True, keywords=("反渗透", "@膜"), contact_email="zhang@example.com",
    )  # fmt: skip
    city = console.staff("city")
    city.confirm()
    console.pass_minutes(60 * 24 * 400)  # long after: its dates are past by now
    city = console.staff("city")
    city.confirm()
    content = export(city, full="1", reason="迁移").content
    assert len(references(content)) == len(given)
    imports = Imports(elsewhere.needs, elsewhere.accounts)
    checked = imports.check(content, elsewhere.staff("clerk"))
    assert checked.faults == ()
    imports.take(checked, Filing(elsewhere.staff("clerk"), BEHALF, "a.xlsx", "{behalf}"))
    there = {(case.kind, case.title): told(case, elsewhere) for case in elsewhere.needs.cases.find()}
    here = {(case.kind, case.title): told(case, bureau) for case in given.values()}
    assert there.keys() == here.keys()
    for need, answers in here.items():
        assert there[need] == answers, need
