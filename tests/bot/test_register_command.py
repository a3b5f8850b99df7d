"""`staff`, `team`, `party`, `matrix` inside one process: who may, what is said, what stands in the registers then."""

from __future__ import annotations

import logging
import re
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine, select

from bot.__main__ import main
from bot.phrases import Phrases
from db.engine import reading
from intake.parties import PartyType
from intake.store.parties import Parties
from intake.store.register import Register
from intake.store.tables import register_log

ROOT = Path(__file__).parents[2]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _logging_put_back() -> Iterator[None]:
    """A command sets up the logging of its process; that of the test run is put back."""
    root, level, handlers = logging.root, logging.root.level, logging.root.handlers[:]
    hooks = sys.excepthook, threading.excepthook
    yield
    logging.captureWarnings(False)
    root.handlers[:], sys.excepthook, threading.excepthook = handlers, *hooks
    root.setLevel(level)


@pytest.fixture
def run(
    sqlite_engine: Engine,
    data_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Run:
    """Run a command as `python -m bot` would: its exit code, what it said, what it said aside."""
    monkeypatch.chdir(tmp_path)
    for name, value in {"EMBED_MODEL": "none", "VECTOR_STORE": "none", "DATA_DIR": str(data_dir)}.items():
        monkeypatch.setenv(name, value)

    def command(*arguments: object) -> tuple[int, str, str]:
        capfd.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as left:
            code = int(left.code or 0)
        told = capfd.readouterr()
        return code, told.out, told.err

    return command


@pytest.fixture
def staffed(run: Run) -> Run:
    """With an admin (gao) and a coordinator (zheng)."""
    assert run("staff", "add", "gao", "--name", "高工", "--role", "admin")[0] == 0
    assert (
        run("staff", "add", "zheng", "--name", "郑统筹", "--role", "市级统筹", "--area", "全市", "--as", "gao")[0] == 0
    )
    return run


@pytest.fixture
def register(sqlite_engine: Engine) -> Register:
    return Register(sqlite_engine)


@pytest.fixture
def parties(sqlite_engine: Engine) -> Parties:
    return Parties(sqlite_engine)


def logged(engine: Engine) -> list[Any]:
    with reading(engine) as connection:
        return list(connection.execute(select(register_log).order_by(register_log.c.id)))


# --------------------------------------------------------------------------------------------------------------- staff


def test_the_first_account_needs_no_as_and_must_be_an_admin(run: Run, register: Register) -> None:
    code, out, _ = run("staff", "list")
    assert (code, "第一个账号" in out) == (0, True)
    code, _, err = run("staff", "add", "gao", "--name", "高工", "--role", "clerk")
    assert (code, "--role admin" in err) == (1, True)
    assert register.staff() == ()
    code, out, _ = run("staff", "add", "gao", "--name", "高工", "--role", "admin")
    assert (code, "--as gao" in out) == (0, True)


def test_every_further_change_needs_an_admin(staffed: Run, register: Register, sqlite_engine: Engine) -> None:
    add = ("staff", "add", "li", "--name", "李科员", "--role", "clerk", "--area", "崂山")
    for account, said in ((None, "--as"), ("zheng", "管理员"), ("nobody", "nobody")):
        code, _, err = staffed(*add, *(("--as", account) if account else ()))
        assert (code, said in err) == (1, True)
    assert [person.id for person in register.staff()] == ["gao", "zheng"]
    assert staffed(*add, "--phone", "0532-85911234", "--as", "gao")[0] == 0
    li = register.person("li")
    assert (li.name, li.roles, li.areas, li.phone) == ("李科员", {"clerk"}, {"370212"}, "0532-85911234")
    assert logged(sqlite_engine)[-1].actor == "gao"


@pytest.mark.parametrize(
    "command",
    [
        ("staff", "retire", "zheng"), ("staff", "role", "zheng", "clerk"), ("team", "retire", "city"),
        ("party", "retire", "中国海洋学会"), ("party", "import", "x.xlsx"), ("party", "export", "x.xlsx"),
        ("matrix", "import", "x.xlsx"),
    ],
)  # fmt: skip
def test_what_changes_something_asks_who_does_it(staffed: Run, command: tuple[str, ...]) -> None:
    code, _, err = staffed(*command)
    assert (code, "--as" in err) == (2, True)


def test_roles_areas_and_teams_of_an_account(staffed: Run, register: Register) -> None:
    staffed("staff", "add", "li", "--name", "李科员", "--role", "clerk", "--as", "gao")
    assert staffed("staff", "role", "li", "专员", "lead", "--as", "gao")[0] == 0
    assert staffed("staff", "area", "li", "上合示范区", "胶州", "--as", "gao")[0] == 0
    assert staffed("staff", "team", "li", "sco_demo", "--lead", "--liaison", "--as", "gao")[0] == 0
    li = register.person("li")
    assert (li.roles, li.areas) == ({"specialist", "lead"}, {"sco_demo", "370281"})
    (member,) = register.members("sco_demo")
    assert (member.staff.id, member.lead, member.liaison) == ("li", True, True)
    assert "李科员" in staffed("team", "members", "sco_demo")[1]
    assert "李科员" in staffed("team", "liaisons")[1]
    assert "上合示范区科创服务团队" in staffed("staff", "list")[1]
    assert staffed("staff", "team", "li", "sco_demo", "--leave", "--as", "gao")[0] == 0
    assert register.members("sco_demo") == ()


def test_an_absence_lasts_whole_days_in_shanghai_and_names_who_stands_in(staffed: Run, register: Register) -> None:
    staffed("staff", "add", "li", "--name", "李科员", "--role", "clerk", "--as", "gao")
    code, out, _ = staffed(
        "staff", "away", "li", "--from", "2026-01-05", "--until", "2099-01-09", "--deputy", "zheng", "--as", "gao"
    )
    assert (code, "zheng" in out) == (0, True)
    li = register.person("li")
    assert li.away_from is not None
    assert li.away_until is not None
    assert (li.away_from.isoformat(), li.away_until.isoformat()) == (
        "2026-01-04T16:00:00+00:00",
        "2099-01-09T16:00:00+00:00",
    )
    assert "不在岗，代理：zheng" in staffed("staff", "list")[1]
    assert staffed("staff", "away", "li", "--back", "--as", "gao")[0] == 0
    assert register.person("li").away_from is None
    assert staffed("staff", "deputy", "li", "--as", "gao")[0] == 0
    assert register.person("li").deputy is None


def test_the_last_admin_stays(staffed: Run, register: Register) -> None:
    for command in (("staff", "retire", "gao"), ("staff", "role", "gao", "clerk")):
        code, _, err = staffed(*command, "--as", "gao")
        assert (code, "最后一个管理员" in err) == (1, True)
    staffed("staff", "role", "zheng", "admin", "coordinator", "--as", "gao")
    assert staffed("staff", "retire", "gao", "--as", "zheng")[0] == 0
    assert not register.person("gao").active
    assert "gao" not in staffed("staff", "list")[1]
    assert "gao" in staffed("staff", "list", "--all")[1]
    assert staffed("staff", "role", "zheng", "clerk", "--as", "gao")[0] == 1  # who was retired acts no more


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("staff", "add", "Li Wei", "--name", "李", "--role", "clerk"), "小写字母"),
        (("staff", "add", "system", "--name", "李", "--role", "clerk"), "小写字母"),
        (("staff", "add", "zheng", "--name", "李", "--role", "clerk"), "已经有了"),
        (("staff", "add", "li", "--name", "  ", "--role", "clerk"), "1–40"),
        (("staff", "add", "li", "--name", "李", "--role", "boss"), "specialist（专员）"),
        (("staff", "add", "li", "--name", "李", "--role", "clerk", "--area", "深圳湾"), "深圳湾"),
        (("staff", "add", "li", "--name", "李", "--role", "clerk", "--phone", "abc"), "0532-85911234"),
        (("staff", "away", "zheng", "--from", "明天"), "YYYY-MM-DD"),
        (("staff", "away", "zheng", "--from", "2026-01-05", "--until", "2026-01-04"), "之后"),
        (("staff", "deputy", "zheng", "nobody"), "nobody"),
        (("staff", "deputy", "zheng", "zheng"), "zheng"),
        (("staff", "team", "zheng", "nowhere"), "nowhere"),
        (("team", "add", "a", "--name", "甲", "--area", "city"), "小写字母"),
        (("team", "add", "city", "--name", "甲", "--area", "city"), "已经有了"),
        (("team", "edit", "city", "--kind", "找对象"), "technology（技术需求）"),
        (("team", "retire", "city"), "市级团队"),
        (("team", "members", "nowhere"), "nowhere"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(staffed: Run, command: tuple[str, ...], said: str) -> None:
    signed = () if command[1] == "members" else ("--as", "gao")
    code, out, err = staffed(*command, *signed)
    assert (code, out) == (1, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1


# --------------------------------------------------------------------------------------------------------------- teams


def test_a_team_sits_where_its_area_is(staffed: Run, register: Register) -> None:
    given = ("--kind", "技术需求", "--kind", "talent", "--industry", "海洋", "--phone", "12345", "--rank", "3")
    assert staffed("team", "add", "ocean", "--name", "海洋专班", "--area", "崂山", *given, "--as", "gao")[0] == 0
    team = register.team("ocean")
    assert (team.tier, team.area, team.phone, team.rank) == ("district", "370212", "12345", 3)
    assert (team.kinds, team.industries) == ({"technology", "talent"}, {"marine"})
    assert staffed("team", "edit", "ocean", "--area", "蓝谷", "--kind", "-", "--phone", "", "--as", "gao")[0] == 0
    team = register.team("ocean")
    assert (team.tier, team.area, team.kinds, team.phone) == ("zone", "blue_valley", frozenset(), None)
    assert "海洋专班" in staffed("team", "list")[1]
    assert staffed("team", "retire", "ocean", "--as", "gao")[0] == 0
    assert "海洋专班" not in staffed("team", "list")[1]
    assert staffed("team", "edit", "ocean", "--active", "--as", "gao")[0] == 0
    assert register.team("ocean").active


def test_liaisons_who_did_nothing_are_listed(staffed: Run) -> None:
    staffed("staff", "team", "zheng", "city", "--liaison", "--as", "gao")
    assert "郑统筹" in staffed("team", "liaisons")[1]
    assert "没有不活跃" in staffed("team", "liaisons", "--dormant", "30")[1]


# -------------------------------------------------------------------------------------------------------------- parties

ADD = ("party", "add", "--name", "某膜研究所（青岛）", "--type", "研究所", "--source", "走访")


def test_the_societies_are_there_from_the_start_and_marked_unverified(staffed: Run) -> None:
    code, out, _ = staffed("party", "list", "--type", "全国学会", "--text", "海洋")
    assert (code, out.count("中国海洋")) == (0, 3)
    assert "2018-01" in staffed("party", "show", "中国海洋学会")[1]
    assert "中国海洋湖沼学会" in staffed("matrix", "show", "--district", "崂山", "--industry", "海洋")[1]


def test_a_party_is_added_shown_changed_and_retired(staffed: Run, parties: Parties) -> None:
    fields = ("--fields", "膜、海水淡化", "--industries", "海洋、新材料", "--contact", "赵敏", "--phone", "13800138000")
    assert staffed(*ADD, *fields, "--email", "zhao@example.com", "--as", "zheng")[0] == 0
    party = parties.named("某膜研究所(青岛)")
    assert (party.type, party.industries) == (PartyType.INSTITUTE, ("marine", "new_energy_materials"))
    masked = staffed("party", "show", party.id)[1]
    assert "138****8000" in masked
    assert not any(word in masked for word in ("赵敏", "13800138000", "zhao@"))
    shown = staffed("party", "show", party.id, "--as", "gao")[1]
    assert all(word in shown for word in ("赵敏", "13800138000", "zhao@example.com"))
    edit = ("party", "edit", party.name, "--district", "崂山", "--email", "", "--verified", "是")
    assert staffed(*edit, "--as", "zheng")[0] == 0
    changed = parties.named(party.id)
    assert (changed.district, changed.contact_email, changed.verified) == ("370212", None, True)
    assert changed.contact_phone == "+8613800138000"
    assert staffed("party", "retire", party.name, "--as", "zheng")[0] == 0
    assert party.name not in staffed("party", "list", "--text", "膜")[1]
    assert party.name in staffed("party", "list", "--text", "膜", "--all")[1]


def test_parties_are_for_the_coordinator_and_admins_to_change(staffed: Run, parties: Parties) -> None:
    staffed("staff", "add", "li", "--name", "李", "--role", "lead", "--as", "gao")
    code, _, err = staffed(*ADD, "--as", "li")
    assert (code, "市级统筹" in err) == (1, True)
    assert staffed("party", "export", "all.xlsx", "--as", "li")[0] == 1
    assert staffed("matrix", "import", "all.xlsx", "--as", "li")[0] == 1
    assert not Path("all.xlsx").exists()
    assert staffed(*ADD, "--as", "gao")[0] == 0


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ((*ADD, "--phone", "85911234"), "区号"),
        ((*ADD, "--phone", "13800138000、13900139000"), "一个号码"),
        ((*ADD, "--email", "zhao"), "@"),
        ((*ADD, "--industries", "钓鱼"), "现代海洋"),
        ((*ADD, "--as-of", "前年"), "2026-03"),
        ((*ADD, "--verified", "也许"), "是、否"),
        ((*ADD, "--fields", "身份证 370202199001010015"), "身份证"),
        (("party", "add", "--name", "甲", "--type", "高校", "--source", "走访"), "2–60"),
        (("party", "add", "--name", "中国 海洋学会", "--type", "学会", "--source", "走访"), "已有"),
        (("party", "add", "--name", "某大学", "--type", "宇宙", "--source", "走访"), "高校"),
        (("party", "edit", "没有这家", "--district", "崂山"), "没有这家"),
        (("party", "retire", "没有这家"), "没有这家"),
        (("party", "import", "没有.xlsx"), "没有.xlsx"),
        (("party", "export", "nowhere/a.xlsx"), "nowhere"),
    ],
)
def test_what_is_wrong_with_a_party_is_said(
    staffed: Run, parties: Parties, command: tuple[str, ...], said: str
) -> None:
    staffed("party", "list")
    before = parties.all(retired=True)
    code, out, err = staffed(*command, "--as", "zheng")
    assert (code, out, said in err) == (1, "", True)
    assert parties.all(retired=True) == before


