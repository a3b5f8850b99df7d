"""The pages of numbers: who may see what, what is not known, wrong dates, charts, sheets, the plan's targets."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from openpyxl import load_workbook
from pydantic import TypeAdapter
from sqlalchemy import Engine, select

from bot.clock import FixedClock
from bot.console.numbers_charts import Series, bars, draw
from bot.console.numbers_tables import Cell, Table, as_sheet
from bot.console.numbers_talk import funnel_of
from bot.console.store.talk_numbers import endings, people_who_asked, reached, submitted
from bot.console.tables import exports
from bot.console.words import load_words
from bot.history import History
from bot.messages import FormPart, Message, Reply
from db.engine import reading
from intake.statistics_periods import Span
from tests.support.bureau import LAOSHAN, Bureau, bureau_of
from tests.support.consoles import Console, Person

JIAOZHOU = "370281"
TODAY = Span(datetime(2026, 3, 2).date(), datetime(2026, 3, 2).date())  # noqa: DTZ001  # only its day
_REPLY = TypeAdapter(Reply)
_TAGS = re.compile(r"<[^>]+>")
TABS = ("", "/talk", "/docking", "/targets")


def rows_of(page: str, table: str) -> dict[str, list[str]]:
    """The lines of a table by their first cell, in words."""
    part = page.split(f'aria-label="{table}"', 1)[1].split("</table>", 1)[0]
    lines = [
        [" ".join(_TAGS.sub(" ", cell).split()) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line, re.DOTALL)]
        for line in re.findall(r"<tr[^>]*>(.*?)</tr>", part, re.DOTALL)
    ]
    return {line[0]: line[1:] for line in lines if line}


def say(bureau: Bureau, who: str, status: str, form: FormPart | None = None) -> None:
    account, reply = bureau.somebody(who).id, Reply(status, "答", form=form)
    history = History(bureau.engine, bureau.clock)
    number = len(history.export(account))
    message = Message(f"{who}-{number}", account, "c", bureau.clock.now(), text="问")
    history.record(message, reply, _REPLY.dump_json(reply).decode())


def asked(draft: str, step: str, kind: str = "technology", shape: Any = "text") -> FormPart:
    return FormPart(draft, 1, 9, shape, kind, step, "请填写")


# ---------------------------------------------------------------------------------------------------------- the cases


def test_the_page_says_what_happened_and_what_is_not_known(console: Console, bureau: Bureau) -> None:
    bureau.submit(bureau.somebody("a"))
    accepted = bureau.submit(bureau.somebody("b"), "talent")
    bureau.clock.advance(timedelta(hours=1))
    bureau.act("clerk", accepted, "accept")
    page = console.staff("city").get("/numbers?by=kind").text
    overview = rows_of(page, "指标一览")
    assert overview["提交"] == ["2", "0", "+2"]
    assert overview["首次响应（中位）"] == ["1 小时", "无数据", "—"]
    assert overview["首次响应按时率"] == ["100.0%", "无数据", "—"]
    assert overview["满意度（5 分制）"] == ["无数据", "无数据", "—"]
    assert overview["在办（期末）"] == ["2", "0", "+2"]
    assert rows_of(page, "各类别")["技术需求"][:4] == ["1 +1", "0 持平", "1 +1", "无数据"]


def test_a_case_of_a_zone_is_counted_in_its_host_district(console: Console, bureau: Bureau) -> None:
    case = bureau.submit(district=JIAOZHOU, zone="sco_demo")
    assert case.team == "sco_demo"
    city = console.staff("city")
    assert set(rows_of(city.get("/numbers?by=district").text, "各区市")) == {"区市", "胶州市"}
    assert "上合示范区" in "".join(rows_of(city.get("/numbers?by=team").text, "各团队"))


def test_everybody_counts_the_cases_they_may_see(console: Console, bureau: Bureau) -> None:
    places = [(LAOSHAN, "public"), (LAOSHAN, "restricted"), (JIAOZHOU, "public")]
    for number, (district, secrecy) in enumerate(places):
        bureau.submit(bureau.somebody(f"p{number}"), district=district, confidentiality=secrecy)
    seen = {"clerk": "2", "special": "2", "lead": "2", "far": "1", "city": "3", "audit": "3"}
    for account, count in seen.items():
        assert rows_of(console.staff(account).get("/numbers").text, "指标一览")["提交"][0] == count, account


@pytest.mark.parametrize("account", ["edit", "boss"])
def test_who_sees_no_case_sees_no_number(console: Console, account: str) -> None:
    for tab in TABS:
        assert console.staff(account).get(f"/numbers{tab}").status_code == 403
    assert 'href="/console/numbers"' not in console.staff(account).get("/me").text


def test_conversations_are_for_who_oversees(console: Console) -> None:
    for account, status in {"clerk": 403, "special": 403, "lead": 200, "city": 200, "audit": 200}.items():
        person = console.staff(account)
        assert person.get("/numbers/talk").status_code == status
        assert ('href="/console/numbers/talk"' in person.get("/numbers").text) == (status == 200)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("period=own&from=2026-03-02&to=2026-03-01", "开始日期在结束日期之后"),
        ("period=own&from=2026-03-02", "起、止两天都填上"),
        ("period=own&from=2020-01-01&to=2026-03-01", "最多一次看三年"),
        ("period=month&day=2026-05-01", "还没到"),
        ("period=week&day=9999-12-31", "还没到"),
        ("period=month&day=1999-05-01", "最早可以看 2000 年"),
        ("day=2026-02-30", "日期不对"),
        ("day=%00%27%22%3Cscript%3E", "日期不对"),
    ],
)
def test_days_that_cannot_be_counted_are_said_and_kept(console: Console, query: str, said: str) -> None:
    for tab in TABS[:3]:
        page = console.staff("city").get(f"/numbers{tab}?{query}")
        assert page.status_code == 422
        assert said in page.text
        assert "<script>" not in page.text
        assert "<picture" not in page.text
    if "2026-03-02" in query:
        assert 'value="2026-03-02"' in page.text


def test_one_can_go_to_the_period_before_and_after(console: Console, bureau: Bureau) -> None:
    bureau.submit()
    city = console.staff("city")
    page = city.get("/numbers").text
    assert "2026-03-01 – 2026-03-02" in page
    assert 'rel="next"' not in page
    (before,) = re.findall(r'rel="prev" href="([^"]+)"', page)
    earlier = city.get(before.removeprefix("/console").replace("&amp;", "&")).text
    assert "2026-02-01 – 2026-02-28" in earlier
    assert 'rel="next"' in earlier
    assert rows_of(earlier, "指标一览")["提交"] == ["0", "0", "持平"]


def test_every_page_speaks_english_too(console: Console, bureau: Bureau) -> None:
    bureau.act("clerk", bureau.submit(), "accept")
    say(bureau, "a", "answered")
    city = console.staff("city")
    for path in (*TABS, "/targets/of/events", "/targets/of/platform_use"):
        page = city.get(f"/numbers{path}?lang=en").text
        shown = _TAGS.sub(" ", page.split("<main", 1)[1])
        assert not re.search(r"\b(numbers|aim)\.[a-z_]+", shown), path
    assert "not reported" in page


# -------------------------------------------------------------------------------------------------- charts and sheets


def test_every_chart_of_a_page_is_a_picture_without_scripts(console: Console, bureau: Bureau) -> None:
    bureau.act("clerk", bureau.submit(), "accept")
    city = console.staff("city")
    addresses = re.findall(r'srcset="([^"]+)"|<img src="([^"]+/chart/[^"]+)"', city.get("/numbers").text)
    wanted = [(one or other).replace("&amp;", "&").removeprefix("/console") for one, other in addresses]
    assert len(wanted) == 16  # four charts, each for light, dark and paper, wide and narrow
    for address in wanted:
        picture = city.get(address)
        assert picture.headers["content-type"] == "image/svg+xml"
        assert b"<script" not in picture.content
        assert b"href=" not in picture.content
        ElementTree.fromstring(picture.content)  # noqa: S314  # our own
    assert city.get("/numbers/cases/chart/nothing").status_code == 404
    assert city.get("/numbers/cases/chart/trend?period=own").status_code == 404


def test_what_is_not_known_has_no_bar_and_names_are_text() -> None:
    chart = bars("x", ["<script>", "乙"], Series("甲&", (None, 50)), unit="%", top=100, lying=True)
    for dark in (False, True):
        for narrow in (False, True):
            drawn = draw(chart, dark=dark, narrow=narrow).decode()
            assert "<script" not in drawn
            assert drawn.count('class="rect reactive') == 1
            assert "50%" in drawn


def test_a_table_is_taken_away_as_a_sheet_and_that_is_on_record(console: Console, bureau: Bureau) -> None:
    bureau.submit()
    city = console.staff("city")
    sheet = city.get("/numbers/cases/sheet/overview")
    assert sheet.status_code == 200
    assert "attachment" in sheet.headers["content-disposition"]
    rows = list(load_workbook(io.BytesIO(sheet.content)).worksheets[0].iter_rows(values_only=True))
    assert rows[:2] == [("指标", "本期", "上期", "变化"), ("提交", "1", "0", "'+1")]
    assert ("满意度（5 分制）", "无数据", "无数据", "—") in rows
    assert city.get("/numbers/cases/sheet/nothing").status_code == 404
    with reading(bureau.engine) as connection:
        taken = [(row.staff, row.what) for row in connection.execute(select(exports))]
    assert taken == [("city", "numbers.cases.overview")]


def test_no_cell_of_a_sheet_is_a_formula() -> None:
    words = load_words()["zh"]
    risky = ('=HYPERLINK("http://a")', "+1", "@SUM(A1)", "-1", "0012")
    table = Table("t", "表", ("名称", "数"), tuple((Cell(text), Cell(text, text)) for text in risky))
    for sheet in load_workbook(io.BytesIO(as_sheet(table, words, "=1"))).worksheets:
        cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
        assert {cell.data_type for cell in cells} == {"s"}
        assert not [cell.value for cell in cells if str(cell.value).startswith(("=", "+", "@", "-"))]


# ------------------------------------------------------------------------------------------------------ conversations


@pytest.fixture
def spoken(engine: Engine, clock: FixedClock, data_dir: Path) -> Bureau:
    """Ten turns of four people on 2 March, and what a day before and a day after were said."""
    bureau = bureau_of(engine, clock, data_dir)
    say(bureau, "早", "answered")
    clock.moment = datetime(2026, 3, 2, 2, 0, tzinfo=UTC) - timedelta(days=1)
    say(bureau, "前", "answered")
    clock.moment = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
    for status in ("answered", "answered", "clarify", "smalltalk", "unanswerable_not_found", "guarded_private"):
        say(bureau, "甲", status)
    say(bureau, "乙", "unanswerable_not_found")
    say(bureau, "乙", "form_human")
    say(bureau, "丙", "form_question", asked("d1", "problem"))
    clock.moment += timedelta(days=1)
    say(bureau, "后", "answered")
    return bureau


def test_turns_are_counted_by_how_they_ended(spoken: Bureau) -> None:
    with reading(spoken.engine) as connection:
        assert endings(connection, TODAY) == {
            "answered": 3, "clarify": 1, "smalltalk": 1, "unanswerable_not_found": 2, "guarded_private": 1,
            "form_human": 1, "form_question": 1,
        }  # fmt: skip
        assert people_who_asked(connection, TODAY) == 3


def test_the_page_tells_asked_answered_and_refused_apart(spoken: Bureau) -> None:
    page = Console(spoken).staff("city").get("/numbers/talk?period=own&from=2026-03-02&to=2026-03-02").text
    told = rows_of(page, "提问与回答")
    assert told["提问"][0] == "7 +6"
    assert told["已回答"] == ["3 +2", "42.9% −57.1 个百分点"]
    assert told["没有回答"][0] == "3 +3"
    causes = rows_of(page, "没有回答的原因")
    assert (causes["没有查到"], causes["涉及他人隐私"], causes["问的是外地"]) == (["2 +2"], ["1 +1"], ["0 持平"])
    assert rows_of(page, "转给人工")["说要找人工"] == ["1 +1"]
    assert "早" not in page.split("<main", 1)[1]


def test_a_funnel_says_where_drafts_were_left(engine: Engine, clock: FixedClock, data_dir: Path) -> None:
    """d1 is left at the second question, d2 at the third and asked again; d3 is under way; d4 became a case."""
    bureau = bureau_of(engine, clock, data_dir)
    form = bureau.needs.formbook.form("technology")
    first, second, third = (step.id for step in form.steps[:3])
    for draft, steps in {"d1": (first, second), "d2": (first, second, third, second, third)}.items():
        say(bureau, draft, "form_question", asked(draft, "", shape="story"))
        for step in steps:
            say(bureau, draft, "form_question", asked(draft, step))
    say(bureau, "x", "form_question", asked("other", first, "talent"))
    case = bureau.submit()
    assert case.draft is not None
    for step in (first, second, third):
        say(bureau, "d4", "form_question", asked(case.draft, step))
    say(bureau, "d4", "form_card", asked(case.draft, "", shape="card"))
    clock.moment += timedelta(hours=25)
    say(bureau, "d3", "form_invalid", asked("d3", first))
    clock.moment += timedelta(hours=1)
    day_after = Span(TODAY.last + timedelta(days=1), TODAY.last + timedelta(days=1))
    with reading(engine) as connection:
        rows = reached(connection, "technology", Span(TODAY.first, day_after.last))
        assert {row.draft for row in reached(connection, "technology", TODAY)} == {"d1", "d2", case.draft}
        assert {row.draft for row in reached(connection, "technology", day_after)} == {"d3"}
        done = submitted(connection, {row.draft for row in rows})
    found = funnel_of(form, rows, done, clock.now())
    assert (found.drafts, found.submitted) == (4, 1)
    assert [(step.step, step.reached, step.left, step.waiting) for step in found.steps] == [
        ("story", 2, 0, 0), (first, 4, 0, 1), (second, 3, 1, 0), (third, 2, 1, 0), ("card", 1, 0, 0),
    ]  # fmt: skip
    page = Console(bureau).staff("city").get("/numbers/talk?form=technology").text
    funnel = rows_of(page, "对话填表走到哪一步：技术需求")
    assert funnel[form.steps[1].label] == ["3", "75.0%", "1", "0"]
    assert funnel["已提交"][:2] == ["1", "25.0%"]


# -------------------------------------------------------------------------------------------------------- the targets

ENTRY = {"name": "中国海洋学会服务站", "number": "1", "day": "2026-03-01", "evidence": "共建协议"}
STATIONS = "/numbers/targets/of/society_stations"


def enter(person: Person, target: str = "society_stations", **values: str) -> Any:
    return person.post(f"/numbers/targets/of/{target}", {**ENTRY, **values})


def told_targets(person: Person) -> dict[str, list[str]]:
    return rows_of(person.get("/numbers/targets").text, "2020年方案目标")


def test_the_page_of_targets_equals_a_hand_count(console: Console) -> None:
    city = console.staff("city")
    assert {line[1] for name, line in told_targets(city).items() if name != "目标"} == {"未填报"}
    for name, number in (("中国海洋学会服务站", "1"), ("服务站名单", "6")):
        assert enter(city, name=name, number=number).status_code == 303
    assert enter(city, "platform_use", name="高新技术企业", number="3000", whole="4000").status_code == 303
    assert enter(city, "platform_use", name="高等院校", number="25", whole="30").status_code == 303
    assert enter(city, "studies", name="2026年课题", number="0").status_code == 303
    found = told_targets(city)
    assert found["全国学会服务站"] == ["≥ 30 家", "7 家", "23.3%", "2", "2026-03-01"]
    assert found["高端智库服务重大课题调研"][1] == "0 个"
    assert found["海外创新驿站"] == ["≥ 10 家", "未填报", "未填报", "0", "未填报"]
    (share,) = (line for name, line in found.items() if "平台" in name)
    assert share[:3] == ["≥ 80%", "75.1%", "93.8%"]  # 3025 of 4030
    listed = rows_of(city.get(STATIONS).text, "数字背后的清单")
    assert {name: line[0] for name, line in listed.items()} == {
        "名称": "数量", "中国海洋学会服务站": "1", "服务站名单": "6",
    }  # fmt: skip
    sheet = load_workbook(io.BytesIO(city.get("/numbers/targets/sheet/society_stations").content)).worksheets[0]
    assert [row[:2] for row in sheet.iter_rows(min_row=2, values_only=True)] == [
        ("中国海洋学会服务站", "1"), ("服务站名单", "6"),
    ]  # fmt: skip


def test_only_the_city_s_coordinator_enters(console: Console) -> None:
    for account in ("clerk", "special", "lead", "audit"):
        person = console.staff(account)
        assert enter(person).status_code == 403
        page = person.get(STATIONS)
        assert page.status_code == 200
        assert "<textarea" not in page.text
    assert told_targets(console.staff("audit"))["全国学会服务站"][1] == "未填报"


def test_a_correction_and_a_withdrawal_stay_in_the_history(console: Console) -> None:
    city = console.staff("city")
    enter(city)
    enter(city, name="写错的站")
    page = city.get(f"{STATIONS}?correct=1").text
    assert 'value="中国海洋学会服务站"' in page
    assert enter(city, number="2", replaces="1").status_code == 303
    assert enter(city, number="3", replaces="1").status_code == 409
    assert city.post(f"{STATIONS}/withdraw", {"replaces": "2", "why": ""}).status_code == 422
    assert city.post(f"{STATIONS}/withdraw", {"replaces": "2", "why": "没有这个站"}).status_code == 303
    assert told_targets(city)["全国学会服务站"][1] == "2 家"
    page = city.get(STATIONS).text
    for words in ("填报历史（4 次", "已被更正", "已撤回", "没有这个站", "写错的站"):
        assert words in page
    for path, replaces in (("events", "3"), ("society_stations", "99"), ("society_stations", "x")):
        assert enter(city, path, replaces=replaces).status_code == 422


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"number": "一"}, "请填整数"),
        ({"number": "-1"}, "请填整数"),
        ({"name": ""}, "请写名称"),
        ({"evidence": ""}, "请写依据"),
        ({"link": "javascript:alert(1)"}, "网址不对"),
        ({"day": "2026-03-03"}, "到今天之间的日期"),
        ({"day": "昨天"}, "日期"),
        ({"day": ""}, "日期"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(console: Console, values: dict[str, str], said: str) -> None:
    city = console.staff("city")
    page = enter(city, **{"name": "某站<b>", **values})
    assert page.status_code == 422
    assert said in page.text
    assert "<b>" not in page.text.split("<main", 1)[1].replace('<p class="aim-now"><b>', "")
    if "name" not in values:
        assert "某站&lt;b&gt;" in page.text
    assert told_targets(city)["全国学会服务站"][1] == "未填报"


def test_a_file_is_kept_as_evidence_and_only_ever_saved(console: Console) -> None:
    city = console.staff("city")
    content = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    sent = city.post(STATIONS, ENTRY, files={"file": ("共建协议.pdf", content, "application/pdf")})
    assert sent.status_code == 303
    given = console.staff("lead").get("/numbers/targets/evidence/1")
    assert given.content == content
    assert given.headers["content-type"] == "application/octet-stream"
    assert given.headers["content-disposition"].startswith("attachment")
    bad = city.post(
        STATIONS, {**ENTRY, "name": "另一站"}, files={"file": ("x.html", b"<script>1</script>", "text/html")}
    )
    assert (bad.status_code, "附件没有收下" in bad.text) == (422, True)
    for number in ("2", "x", "99999999999999999999"):
        assert city.get(f"/numbers/targets/evidence/{number}").status_code == 404


def test_the_targets_have_a_chart_once_something_is_entered(console: Console) -> None:
    city = console.staff("city")
    assert "<picture" not in city.get("/numbers/targets").text
    enter(city)
    assert "<picture" in city.get("/numbers/targets").text
    drawn = city.get("/numbers/targets/chart/targets").content
    assert drawn.count(b'class="rect reactive') == 1
