"""Staff at the command line: one clear line for each outcome, exit codes as told, nothing seen that is not theirs."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from bot.__main__ import main
from bot.accounts import accounts
from bot.clock import FixedClock
from bot.commands.case_arguments import MOVES as COMMANDS
from bot.commands.case_facts import CLOCKS
from bot.couriers import Courier
from bot.ownership import own
from bot.phrases import Lang, Phrases
from db.engine import reading
from intake.cases import SYSTEM, Case, CaseState
from intake.parties import CandidateStatus, ContactHow
from intake.review import EVENTS, MOVES
from intake.store.cases import verify_chain
from intake.store.tables import register_log
from tests.support.bureau import LAOSHAN, Bureau, bureau_of
from tests.support.needs import PHONE, TEXTS

ROOT = Path(__file__).parents[2]
Run = Callable[..., int]
WORDS = "请补充近三个月的水质检测数据"


@pytest.fixture(autouse=True)
def _logging_put_back() -> Iterator[None]:
    root, level, handlers = logging.root, logging.root.level, logging.root.handlers[:]
    hooks = sys.excepthook, threading.excepthook
    yield
    logging.captureWarnings(False)
    root.handlers[:], sys.excepthook, threading.excepthook = handlers, *hooks
    root.setLevel(level)


@pytest.fixture
def bureau(engine: Engine, data_dir: Path) -> Bureau:
    """By the clock on the wall, as the command line goes by it."""
    return bureau_of(engine, FixedClock(datetime.now(UTC)), data_dir)


@pytest.fixture
def run(engine: Engine, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `case …` as `python -m bot case …` would."""
    monkeypatch.chdir(tmp_path)
    url = engine.url.render_as_string(hide_password=False)
    for name, value in {"EMBED_MODEL": "none", "DATA_DIR": str(data_dir), "DATABASE_URL": url}.items():
        monkeypatch.setenv(name, value)

    def command(*arguments: object, given: str = "") -> int:
        monkeypatch.setattr(sys, "stdin", io.StringIO(given))
        words = [str(argument) for argument in arguments]
        return main(words if words[0] in {"person", "--help"} else ["case", *words])

    return command


@pytest.fixture
def told(capfd: pytest.CaptureFixture[str]) -> Callable[[], tuple[str, str]]:
    """What stood on standard output and on standard error since the last look."""

    def look() -> tuple[str, str]:
        out, err = capfd.readouterr()
        return out, err

    return look


Told = Callable[[], tuple[str, str]]


def state(bureau: Bureau, case: Case) -> CaseState:
    stored = bureau.needs.cases.get(case.reference)
    assert stored is not None
    return stored.state


def refused(run: Run, told: Told, *arguments: object) -> str:
    """The one line a refused command says."""
    told()
    assert run(*arguments) == 1
    out, err = told()
    assert out == ""
    assert len(err.splitlines()) == 1
    return err


# --------------------------------------------------------------------------------------------------------------- look


def test_the_queue_shows_what_is_theirs_with_its_clocks(run: Run, bureau: Bureau, told: Told) -> None:
    case, elsewhere = bureau.submit(), bureau.submit(district="370281")
    assert run("list", "--as", "clerk") == 0
    out, err = told()
    assert all(
        part in out for part in (case.reference, "待受理", "技术需求", "崂山区科创服务团队", "未指派", "受理 剩")
    )
    assert elsewhere.reference not in out
    assert "共 1 件" in out
    assert err == ""


def test_the_queue_is_narrowed_by_every_filter(run: Run, bureau: Bureau, told: Told) -> None:
    mine = bureau.act("clerk", bureau.submit(), "accept")
    other, ended = bureau.submit(None, "talent"), bureau.submit()
    bureau.act(bureau.owner(ended), ended, "withdraw")

    def found(*filters: str) -> set[str]:
        told()
        assert run("list", "--as", "clerk", "--json", *filters) == 0
        return {row["reference"] for row in json.loads(told()[0])}

    assert found() == {mine.reference, other.reference}
    assert found("--state", "accepted") == {mine.reference}
    assert found("--kind", "talent") == {other.reference}
    assert found("--mine") == {mine.reference}
    assert found("--ended") == {mine.reference, other.reference, ended.reference}
    assert found("--state", "withdrawn") == {ended.reference}
    assert found("--text", mine.reference.lower()) == {mine.reference}
    assert found("--text", "反渗透膜", "--kind", "talent", "--district", LAOSHAN, "--team", LAOSHAN) == {
        other.reference
    }
    assert found("--text", "没有这样的需求") == set()


