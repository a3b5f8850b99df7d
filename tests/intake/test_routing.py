"""Which team a case goes to: the nearest that takes it, always some team (scenario 26)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.reference import Reference
from intake.routing import NoCityTeamError, Team, route_for
from intake.store.register import default_teams

CITY = Team("city", "青岛市科创服务团队", "city", "city")
LAOSHAN = Team("370212", "崂山区科创服务团队", "district", "370212")
JIAOZHOU = Team("370281", "胶州市科创服务团队", "district", "370281")
SCO = Team("sco_demo", "上合示范区科创服务团队", "zone", "sco_demo")
ALL = (CITY, LAOSHAN, JIAOZHOU, SCO)

KINDS = ("technology", "talent", "finance")
INDUSTRIES = ("new_it", "marine", "health")


def routed(*teams: Team, kind: str = "technology", industry: str | None = "marine") -> str:
    return route_for(kind, industry, "370212", None, (*teams, CITY)).id


def specialised(name: str, kinds: str = "", industries: str = "", rank: int = 0) -> Team:
    named = {"kinds": frozenset(kinds.split()), "industries": frozenset(industries.split())}
    return replace(LAOSHAN, id=name, rank=rank, **named)


def test_a_zone_beats_its_district_and_a_district_the_city() -> None:
    assert route_for("technology", "marine", "370281", "sco_demo", ALL) == SCO
    assert route_for("technology", "marine", "370281", None, ALL) == JIAOZHOU
    assert route_for("technology", "marine", "370283", None, ALL) == CITY


def test_scenario_26_a_zone_routes_to_its_team_while_the_host_district_counts(reference: Reference) -> None:
    """The case keeps its district: that a zone's team has it changes no statistics."""
    zone = next(zone for zone in reference.zones if zone.label == "上合示范区")
    jiaozhou = next(district.code for district in reference.districts if district.label == "胶州市")
    cases = [(zone.hosts[0], zone.code), (jiaozhou, None), ("370212", None)]
    teams = [route_for("technology", "marine", district, of_zone, default_teams()).name for district, of_zone in cases]
    assert teams == ["上合示范区科创服务团队", "胶州市科创服务团队", "崂山区科创服务团队"]
    assert Counter(district for district, _ in cases) == {jiaozhou: 2, "370212": 1}


@pytest.mark.parametrize("zone", ["none", "other", None])
def test_no_zone_or_another_one_goes_to_the_district(zone: str | None) -> None:
    assert route_for("technology", None, "370212", zone, default_teams()).id == "370212"


@pytest.mark.parametrize("district", ["outside", None, "110000"])
def test_what_comes_from_outside_or_nowhere_goes_to_the_city(district: str | None) -> None:
    assert route_for("technology", "marine", district, None, default_teams()).id == "city"


def test_who_names_kind_and_industry_beats_who_names_one_beats_who_takes_all() -> None:
    both, kind = specialised("z", "technology", "marine", rank=9), specialised("y", "technology", rank=8)
    assert routed(both, kind, LAOSHAN) == "z"
    assert routed(kind, LAOSHAN) == "y"
    assert routed(specialised("x", industries="marine", rank=9), LAOSHAN) == "x"
    assert routed(LAOSHAN) == LAOSHAN.id


def test_a_team_for_something_else_does_not_get_it() -> None:
    assert routed(specialised("a", "talent"), specialised("b", "technology", "health"), LAOSHAN) == LAOSHAN.id
    assert routed(specialised("a", "talent")) == "city"
    assert routed(specialised("b", industries="health"), industry=None) == "city"


def test_a_general_team_near_by_beats_a_specialised_one_further_away() -> None:
    marine = replace(CITY, id="marine", kinds=frozenset({"technology"}), industries=frozenset({"marine"}))
    assert routed(LAOSHAN, marine) == LAOSHAN.id
    assert routed(marine) == "marine"


def test_among_equals_the_rank_decides_then_the_id() -> None:
    first, second, third = specialised("c", rank=1), specialised("a", rank=2), specialised("b", rank=2)
    assert routed(second, first, third) == "c"
    assert routed(third, second) == "a"


def test_an_inactive_team_gets_nothing() -> None:
    assert routed(replace(LAOSHAN, active=False)) == "city"


def test_where_every_city_team_is_for_something_else_the_first_of_them_gets_it() -> None:
    talent = replace(CITY, id="talent", kinds=frozenset({"talent"}))
    assert route_for("technology", None, None, None, [talent]).id == "talent"


@pytest.mark.parametrize("teams", [(), (LAOSHAN,), (LAOSHAN, replace(CITY, active=False))])
def test_a_register_without_an_active_city_team_is_refused_with_words(teams: tuple[Team, ...]) -> None:
    with pytest.raises(NoCityTeamError, match="active city team"):
        route_for("technology", "marine", "370212", None, teams)


places = st.sampled_from([("zone", "sco_demo"), ("district", "370281"), ("district", "370212"), ("city", "city")])
some_teams = st.builds(
    lambda number, place, kinds, industries, rank, active: Team(
        f"t{number}", "团队", place[0], place[1], kinds, industries, None, rank, active
    ),
    st.integers(0, 99),
    places,
    st.frozensets(st.sampled_from(KINDS), max_size=2),
    st.frozensets(st.sampled_from(INDUSTRIES), max_size=2),
    st.integers(0, 3),
    st.booleans(),
)


@given(
    st.lists(some_teams, max_size=8, unique_by=lambda team: team.id),
    st.sampled_from(KINDS),
    st.sampled_from([*INDUSTRIES, None]),
    st.sampled_from(["370281", "370212", "outside", None]),
    st.sampled_from(["sco_demo", "none", None]),
    st.randoms(),
)
def test_every_case_gets_one_active_team_whatever_the_order(
    teams: list[Team], kind: str, industry: str | None, district: str | None, zone: str | None, random: object
) -> None:
    known = [*teams, CITY]
    chosen = route_for(kind, industry, district, zone, known)
    random.shuffle(known)  # type: ignore[attr-defined]
    assert route_for(kind, industry, district, zone, known) == chosen
    assert chosen.active
    assert chosen.tier == "city" or chosen.area in (zone, district)
    assert not chosen.kinds or kind in chosen.kinds
    assert not chosen.industries or industry in chosen.industries


def test_the_default_teams_cover_the_city_every_district_and_every_zone(reference: Reference) -> None:
    teams = default_teams()
    assert {team.area for team in teams if team.tier == "district"} == {
        district.code for district in reference.districts if district.code != "outside"
    }
    assert {team.area for team in teams if team.tier == "zone"} == {zone.code for zone in reference.zones if zone.hosts}
    assert [team.area for team in teams if team.tier == "city"] == ["city"]
    assert len({team.id for team in teams}) == len(teams)


def test_the_default_teams_promise_no_telephone_nobody_checked() -> None:
    assert {team.phone for team in default_teams()} == {None}
    assert all(team.name.endswith("科创服务团队") for team in default_teams())
