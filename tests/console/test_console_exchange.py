"""Needs out and in as sheets, on the pages: what is masked, what is refused, what is said."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bot.clock import FixedClock
from bot.console.exchange_import import Imports
from bot.console.exchange_uploads import KEPT
from db.migrating import upgrade
from intake.store.register_history import Changes
from intake.values import DateSpan, Money
from tests.intake.test_case_sheets import FORMULAS, HOSTILE
from tests.support.bureau import Bureau, bureau_of
from tests.support.case_sheets import GOOD, filled, live_cells, opened, places_of, rows_of, saved
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
    template,
    upload_of,
)


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


def test_a_row_says_everything_codes_as_text_dates_as_dates_choices_in_words(console: Console, clerk: Person) -> None:
    case = console.bureau.submit(
        deadline=DateSpan(start=date(2026, 6, 30), end=date(2026, 6, 30)),
        budget_amount=Money(low=Decimal(2_800_000), high=Decimal(2_800_000)),
    )
    content = export(clerk).content
    (row,) = rows_of(content, "技术需求")
    assert row["受理编号"] == case.reference
    assert row["办理状态"] == "待受理"
    assert row["统一社会信用代码"] == "91370200264574251E"
    assert row["期望完成时间"].date() == date(2026, 6, 30)
    assert row["拟投入资金（万元）"] == "280万元"
    assert row["所在区（市）"] == "崂山区"
    assert row["提交时间"].isoformat() == "2026-03-02T10:00:00"
    assert row["承办团队"] == "崂山区科创服务团队"
    assert row["质量分"] == case.quality["total"]
    assert row["当前计时"]
    sheet = opened(content)["技术需求"]
    code = sheet.cell(2, places_of(sheet)["统一社会信用代码"])
    assert (code.data_type, code.number_format) == ("s", "@")
    assert sheet.freeze_panes == "B2"


def test_contacts_are_masked_unless_asked_for_by_who_has_the_case_and_that_is_recorded(
    console: Console, clerk: Person
) -> None:
    mine = console.bureau.act("clerk", console.bureau.submit(), "accept")
    free = console.bureau.submit(console.bureau.somebody("zhang"))
    masked = {row["受理编号"]: row for row in rows_of(export(clerk).content, "技术需求")}
    assert {row["联系电话"] for row in masked.values()} == {"138****8000"}
    assert {row["联系人姓名"] for row in masked.values()} == {"张**"}
    assert "unmask" not in events(console, mine)
    refused = export(clerk, full="1")
    assert refused.status_code == 422
    assert "请写明用途" in refused.text
    full = {row["受理编号"]: row for row in rows_of(export(clerk, full="1", reason="电话回访").content, "技术需求")}
    assert full[mine.reference]["联系电话"] == "13800138000"
    assert full[free.reference]["联系电话"] == "138****8000"
    assert events(console, mine).count("unmask") == 1
    assert "unmask" not in events(console, free)


def test_a_restricted_need_gives_its_content_only_to_its_handlers_and_its_contact_to_nobody(console: Console) -> None:
    case = console.bureau.submit(confidentiality="restricted", title="不能外传的关键工艺需求")
    for account, reads in (("city", False), ("lead", True)):
        person = console.staff(account)
        person.confirm()
        (row,) = rows_of(export(person, full="1", reason="核对").content, "技术需求")
        assert row["受理编号"] == case.reference
        assert ("不能外传" in str(row)) is reads
        assert "13800138000" not in str(row)
    assert events(console, case).count("read") == 1
    assert "unmask" not in events(console, case)


def test_the_password_is_asked_for_again_and_the_list_is_not_forgotten(console: Console) -> None:
    case = console.bureau.submit()
    person = console.staff("clerk")
    console.pass_minutes(20)
    asked = export(person, "view=all&kind=technology")
    assert "password_again" in asked.text
    assert 'value="view=all&amp;kind=technology"' in asked.text
    assert Changes(console.bureau.engine).page(what="case_export")[1] == 0
    from tests.support.consoles import PASSWORD

    given = person.post("/queue/export", {"query": "view=all&kind=technology", "password_again": PASSWORD})
    assert references(given.content) == {case.reference}


def test_an_auditor_s_sheet_is_masked_whatever_is_asked(console: Console) -> None:
    console.bureau.submit()
    auditor = console.staff("audit")
    auditor.confirm()
    (row,) = rows_of(export(auditor, full="1", reason="核对").content, "技术需求")
    assert row["联系电话"] == "138****8000"
    assert auditor.post("/queue/publishable", {"query": "view=all"}).status_code == 403


def test_what_people_wrote_is_no_formula_in_any_sheet(console: Console, clerk: Person) -> None:
    """Scenario 21, its first half."""
    for number, payload in enumerate(FORMULAS):
        somebody = console.bureau.somebody(f"p{number}")
        console.bureau.submit(
            somebody, title=f"{payload} 第{number}件", problem=payload * 3, keywords=(payload[:9],),
            confidentiality="public", publish_consent=True, requirements=(payload,),
        )  # fmt: skip
    sheets = [export(clerk).content, clerk.post("/queue/publishable", {"query": "view=all"}).content]
    for content in sheets:
        assert live_cells(content) == []
        assert sum(len(rows_of(content, name)) for name in opened(content).sheetnames) == len(FORMULAS)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_finds_no_formula_in_an_export(console: Console, clerk: Person, tmp_path: Path) -> None:
    for number, payload in enumerate(FORMULAS):
        console.bureau.submit(
            console.bureau.somebody(f"p{number}"), title=f"{payload} 第{number}件", problem=payload * 3
        )
    (tmp_path / "list.xlsx").write_bytes(export(clerk).content)
    order = ["soffice", "--headless", "--convert-to", "fods", "--outdir", str(tmp_path), str(tmp_path / "list.xlsx")]
    subprocess.run(order, check=True, timeout=180, capture_output=True)
    opened_by_it = (tmp_path / "list.fods").read_text("utf-8")
    assert "第0件" in opened_by_it
    assert "table:formula=" not in opened_by_it


def test_only_what_its_owner_agreed_to_is_in_the_sheet_for_the_platform_and_no_contact(
    console: Console, clerk: Person
) -> None:
    submit, somebody = console.bureau.submit, console.bureau.somebody
    public = submit(
        somebody("a"), confidentiality="public", publish_consent=True,
        problem="青岛某某新材料有限公司的膜三个月后通量衰减超过 40%，"
        "有事请打 13912348765 或写信到 a@example.com 联系张晓明。",
    )  # fmt: skip
    on_match = submit(somebody("b"), confidentiality="on_match", publish_consent=True)
    submit(somebody("c"), confidentiality="public", publish_consent=False)
    submit(somebody("d"), confidentiality="restricted")
    ended = submit(somebody("e"), confidentiality="public", publish_consent=True)
    console.bureau.act(console.bureau.owner(ended), ended, "withdraw")
    content = clerk.post("/queue/publishable", {"query": "view=all"}).content
    rows = {row["受理编号"]: row for row in rows_of(content, "科创中国发布稿")}
    assert set(rows) == {public.reference, on_match.reference}
    assert rows[public.reference]["单位全称"] == "青岛某某新材料有限公司"
    assert rows[on_match.reference]["单位全称"] is None
    told = str(rows)
    for hidden in ("13912348765", "13800138000", "a@example.com", "zhang@example.com", "张晓明", "91370200264574251E"):
        assert hidden not in told
    assert "通量衰减超过 40%" in rows[public.reference]["需求内容"]
    assert "青岛某某" not in rows[public.reference]["需求内容"]
    assert rows[public.reference]["发布前还缺"]


def test_a_number_for_a_need_that_is_not_theirs_says_no_more_than_for_one_that_is_not_there(
    console: Console, clerk: Person
) -> None:
    console.bureau.submit(console.bureau.somebody("a"), confidentiality="public", publish_consent=True)
    away = console.bureau.submit(district=JIAOZHOU, confidentiality="public", publish_consent=True)
    sheet = opened(clerk.post("/queue/publishable", {"query": "view=all"}).content)
    said = []
    for number in (away.reference, "KC26-00000-0"):
        page, places = sheet["科创中国发布稿"], places_of(sheet["科创中国发布稿"])
        page.cell(2, places["受理编号"], number)
        page.cell(2, places["平台编号"], "KCZG-9")
        answer = hand_back(clerk, saved(sheet))
        assert answer.status_code == 422
        said.append(answer.text[answer.text.index("没有编号为") :][:80].replace(number, "…"))
    assert said[0] == said[1]
    assert "platform" not in events(console, away)


def test_the_numbers_can_be_taken_away_with_their_codes_by_who_filed_them_only(console: Console, clerk: Person) -> None:
    file_rows(clerk, filled(template(clerk), GOOD))
    (case,) = console.bureau.needs.cases.find()
    (line,), _total = Changes(console.bureau.engine).page(what="case_import")
    private = console.bureau.needs.cases.private(case.id)
    assert private is not None
    (row,) = rows_of(clerk.post(f"/sheets/imports/{line.key}/download").content, "登记结果")
    assert (row["受理编号"], row["查询码"], row["行号"]) == (case.reference, private.query_code, 2)
    colleague = console.staff("lead")
    colleague.confirm()
    assert colleague.get(f"/sheets/imports/{line.key}").status_code == 404
    assert colleague.post(f"/sheets/imports/{line.key}/download").status_code == 404


def test_a_row_of_a_known_name_with_other_contents_is_neither_taken_nor_dropped_in_silence(
    console: Console, clerk: Person
) -> None:
    file_rows(clerk, filled(template(clerk), GOOD))
    page = check(clerk, filled(template(clerk), {**GOOD, "一句话说明": "改成寻找能在低温海水中工作的膜材料"}))
    assert page.status_code == 422
    assert "内容与这次不同" in page.text
    twice = check(clerk, filled(template(clerk), SECOND, SECOND))
    assert twice.status_code == 422
    assert "同一单位的同名需求" in twice.text
    assert count_of(console) == 1


def test_a_form_that_is_sent_twice_registers_once(console: Console, clerk: Person) -> None:
    upload = upload_of(check(clerk, filled(template(clerk), GOOD)))
    assert clerk.post("/sheets/import", {"upload": upload}).status_code == 303
    again = clerk.post("/sheets/import", {"upload": upload})
    assert again.status_code == 409
    assert "请再上传一次" in again.text
    assert count_of(console) == 1


def test_without_the_association_s_name_or_its_declaration_nothing_is_looked_at(
    console: Console, clerk: Person
) -> None:
    content = filled(template(clerk), GOOD)
    for values, said in (({"behalf": ""}, "请填写代报单位全称"), ({"consented": ""}, "没有这项声明不能登记")):
        page = check(clerk, content, **values)
        assert page.status_code == 422
        assert said in page.text
    assert clerk.post("/sheets/check", {"behalf": BEHALF, "consented": "1"}).status_code == 422
    assert count_of(console) == 0


def test_a_file_that_lay_too_long_or_is_somebody_else_s_is_not_taken(console: Console, clerk: Person) -> None:
    content = filled(template(clerk), GOOD)
    upload = upload_of(check(clerk, content))
    other = console.staff("lead")
    assert other.post("/sheets/import", {"upload": upload}).status_code == 409
    for _quarter in range(3):
        console.pass_minutes(KEPT.total_seconds() / 60 / 2)
        clerk.get("/sheets")
    assert clerk.post("/sheets/import", {"upload": upload}).status_code == 409
    assert count_of(console) == 0


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_on_the_page_and_nothing_of_it_is_kept(
    console: Console, clerk: Person, name: str
) -> None:
    page = check(clerk, HOSTILE[name][0]())
    assert page.status_code == 422
    assert 'id="refused"' in page.text
    assert "sheet.error" not in page.text
    assert 'name="upload"' not in page.text
    assert count_of(console) == 0


def test_an_export_that_comes_back_to_the_same_house_registers_nothing(console: Console, clerk: Person) -> None:
    console.bureau.submit()
    page = check(clerk, export(clerk).content)
    assert "这个文件里的 1 件都已登记过" in page.text
    assert count_of(console) == 1


def test_a_masked_export_is_refused_elsewhere_row_by_row(console: Console, clerk: Person, elsewhere: Bureau) -> None:
    console.bureau.submit()
    checked = Imports(elsewhere.needs, elsewhere.accounts).check(export(clerk).content, elsewhere.staff("clerk"))
    assert {(one.fault.row, one.fault.saying.key) for one in checked.faults} == {(2, "sheet.fault.masked")}
    assert {one.fault.heading for one in checked.faults} == {"联系人姓名", "联系电话"}