def test_an_empty_queue_is_said_and_is_no_fault(run: Run, bureau: Bureau, told: Told) -> None:
    assert run("list", "--as", "clerk") == 0
    assert told() == ("", "没有符合条件的需求。\n")


def test_a_case_is_shown_whole_with_personal_values_masked(run: Run, bureau: Bureau, told: Told) -> None:
    case = bureau.act("clerk", bureau.submit(), "accept")
    bureau.act("clerk", case, "note", text="先核对专利")
    assert run("show", case.reference, "--as", "clerk") == 0
    out, _ = told()
    wanted = (
        TEXTS["problem"], "138****8000", "张**", "首批对接", "办结", "/20", "孙岚（cli）", "先核对专利", "内部",
        "企业可见", "待受理 → 已受理", "ask（退回补正）", "told（当面或电话告知）",
    )  # fmt: skip
    assert [part for part in wanted if part not in out] == []
    assert "13800138000" not in out
    assert TEXTS["contact_name"] not in out


def test_a_case_as_json_holds_all_of_it_and_no_personal_value(run: Run, bureau: Bureau, told: Told) -> None:
    case = bureau.act("clerk", bureau.submit(), "accept")
    assert run("show", case.reference.lower().replace("-", " "), "--as", "lead", "--json") == 0
    out, err = told()
    facts = json.loads(out)
    assert (facts["reference"], facts["state"], facts["rev"]) == (case.reference, "accepted", case.rev)
    assert [answer["step"] for answer in facts["answers"]] == [
        step.id for step in bureau.needs.formbook.form("technology").steps if step.id in case.answers
    ]
    assert {clock["name"]: clock["state"] for clock in facts["clocks"]}["first_response"] == "met"
    assert [event["action"] for event in facts["history"]] == ["submit", "accept"]
    assert facts["quality"]["total"] == case.quality["total"]
    assert facts["quality"]["reasons"]
    assert {"start", "assign", "route", "ask"} <= set(facts["allowed"])
    assert all(value not in out for value in (PHONE.e164, "13800138000", TEXTS["contact_name"]))
    assert err == ""


def test_files_candidates_tasks_and_like_needs_stand_in_the_sheet(run: Run, bureau: Bureau, told: Told) -> None:
    case = bureau.act("lead", bureau.act("clerk", bureau.submit(), "accept"), "start")
    like = bureau.submit(bureau.somebody("li"), uscc="91110000600037341L")
    party = bureau.needs.docking.parties.all()[0]
    assert run("dock", case.reference, party.name, "--as", "lead") == 0
    (tried,) = bureau.needs.docking.candidates(case)
    assert run("dock-log", tried.id, "--how", "phone", "--result", "愿意见面", "--as", "lead") == 0
    assert run("dock-status", tried.id, "signed", "--amount", "800000", "--tell", "--as", "lead") == 0
    bureau.clock.advance(timedelta(days=20))
    Courier(bureau.engine, bureau.accounts, {}).run_once(bureau.clock.now())
    told()
    assert run("show", case.reference, "--as", "lead") == 0
    out, _ = told()
    wanted = (
        party.name,
        "已签约",
        "800000",
        "愿意见面",
        "电话联系",
        "通知「对接进展」一个工作日内未读",
        like.reference,
    )
    assert [part for part in wanted if part not in out] == []


