"""The register of teams on both databases: who belongs where, who stands in, and that every change is logged."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from db.engine import reading
from intake.cases import ALL_AREAS, SYSTEM, Actor, Case, CaseState, Event, Private, Role
from intake.staff import Staff
from intake.store.cases import CaseStore
from intake.store.register import (
    NoCityTeamError,
    Register,
    RegisterError,
    Team,
    UnknownStaffError,
    UnknownTeamError,
    default_teams,
)
from intake.store.tables import register_log

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ADMIN = Actor("root", "管理员", frozenset({Role.ADMIN}), "cli")
WANG = Staff("wang", "王工", frozenset({Role.CLERK}), frozenset({"370212"}), "13800138000")
LI = Staff("li", "李工", frozenset({Role.CLERK, Role.LEAD}), frozenset({"370281"}))
ZHAO = Staff("zhao", "赵工", frozenset({Role.SPECIALIST}))


@pytest.fixture
def register(engine: Engine) -> Register:
    register = Register(engine)
    register.seed(NOW)
    for person in (WANG, LI, ZHAO):
        register.put_staff(person, ADMIN, NOW)
    return register


@pytest.fixture
def log(engine: Engine) -> Any:
    def read(what: str) -> list[tuple[str, str, Any, Any]]:
        mine = select(register_log).where(register_log.c.what == what).order_by(register_log.c.id)
        with reading(engine) as connection:
            return [(row.actor, row.key, row.before, row.after) for row in connection.execute(mine)]

    return read


def test_a_new_register_begins_with_the_default_teams_and_only_once(engine: Engine) -> None:
    register = Register(engine)
    assert register.seed(NOW) == len(default_teams()) == 20
    register.put_team(replace(register.team("370212"), name="崂山区科创专班"), ADMIN, NOW)
    assert register.seed(NOW) == 0
    assert register.team("370212").name == "崂山区科创专班"
    assert {team.id for team in register.teams()} == {team.id for team in default_teams()}


def test_teams_are_listed_from_the_city_down(register: Register) -> None:
    tiers = [team.tier for team in register.teams()]
    assert tiers == sorted(tiers, key=["city", "district", "zone"].index)
    register.put_team(replace(register.team("370285"), rank=-1), ADMIN, NOW)
    assert register.teams()[1].id == "370285"


def test_two_processes_that_start_at_once_seed_the_same_teams(engine: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: Register(engine).seed(NOW), range(4)))
    assert len(Register(engine).teams()) == 20


def test_a_team_is_kept_as_it_was_put(register: Register) -> None:
    team = Team("m", "海洋专班", "city", "city", frozenset({"technology"}), frozenset({"marine"}), "0532-85911234", 2)
    register.put_team(team, ADMIN, NOW)
    assert register.team("m") == team
    register.put_team(replace(team, phone=None), ADMIN, NOW)
    assert register.team("m").phone is None


def test_an_account_is_kept_as_it_was_put(register: Register) -> None:
    person = replace(ZHAO, deputy="wang", away_from=NOW, away_until=NOW + DAY, phone="0532-85911234")
    register.put_staff(person, ADMIN, NOW)
    assert register.person("zhao") == person
    assert register.staff() == (LI, WANG, person)


def test_what_is_not_there_is_named(register: Register) -> None:
    with pytest.raises(UnknownTeamError, match="'370299'"):
        register.team("370299")
    with pytest.raises(UnknownStaffError, match="'nobody'"):
        register.person("nobody")
    with pytest.raises(UnknownTeamError):
        register.join("370299", "wang", ADMIN, NOW)
    with pytest.raises(UnknownStaffError):
        register.join("city", "nobody", ADMIN, NOW)
    with pytest.raises(UnknownStaffError):
        register.put_staff(replace(WANG, deputy="nobody"), ADMIN, NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(WANG, id="system"),
        replace(WANG, id=" "),
        replace(WANG, roles=frozenset()),
        replace(WANG, roles=frozenset({Role.CLERK, Role.ENTERPRISE})),
        replace(WANG, roles=frozenset({Role.SYSTEM})),
        replace(WANG, deputy="wang"),
        replace(WANG, away_from=NOW, away_until=NOW),
    ],
    ids=["the clock's name", "no name", "no role", "an enterprise", "the clock", "own deputy", "away backwards"],
)
def test_what_no_account_can_be_is_refused_and_changes_nothing(register: Register, wrong: Staff) -> None:
    with pytest.raises(RegisterError):
        register.put_staff(wrong, ADMIN, NOW)
    assert register.staff() == (LI, WANG, ZHAO)


# --- teams and actors


def test_an_actor_has_the_roles_areas_and_teams_of_the_account(register: Register) -> None:
    register.join("370212", "wang", ADMIN, NOW)
    register.join("city", "wang", ADMIN, NOW)
    assert register.actor("wang", "cli", NOW) == Actor(
        "wang", "王工", frozenset({Role.CLERK}), "cli", frozenset({"370212"}), frozenset({"370212", "city"})
    )


def test_members_are_listed_with_their_place_the_lead_first(register: Register) -> None:
    register.join("370212", "li", ADMIN, NOW)
    register.join("370212", "zhao", ADMIN, NOW, lead=True)
    register.join("370212", "wang", ADMIN, NOW, liaison=True)
    members = register.members("370212")
    assert [(member.staff.id, member.lead, member.liaison) for member in members] == [
        ("zhao", True, False), ("li", False, False), ("wang", False, True),
    ]  # fmt: skip


def test_joining_again_changes_the_place_and_leaving_ends_it(register: Register) -> None:
    register.join("370212", "wang", ADMIN, NOW)
    register.join("370212", "wang", ADMIN, NOW, lead=True)
    assert [member.lead for member in register.members("370212")] == [True]
    register.leave("370212", "wang", ADMIN, NOW)
    register.leave("370212", "wang", ADMIN, NOW)
    assert register.members("370212") == ()


def test_a_retired_account_acts_no_more_and_is_in_no_team(register: Register) -> None:
    register.join("370212", "wang", ADMIN, NOW)
    register.retire("wang", ADMIN, NOW)
    with pytest.raises(UnknownStaffError, match="wang"):
        register.actor("wang", "cli", NOW)
    with pytest.raises(UnknownStaffError):
        register.join("370212", "wang", ADMIN, NOW)
    assert register.members("370212") == ()
    assert not register.person("wang").active


# --- deputies


def away(register: Register, person: Staff, deputy: str, *, days: int = 1) -> None:
    register.put_staff(replace(person, deputy=deputy, away_from=NOW, away_until=NOW + days * DAY), ADMIN, NOW)


def test_a_deputy_stands_in_the_teams_of_who_is_away_and_only_then(register: Register) -> None:
    register.join("370281", "li", ADMIN, NOW)
    away(register, LI, "zhao")
    assert register.actor("zhao", "cli", NOW - DAY).teams == frozenset()
    assert register.actor("zhao", "cli", NOW).teams == {"370281"}
    assert register.actor("zhao", "cli", NOW + DAY).teams == frozenset()
    assert register.actor("li", "cli", NOW).teams == {"370281"}


def test_being_somebodys_deputy_gives_nothing_while_they_are_here(register: Register) -> None:
    register.join("370281", "li", ADMIN, NOW)
    register.put_staff(replace(LI, deputy="zhao"), ADMIN, NOW)
    assert register.actor("zhao", "cli", NOW).teams == frozenset()


def test_nobody_stands_in_for_a_retired_account(register: Register) -> None:
    away(register, LI, "wang")
    assert register.actor("wang", "cli", NOW).areas == {"370212", "370281"}
    register.put_staff(replace(register.person("li"), active=False), ADMIN, NOW)
    assert register.actor("wang", "cli", NOW).areas == {"370212"}


def test_a_deputy_gets_no_role_of_who_is_away(register: Register) -> None:
    away(register, LI, "wang")
    assert register.actor("wang", "cli", NOW).roles == {Role.CLERK}


@pytest.mark.parametrize(
    ("absent", "deputy", "areas"),
    [
        ({Role.CLERK}, {Role.CLERK}, {"370212", ALL_AREAS}),
        ({Role.CLERK, Role.LEAD}, {Role.CLERK}, {"370212", ALL_AREAS}),
        ({Role.CLERK}, {Role.CLERK, Role.SPECIALIST}, {"370212", ALL_AREAS}),
        ({Role.AUDITOR}, {Role.CLERK}, {"370212"}),
        ({Role.COORDINATOR}, {Role.CLERK}, {"370212"}),
        ({Role.CLERK}, {Role.CLERK, Role.EDITOR}, {"370212"}),
        ({Role.CLERK}, {Role.SPECIALIST}, {"370212"}),
    ],
)
def test_areas_come_along_only_where_they_give_nobody_rights_that_neither_had(
    register: Register, absent: set[Role], deputy: set[Role], areas: set[str]
) -> None:
    register.put_staff(replace(WANG, roles=frozenset(deputy)), ADMIN, NOW)
    away(register, replace(LI, roles=frozenset(absent), areas=frozenset({ALL_AREAS})), "wang")
    assert register.actor("wang", "cli", NOW).areas == areas


def test_an_absence_without_an_end_lasts_until_they_are_back(register: Register) -> None:
    register.join("370281", "li", ADMIN, NOW)
    register.set_away("li", NOW, None, ADMIN, NOW, deputy="zhao")
    assert register.actor("zhao", "cli", NOW + 900 * DAY).teams == {"370281"}
    register.set_away("li", None, None, ADMIN, NOW)
    assert register.actor("zhao", "cli", NOW + 900 * DAY).teams == frozenset()
    assert register.person("li").deputy == "zhao"


def test_an_absence_that_ends_before_it_begins_is_refused(register: Register) -> None:
    with pytest.raises(RegisterError, match="not after"):
        register.set_away("li", NOW, NOW - DAY, ADMIN, NOW)
    assert not register.person("li").away(NOW)


# --- the directory


def test_the_directory_names_each_liaison_and_whom_to_ring_now(register: Register) -> None:
    register.join("370212", "wang", ADMIN, NOW, liaison=True)
    register.join("370281", "li", ADMIN, NOW, liaison=True)
    register.join("370281", "zhao", ADMIN, NOW)
    register.put_team(replace(register.team("370281"), phone="0532-85911234"), ADMIN, NOW)
    here = register.liaisons(NOW)
    assert [(entry.team.id, entry.staff.id, entry.deputy, entry.phone) for entry in here] == [
        ("370212", "wang", None, "13800138000"),
        ("370281", "li", None, "0532-85911234"),
    ]
    away(register, LI, "wang")
    assert [(entry.deputy and entry.deputy.id, entry.phone) for entry in register.liaisons(NOW)] == [
        (None, "13800138000"),
        ("wang", "13800138000"),
    ]


def test_a_deputy_who_is_away_too_is_not_named(register: Register) -> None:
    register.join("370281", "li", ADMIN, NOW, liaison=True)
    away(register, LI, "wang")
    away(register, WANG, "zhao")
    assert [entry.deputy for entry in register.liaisons(NOW)] == [None]


def test_the_directory_leaves_out_retired_teams(register: Register) -> None:
    register.join("370212", "wang", ADMIN, NOW, liaison=True)
    register.retire_team("370212", ADMIN, NOW)
    assert register.liaisons(NOW) == ()


def test_a_liaison_who_did_nothing_for_long_is_dormant(register: Register, engine: Engine) -> None:
    for person, team in (("wang", "370212"), ("li", "370281")):
        register.join(team, person, ADMIN, NOW, liaison=True)
    acted(engine, "wang", NOW + 20 * DAY)
    assert register.dormant(NOW + 10 * DAY, 30) == ()
    late = register.dormant(NOW + 40 * DAY, 30)
    assert [(entry.staff.id, entry.last_seen) for entry in late] == [("li", None)]
    later = register.dormant(NOW + 60 * DAY, 30)
    assert [(entry.staff.id, entry.last_seen) for entry in later] == [("wang", NOW + 20 * DAY), ("li", None)]


def acted(engine: Engine, staff: str, at: datetime) -> None:
    """One event of theirs in a case; one of the enterprise's and one of the system's beside it."""
    case = Case(
        id="c1", reference="KC26-7K2M9-4", kind="technology", form_version=1, state=CaseState.SUBMITTED, person="li",
        account="a1", channel="web", lang="zh", title="高盐废水膜技术", summary="寻找能长期运行的膜",
        confidentiality="on_match", submitted_at=NOW, updated_at=NOW, answers={},
    )  # fmt: skip
    with CaseStore(engine, lambda *_: None).writing() as transaction:
        transaction.insert(case, Private({}, "X4K9P2", "key"))
        person = Actor("li", "", frozenset({Role.ENTERPRISE}), "web")  # a person's id may read like an account's
        case = transaction.first_event(case, Event("submit", person, at + DAY, ("none",)))
        case = transaction.change(case, Event("warn", SYSTEM, at + DAY, ("none",)))
        transaction.change(case, Event("note", Actor(staff, "", frozenset({Role.CLERK}), "cli"), at, ("none",)))


# --- the city team and the log


def test_the_last_city_team_cannot_be_retired(register: Register) -> None:
    with pytest.raises(NoCityTeamError):
        register.retire_team("city", ADMIN, NOW)
    with pytest.raises(NoCityTeamError):
        register.put_team(replace(register.team("city"), tier="district"), ADMIN, NOW)
    assert register.team("city").active
    register.put_team(Team("city2", "市级专班", "city", "city"), ADMIN, NOW)
    register.retire_team("city", ADMIN, NOW)
    with pytest.raises(NoCityTeamError):
        register.retire_team("city2", ADMIN, NOW)


def test_two_who_retire_the_last_two_city_teams_at_once_leave_one(register: Register, engine: Engine) -> None:
    register.put_team(Team("city2", "市级专班", "city", "city"), ADMIN, NOW)

    def retire(team: str) -> bool:
        try:
            Register(engine).retire_team(team, ADMIN, NOW)
        except NoCityTeamError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        retired = list(pool.map(retire, ["city", "city2"]))
    assert sorted(retired) == [False, True]


def test_every_change_is_logged_with_who_made_it_before_and_after(register: Register, log: Any) -> None:
    register.put_team(replace(register.team("370212"), phone="0532-85911234"), ADMIN, NOW)
    register.join("370212", "wang", ADMIN, NOW)
    register.join("370212", "wang", ADMIN, NOW, lead=True)
    register.set_away("wang", NOW, None, ADMIN, NOW, deputy="li")
    register.retire("wang", ADMIN, NOW)
    *seeded, (actor, key, before, after) = log("team")
    assert {entry[0] for entry in seeded} == {"system"}
    assert (actor, key, before["phone"], after["phone"]) == ("root", "370212", None, "0532-85911234")
    assert log("member") == [
        ("root", "370212/wang", None, {"lead": False, "liaison": False}),
        ("root", "370212/wang", {"lead": False, "liaison": False}, {"lead": True, "liaison": False}),
        ("root", "370212/wang", {"lead": True, "liaison": False}, None),
    ]
    first, absence, end = [entry for entry in log("staff") if entry[1] == "wang"]
    assert first[2] is None
    assert (absence[2]["deputy"], absence[3]["deputy"]) == (None, "li")
    assert absence[3]["away_from"] == "2026-03-02T02:00:00+00:00"
    assert (end[2]["active"], end[3]["active"]) == (True, False)


def test_what_changes_nothing_is_not_logged(register: Register, log: Any) -> None:
    before = len(log("staff"))
    register.put_staff(WANG, ADMIN, NOW + DAY)
    register.leave("370212", "wang", ADMIN, NOW)
    assert len(log("staff")) == before
    assert log("member") == []


def test_the_log_holds_no_whole_telephone_number_of_a_person(register: Register, log: Any) -> None:
    assert WANG.phone is not None
    assert WANG.phone not in str(log("staff"))
    assert "8000" in str(log("staff"))


def test_a_change_that_fails_leaves_no_log(register: Register, log: Any) -> None:
    before = len(log("team"))
    with pytest.raises(NoCityTeamError):
        register.retire_team("city", ADMIN, NOW)
    assert len(log("team")) == before


def test_a_wrong_file_of_teams_is_named(tmp_path: Path) -> None:
    file = tmp_path / "teams.toml"
    file.write_text('[[teams]]\nid = "x"\nname = "团队"\ntier = "village"\narea = "x"\n', encoding="utf-8")
    with pytest.raises(RegisterError, match=r"teams\.toml"):
        default_teams(file)