def test_the_register_goes_out_and_in_again(staffed: Run, parties: Parties, sqlite_engine: Engine) -> None:
    staffed(*ADD, "--phone", "13800138000", "--as", "zheng")
    assert staffed("party", "export", "all.xlsx", "--as", "zheng")[0] == 0
    assert stat.S_IMODE(Path("all.xlsx").stat().st_mode) == 0o600
    assert (logged(sqlite_engine)[-1].what, logged(sqlite_engine)[-1].actor) == ("party.export", "zheng")
    code, _, err = staffed("party", "export", "all.xlsx", "--as", "zheng")
    assert (code, "已经有了" in err) == (1, True)
    before = parties.all(retired=True)
    assert "新增 0，修改 0，未变 210" in staffed("party", "import", "all.xlsx", "--as", "zheng")[1]
    assert parties.all(retired=True) == before


def test_a_filled_in_template_is_taken_and_a_faulty_one_named_row_by_row(staffed: Run, parties: Parties) -> None:
    assert staffed("party", "template", "new.xlsx")[0] == 0
    workbook = load_workbook("new.xlsx")
    sheet = workbook["参与方"]
    headings = [str(cell.value) for cell in sheet[1]]

    def fill(**cells: Any) -> None:
        row = {"类型*": "高校", "资料来源*": "走访"} | cells
        sheet.append([row.get(heading) for heading in headings])

    fill(**{"名称*": "某大学青岛校区", "联系电话": 13800138000})
    fill(**{"名称*": "某学院", "类型*": "大概是高校", "联系电话": "1.38E+10"})
    fill(**{"名称*": "=1+1"})
    workbook.save("faulty.xlsx")
    code, out, err = staffed("party", "import", "faulty.xlsx", "--as", "zheng")
    assert (code, out) == (1, "")
    first, *rows = err.splitlines()
    assert "3 处" in first
    assert [re.sub("：.*", "", row) for row in rows] == ["第 3 行「类型」", "第 3 行「联系电话」", "第 4 行「名称」"]
    assert parties.search("某") == []
    sheet.delete_rows(3, 2)
    workbook.save("good.xlsx")
    assert "新增 1，修改 0，未变 0" in staffed("party", "import", "good.xlsx", "--as", "zheng")[1]
    assert parties.named("某大学青岛校区").contact_phone == "+8613800138000"