def test_what_an_enterprise_wrote_steers_no_terminal(run: Run, bureau: Bureau, told: Told) -> None:
    title = "膜\x1b[31m技术\x07\u202e[bold]需求[/bold]"
    case = bureau.submit(title=title)
    for command in (("list",), ("show", case.reference)):
        assert run(*command, "--as", "clerk") == 0
        out, _ = told()
        assert "[bold]需求[/bold]" in out
        assert not set("\x1b\x07\u202e") & set(out)
    assert run("list", "--as", "clerk", "--json") == 0
    assert json.loads(told()[0])[0]["title"] == title


def test_a_restricted_case_is_a_line_to_the_coordinator_and_reading_it_is_recorded(
    run: Run, bureau: Bureau, told: Told
) -> None:
    case = bureau.submit(confidentiality="restricted")
    assert run("show", case.reference, "--as", "city") == 0
    out, _ = told()
    assert "只有经办人可以看内容" in out
    assert TEXTS["problem"] not in out
    assert run("show", case.reference, "--as", "lead", "--json") == 0
    assert TEXTS["problem"] in told()[0]
    assert [event.action for event in bureau.needs.cases.events(case.id)] == ["submit", "read"]


def test_the_whole_number_is_for_who_has_the_case_in_hand_and_is_recorded_with_the_reason(
    run: Run, bureau: Bureau, told: Told
) -> None:
    case = bureau.submit()
    assert run("phone", case.reference, "--as", "clerk", "--reason", "核对信息") == 0
    out, err = told()
    assert "138****8000" in out
    assert "13800138000" not in out
    assert "不在您名下" in err
    bureau.act("clerk", case, "accept")
    assert run("phone", case.reference, "--as", "clerk", "--reason", "核对信息") == 0
    out, err = told()
    assert "联系电话：13800138000" in out
    assert f"联系人姓名：{TEXTS['contact_name']}" in out
    assert err == ""
    last = bureau.needs.cases.events(case.id)[-1]
    assert (last.action, last.actor, last.text) == ("unmask", "clerk", "核对信息")


# ---------------------------------------------------------------------------------------------------------------- act


def test_a_case_goes_from_the_queue_to_its_end(run: Run, bureau: Bureau, told: Told) -> None:
    """Every move of an ordinary life, each a command in a process of its own as far as the database can tell."""
    case = bureau.submit()
    ref = case.reference

    def does(who: str, *words: object) -> None:
        assert run(words[0], ref, *words[1:], "--as", who) == 0, told()

    does("clerk", "claim")
    does("clerk", "ask", "--step", "key_indicators", "--text", WORDS)
    does("clerk", "reply", "--set", "key_indicators=通量 ≥ 30 LMH，按 GB/T 19249 检测", "--text", "企业口述")
    does("lead", "assign", "special")
    does("special", "start")
    does("special", "propose", "extend", "--text", "还差一轮对接")
    does("lead", "extend", "--until", "2029-12-31", "--text", "企业要求延后")
    does("lead", "urge")
    does("special", "note", "--text", "约了周三")
    does("special", "told", "--text", "已电话告知进展")
    does("special", "correct", "--set", "budget_band=50–100 万元", "--text", "企业更正")
    does("special", "verify-uscc")
    does("special", "answer", "--outcome", "intent", "--text", "已与两家达成意向")
    does("special", "dissatisfied", "--text", "没有看到方案")
    does("special", "answer", "--outcome", "solved", "--text", "方案已送达")
    does("special", "close", "--score", 5, "--text", "很满意")
    assert state(bureau, case) is CaseState.CLOSED
    does("lead", "reopen", "--text", "企业来电要求再办")
    does("special", "release")
    does("lead", "withdraw", "--text", "企业自行解决")
    stored = bureau.needs.cases.get(ref)
    events = bureau.needs.cases.events(case.id)
    assert stored is not None
    assert stored.state is CaseState.WITHDRAWN
    assert verify_chain(stored, events)
    assert "通量 ≥ 30 LMH" in str(stored.answers["key_indicators"].value)
    by_phone = [(event.action, event.actor_kind, event.via) for event in events if event.via == "phone"]
    assert by_phone == [(action, "person", "phone") for action in ("reply", "dissatisfied", "confirm", "withdraw")]
    taken = [event.text for event in events if event.action == "told_offline"]
    assert taken[-2:] == ["企业来电：确认办结。很满意", "企业来电：撤回。企业自行解决"]


def test_a_case_is_sent_on_sent_back_and_decided(run: Run, bureau: Bureau, told: Told) -> None:
    case, register = bureau.submit(), bureau.needs.register
    register.join("370213", "special", SYSTEM, bureau.clock.now(), lead=False, liaison=False)
    register.join("370213", "lead", SYSTEM, bureau.clock.now(), lead=True, liaison=False)
    ref = case.reference
    assert run("route", ref, "370213", "--co-team", "city", "--text", "属李沧", "--as", "clerk") == 0
    assert run("bounce", ref, "--reason", "wrong_area", "--text", "注册地在崂山", "--as", "lead") == 0
    assert run("adjudicate", ref, "370213", "--text", "生产在李沧，由李沧办理", "--as", "city") == 0
    assert run("claim", ref, "--as", "special") == 0
    assert state(bureau, case) is CaseState.IN_PROGRESS
    assert run("rekind", ref, "expert_visit", "--text", "企业要的是上门指导", "--as", "lead") == 0
    other = bureau.submit()
    bureau.act("clerk", other, "route", team="370213")
    part = "高盐废水的在线清洗方案|需要一套可以在线清洗膜的完整方案"
    assert run("split", ref, "--part", part, "--text", "两件事", "--as", "lead") == 0
    assert run("merge", other.reference, "--into", ref, "--text", "同一件事", "--as", "lead") == 0
    assert state(bureau, other) is CaseState.MERGED
    why = ("--reason", "out_of_scope", "--text", "属于工程招投标，不在受理范围", "--alternative", "请咨询交易中心")
    assert run("reject", bureau.submit().reference, *why, "--as", "clerk") == 0


def test_a_case_is_published_outside(run: Run, bureau: Bureau, told: Told) -> None:
    case = bureau.submit(publish_consent=True, confidentiality="public", ip_ownership="shared", tried=TEXTS["problem"])
    case = bureau.act("lead", bureau.act("clerk", case, "accept"), "start")
    link = ("--ref", "KCZG-1", "--url", "https://example.org/1", "--expires", "2099-12-31")
    assert run("publish", case.reference, *link, "--as", "lead") == 0
    assert run("response", case.reference, "--text", "一家单位来电", "--as", "lead") == 0
    assert state(bureau, case) is CaseState.DOCKING


def test_every_staff_move_of_the_table_has_its_command() -> None:
    called = {
        "confirm": "close", "told_offline": "told", "verify_uscc": "verify-uscc", "take_over": "take-over",
        "hand_back": "hand-back",
    }  # fmt: skip
    system_only = {"submit", "remind", "timeout", "expire", "follow"}
    elsewhere = {"dock", "undock"}
    wanted = {called.get(move.action, move.action) for move in MOVES} - system_only - elsewhere
    assert wanted <= set(COMMANDS)


# ----------------------------------------------------------------------------------------------------------- refusals


def test_what_is_not_possible_now_is_said_with_what_is(run: Run, bureau: Bureau, told: Told) -> None:
    case = bureau.act("clerk", bureau.submit(), "accept")
    said = refused(run, told, "bounce", case.reference, "--reason", "wrong_area", "--text", "x", "--as", "lead")
    assert "现在可以：" in said
    assert "start（开始办理）" in said
    assert "bounce（" not in said
    assert state(bureau, case) is CaseState.ACCEPTED


@pytest.mark.parametrize("command", ["show", "claim", "phone"])
def test_a_case_that_is_not_there_and_one_not_theirs_look_the_same(
    run: Run, bureau: Bureau, told: Told, command: str
) -> None:
    hidden = bureau.submit(district="370281")
    extra = ("--reason", "x") if command == "phone" else ()
    said = refused(run, told, command, hidden.reference, "--as", "clerk", *extra)
    assert "没有找到" in said
    absent = refused(run, told, command, "KC26-22222-2", "--as", "clerk", *extra)
    assert said.split(hidden.reference)[0] == absent.split("KC26-22222-2")[0]
    assert "没有找到" in refused(run, told, command, "乱写的\x1b[0m", "--as", "clerk", *extra)