def test_many_faults_are_shown_in_part_and_counted(staffed: Run) -> None:
    staffed("party", "template", "new.xlsx")
    workbook = load_workbook("new.xlsx")
    for number in range(60):
        workbook["参与方"].append([None, f"单位{number}"])
    workbook.save("faulty.xlsx")
    code, _, err = staffed("party", "import", "faulty.xlsx", "--as", "zheng")
    lines = err.splitlines()
    assert (code, len(lines)) == (1, 52)
    assert "120 处" in lines[0]
    assert "还有 70 处" in lines[-1]


def test_an_unknown_id_in_a_sheet_is_named_by_the_register(staffed: Run) -> None:
    staffed("party", "export", "all.xlsx", "--as", "zheng")
    workbook = load_workbook("all.xlsx")
    workbook["参与方"]["A5"] = "pnowhere"
    workbook.save("changed.xlsx")
    code, _, err = staffed("party", "import", "changed.xlsx", "--as", "zheng")
    assert (code, "第 5 行" in err, "pnowhere" in err) == (1, True, True)


@pytest.mark.parametrize("command", ["party", "matrix"])
def test_a_file_that_is_no_sheet_is_refused_with_a_sentence(staffed: Run, command: str) -> None:
    Path("fake.xlsx").write_bytes(b"PK\x03\x04 and nothing more")
    code, _, err = staffed(command, "import", "fake.xlsx", "--as", "zheng")
    assert (code, "打不开" in err) == (1, True)
    Path("big.xlsx").write_bytes(b"x" * 5_000_001)
    code, _, err = staffed(command, "import", "big.xlsx", "--as", "zheng")
    assert (code, "5 MB" in err) == (1, True)