def test_the_second_of_two_clerks_is_told_who_was_first(run: Run, bureau: Bureau, told: Told) -> None:
    case = bureau.submit()
    assert run("claim", case.reference, "--as", "clerk") == 0
    said = refused(run, told, "accept", case.reference, "--as", "lead")
    assert "正由 孙岚 办理" in said
    assert "孙岚 于" in said
    assert "「受理」" in said


def test_what_was_changed_since_it_was_read_is_not_done(run: Run, bureau: Bureau, told: Told) -> None:
    case = bureau.submit()
    bureau.act("lead", case, "note", text="先别受理")
    said = refused(run, told, "claim", case.reference, "--rev", case.rev, "--as", "clerk")
    assert "周静 于" in said
    assert "「备注」" in said
    assert "版本 2" in said
    assert run("claim", case.reference, "--rev", 2, "--as", "clerk") == 0


@pytest.mark.parametrize("account", ["nobody", "", "boss\x1b[0m"])
def test_an_account_that_is_none_is_said(run: Run, bureau: Bureau, told: Told, account: str) -> None:
    assert "没有工作人员账户" in refused(run, told, "list", "--as", account)


def test_an_account_that_was_retired_is_none(run: Run, bureau: Bureau, told: Told) -> None:
    bureau.needs.register.retire("clerk", SYSTEM, bureau.clock.now())
    assert "没有工作人员账户" in refused(run, told, "list", "--as", "clerk")


def test_an_admin_sees_no_case_and_an_auditor_changes_none(run: Run, bureau: Bureau, told: Told) -> None:
    case = bureau.submit()
    assert run("list", "--as", "boss", "--json") == 0
    assert json.loads(told()[0]) == []
    assert "没有找到" in refused(run, told, "show", case.reference, "--as", "boss")
    assert run("show", case.reference, "--as", "audit") == 0
    refused(run, told, "claim", case.reference, "--as", "audit")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list", "--state", "open"), "submitted、"),
        (("list", "--kind", "money"), "technology"),
        (("extend", "REF", "--until", "明年", "--text", "x"), "YYYY-MM-DD"),
        (("publish", "REF", "--ref", "1", "--url", "x", "--expires", "2026-02-30"), "YYYY-MM-DD"),
        (("split", "REF", "--part", "只有名称", "--text", "x"), "名称|一句话说明"),
        (("correct", "REF", "--set", "budget_band"), "项目=内容"),
        (("correct", "REF", "--set", "no_such=1"), "no_such"),
        (("correct", "REF", "--set", "budget_band=很多很多"), "拟投入资金"),
        (("correct", "REF", "--set", "contact_phone=123"), "联系电话"),
        (("ask", "REF", "--text", ""), "要补充的项目"),
        (("route", "REF", "nowhere"), "nowhere"),
        (
            ("reject", "REF", "--reason", "x", "--text", "十个字以上的理由写在这里", "--alternative", "y"),
            "out_of_scope",
        ),
        (("merge", "REF", "--into", "KC26-22222-2", "--text", "x"), "没有找到"),
        (("note", "REF", "--text", "身份证 11010519491231002X"), "身份证"),
        (("task-done", "99", "--result", "x"), "99"),
        (("dock-status", "99", "signed"), "99"),
        (("dock-status", "99", "married"), "interested"),
        (("dock-log", "99", "--how", "pigeon", "--result", "x"), "meeting"),
        (("dock", "REF", "没有这家单位"), "没有这家单位"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line_and_changes_nothing(
    run: Run, bureau: Bureau, told: Told, words: tuple[str, ...], said: str
) -> None:
    case = bureau.submit()
    given = [case.reference if word == "REF" else word for word in words]
    assert said in refused(run, told, *given, "--as", "lead")
    assert bureau.needs.cases.get(case.reference) == case


@pytest.mark.parametrize("words", [(), ("dance",), ("list",), ("claim", "--as", "x"), ("ask", "REF", "--as", "x")])
def test_a_command_line_that_is_none_ends_with_two(run: Run, told: Told, words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["case", *words])
    assert ended.value.code == 2
    assert "usage" in told()[1]


@pytest.mark.parametrize("words", [("--help",), ("ask", "--help")])
def test_the_help_says_the_exit_codes(told: Told, words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["case", *words])
    assert ended.value.code == 0
    assert "exit codes:" in told()[0]


def test_it_works_while_a_server_owns_the_data_folder(run: Run, bureau: Bureau, data_dir: Path, told: Told) -> None:
    case = bureau.submit()
    with own(data_dir, "serve"):
        assert run("claim", case.reference, "--as", "clerk") == 0
    assert state(bureau, case) is CaseState.ACCEPTED


# ------------------------------------------------------------------------------------------------------- tasks, inbox


def test_a_call_is_listed_made_and_done(run: Run, bureau: Bureau, told: Told) -> None:
    case = bureau.act("clerk", bureau.submit(bureau.somebody("4711", "telegram")), "accept")
    Courier(bureau.engine, bureau.accounts, {}).run_once(bureau.clock.now())
    assert run("tasks", "--as", "clerk", "--json") == 0
    (task,) = json.loads(told()[0])
    assert (task["reference"], task["kind"], task["reason"]) == (case.reference, "call", "unread/accepted")
    assert run("tasks", "--as", "clerk") == 0
    assert "电话联系" in told()[0]
    assert run("task-done", task["id"], "--result", "已电话告知", "--as", "clerk") == 0
    assert "99" not in refused(run, told, "task-done", task["id"], "--result", "again", "--as", "clerk")
    assert run("tasks", "--as", "clerk") == 0
    assert told() == ("", "没有待办。\n")
    last = bureau.needs.cases.events(case.id)[-1]
    assert (last.action, last.actor, last.text) == ("called", "clerk", "已电话告知")


def test_a_task_of_a_case_that_is_not_theirs_is_none(run: Run, bureau: Bureau, told: Told) -> None:
    hidden = bureau.submit(bureau.somebody("4711", "telegram"), district="370281")
    bureau.act("city", hidden, "accept")
    Courier(bureau.engine, bureau.accounts, {}).run_once(bureau.clock.now())
    assert run("tasks", "--as", "clerk", "--json") == 0
    assert json.loads(told()[0]) == []
    refused(run, told, "task-done", "1", "--result", "x", "--as", "clerk")


def test_news_is_read_once_unless_it_is_kept(run: Run, bureau: Bureau, told: Told) -> None:
    case = bureau.submit()
    assert run("inbox", "--as", "clerk", "--keep") == 0
    assert f"{case.reference}（技术需求）新到" in told()[0]
    assert run("inbox", "--as", "clerk", "--json") == 0
    assert [(row["kind"], row["reference"], row["to"]) for row in json.loads(told()[0])] == [
        ("new", case.reference, LAOSHAN)
    ]
    assert run("inbox", "--as", "clerk") == 0
    assert told() == ("", "没有新消息。\n")


def test_parties_worth_asking_are_named_for_who_reads_the_case(run: Run, bureau: Bureau, told: Told) -> None:
    case = bureau.submit(industry="marine", confidentiality="restricted")
    assert run("parties", case.reference, "--as", "lead", "--most", 3) == 0
    assert len(told()[0].splitlines()) == 3
    assert "没有找到" in refused(run, told, "parties", case.reference, "--as", "city")


def test_a_candidate_added_by_mistake_is_taken_away(run: Run, bureau: Bureau, told: Told) -> None:
    case = bureau.act("lead", bureau.act("clerk", bureau.submit(), "accept"), "start")
    assert run("dock", case.reference, bureau.needs.docking.parties.all()[0].id, "--as", "lead") == 0
    assert state(bureau, case) is CaseState.DOCKING
    (tried,) = bureau.needs.docking.candidates(case)
    assert run("undock", tried.id, "--text", "点错了", "--as", "lead") == 0
    assert state(bureau, case) is CaseState.IN_PROGRESS


# ------------------------------------------------------------------------------------------------------------- person


def logged(bureau: Bureau) -> list[Any]:
    with reading(bureau.engine) as connection:
        return list(connection.execute(select(register_log).where(register_log.c.what == "person")))


def test_a_person_is_exported_and_erased_on_their_request(run: Run, bureau: Bureau, told: Told) -> None:
    wang = bureau.somebody()
    case = bureau.submit(wang)
    assert run("person", "export", case.reference, "--as", "boss", "--reason", "本人书面申请") == 0
    kept = told()[0]
    assert all(value in kept for value in (case.reference, TEXTS["problem"], "13800138000", TEXTS["contact_name"]))
    assert json.loads(kept)["accounts"][0]["account"] == wang.id
    assert run("person", "erase", wang.id, "--as", "boss", "--reason", "本人书面申请") == 0
    assert "1 件需求" in told()[1]
    stored = bureau.needs.cases.get(case.reference)
    assert stored is not None
    assert (stored.erased, stored.title, stored.state) == (True, "", CaseState.WITHDRAWN)
    assert bureau.needs.cases.private(case.id) is None
    with reading(bureau.engine) as connection:
        assert connection.scalar(select(accounts.c.id).where(accounts.c.id == wang.id)) is None
    assert [(row.actor, row.key, row.after["did"], row.after["reason"]) for row in logged(bureau)] == [
        ("boss", wang.person, "export", "本人书面申请"),
        ("boss", wang.person, "erase", "本人书面申请"),
    ]
    assert run("show", case.reference, "--as", "lead") == 0
    out = told()[0]
    assert "个人信息已按要求抹去" in out
    assert TEXTS["problem"] not in out


def test_only_admins_and_the_coordinator_may_and_only_whom_there_is(run: Run, bureau: Bureau, told: Told) -> None:
    case = bureau.submit()
    for who in ("clerk", "lead", "audit"):
        said = refused(run, told, "person", "erase", case.reference, "--as", who, "--reason", "x")
        assert "管理员" in said
    assert "没有找到" in refused(run, told, "person", "export", "KC26-22222-2", "--as", "boss", "--reason", "x")
    assert "没有找到" in refused(run, told, "person", "erase", "nobody", "--as", "city", "--reason", "x")
    assert logged(bureau) == []


def test_the_help_of_all_its_commands_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from bot.__main__ import parser\n"
        "from bot.commands.case_arguments import MOVES\n"
        "looking = ['list', 'show', 'phone', 'tasks', 'task-done', 'inbox', 'parties', 'dock', 'dock-log', 'undock']\n"
        "cases = [['case', name] for name in (*looking, *MOVES)]\n"
        "for words in (['case'], *cases, ['backup'], ['restore'], ['person', 'export'], ['person', 'erase']):\n"
        "    try:\n        parser().parse_args([*words, '--help'])\n"
        "    except SystemExit as ended:\n        assert ended.code == 0, words\n"
        "heavy = {'fastapi', 'sqlalchemy', 'numpy', 'pydantic', 'rich', 'httpx'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "[]\n")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_code_a_sheet_shows_has_a_word(lang: Lang) -> None:
    phrases = Phrases(lang, "desk")
    codes = {
        "action": {move.action for move in MOVES} | set(EVENTS),
        "state": set(CaseState),
        "clock": set(CLOCKS),
        "candidate": set(CandidateStatus),
        "how": set(ContactHow),
        "about": {notice.partition(":")[2] for move in MOVES for notice in move.notices if notice.startswith("owner:")},
    }
    missing = [
        f"{table}.{code}" for table, each in codes.items() for code in each if not phrases.has(f"{table}.{code}")
    ]
    assert missing == []