def test_the_matrix_goes_out_is_edited_and_comes_in(staffed: Run, parties: Parties) -> None:
    assert staffed("matrix", "export", "matrix.xlsx")[0] == 0
    workbook = load_workbook("matrix.xlsx")
    sheet = workbook["学会对接表"]
    sheet.append(["崂山区", "现代海洋", "中国数学会", "是"])
    sheet.append(["上合示范区", "现代海洋", "没有这家", "是"])
    workbook.save("faulty.xlsx")
    code, _, err = staffed("matrix", "import", "faulty.xlsx", "--as", "zheng")
    assert (code, "第 41 行「学会或单位」" in err) == (1, True)
    assert len(parties.matrix.rows()) == 38
    sheet.delete_rows(41)
    sheet.delete_rows(2)
    workbook.save("edited.xlsx")
    assert "新增 1，修改 0，删去 1" in staffed("matrix", "import", "edited.xlsx", "--as", "zheng")[1]
    shown = staffed("matrix", "show", "--district", "崂山区", "--industry", "现代海洋")[1]
    assert "中国数学会" in shown
    assert "中国数学会" not in staffed("matrix", "show", "--district", "黄岛", "--industry", "现代海洋")[1]


# ---------------------------------------------------------------------------------------------------------------- words


def test_a_name_cannot_steer_the_terminal(staffed: Run) -> None:
    staffed("staff", "add", "li", "--name", "李\x1b[31m[bold]红[/bold]", "--role", "clerk", "--as", "gao")
    out = staffed("staff", "list")[1]
    assert "\x1b" not in out
    assert "[bold]红[/bold]" in out


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_whatever_a_sheet_or_the_register_refuses_has_words(lang: Any) -> None:
    sheets, intake = Phrases(lang, "sheets"), Phrases(lang, "intake")
    files = ["sheets.py", "party_words.py", "party_sheets.py", "workbook/package.py", "workbook/grid.py"]
    code = "\n".join((ROOT / "intake" / file).read_text("utf-8") for file in files)
    store = (ROOT / "intake/store/parties.py").read_text("utf-8")
    errors = set(re.findall(r'SheetError\(\s*"([a-z_0-9]+)"', code))
    faults = set(re.findall(r'"sheet\.fault\.([a-z_]+)"', code)) | set(
        re.findall(r'RowFault\([^,]+, "([a-z_]+)"', store)
    )
    faults |= {"formula", "error", "long", "date"}  # by the kind of the cell
    assert len(errors) >= 17
    assert len(faults) >= 17
    assert {key for key in errors if not sheets.has(f"sheet.error.{key}")} == set()
    assert {key for key in faults if not sheets.has(f"sheet.fault.{key}")} == set()
    refusals = set(re.findall(r'PartyError\("([a-z_]+)"', store))
    assert {key for key in refusals if not intake.has(f"party.error.{key}")} == set()
    docking = set(re.findall(r'_refused\("([a-z_]+)"', (ROOT / "intake/docking.py").read_text("utf-8")))
    assert {key for key in docking | {"no_candidate"} if not intake.has(f"docking.{key}")} == set()
