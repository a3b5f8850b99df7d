"""The catalogue: which policies reach a place, stand on a day, bear a 文号 or a title."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from rag.catalogue import Catalogue
from rag.jurisdictions import parse_place
from rag.models import PolicyState
from rag.understanding import NumberRef, understand
from tests.support.policies import TODAY, Clause, a_digest, a_policy, hitech, plain, policies
from tests.support.shelves import a_reader, memory_places


def a_catalogue(*more: object) -> Catalogue:
    shelf = a_reader([*policies(), *more], memory_places()).shelf()  # type: ignore[list-item]  # documents
    assert shelf is not None
    return shelf.catalogue


def reached(catalogue: Catalogue, *places: str) -> set[str]:
    named = [place for place in map(parse_place, places) if place]
    assert len(named) == len(places)
    return {key for key, row in catalogue.place.items() if catalogue.reaching(named)[row]}


CITY_AND_WIDER = {
    "qd-hitech-2025",
    "qd-startup-2022",
    "qd-startup-2025",
    "qd-housing-2021",
    "qd-loan-2020",
    "sd-gazelle-2024",
}


def test_everything_reaches_somebody_who_named_no_place() -> None:
    assert reached(a_catalogue()) == CITY_AND_WIDER | {"ls-compute-2025"}


def test_a_district_is_reached_by_its_own_and_all_wider_policies() -> None:
    assert reached(a_catalogue(), "崂山") == CITY_AND_WIDER | {"ls-compute-2025"}


def test_another_district_is_not_reached_by_it() -> None:
    assert reached(a_catalogue(), "市南区") == CITY_AND_WIDER


def test_two_districts_are_reached_by_the_policies_of_both() -> None:
    assert "ls-compute-2025" in reached(a_catalogue(), "市南区", "崂山区")


def test_a_plain_text_reaches_everybody() -> None:
    catalogue = a_catalogue(plain())
    assert "lidar-note" in reached(catalogue, "市南区")
    assert not catalogue.only_policies
    assert a_catalogue().only_policies
    assert catalogue.policy("lidar-note") is None
    assert catalogue.standing(catalogue.place["lidar-note"], TODAY) is None


def test_the_places_covered_are_those_of_the_policies() -> None:
    assert a_catalogue().places_covered == {"青岛市", "山东省", "崂山区"}


def test_retired_policies_depend_on_the_day() -> None:
    catalogue = a_catalogue()

    def retired(day: date) -> set[str]:
        return {key for key, row in catalogue.place.items() if catalogue.retired(day)[row]}

    assert retired(TODAY) == {"qd-startup-2022", "qd-loan-2020"}
    assert retired(date(2023, 6, 1)) == set()
    assert retired(date(2024, 6, 1)) == {"qd-loan-2020"}


def test_a_judgement_grows_old() -> None:
    catalogue = a_catalogue()
    row = catalogue.place["qd-hitech-2025"]
    fresh, old = catalogue.standing(row, TODAY), catalogue.standing(row, date(2026, 12, 31))
    assert fresh is not None
    assert old is not None
    assert (fresh.state, old.state) == (PolicyState.IN_FORCE, PolicyState.UNVERIFIED)
    assert old.stale


def test_the_heir_is_named_along_the_chain() -> None:
    newest = a_policy(
        "qd-startup-2026",
        "青岛市创业支持新办法",
        issued="2026-03-01",
        effective="2026-03-01",
        supersedes=("qd-startup-2025",),
    )
    catalogue = a_catalogue(a_digest(newest, [Clause("标准", "创业补贴3万元。")]))
    heirs = [catalogue.heir("qd-startup-2022", day) for day in (TODAY, date(2025, 5, 1))]
    assert [heir and heir.id for heir in heirs] == ["qd-startup-2025", "qd-startup-2025"]
    assert catalogue.heir("qd-loan-2020", TODAY) is None


@pytest.mark.parametrize(
    "title",
    [
        "青岛市高新技术企业培育若干措施",
        "高新技术企业培育若干措施",
        "青岛市高新技术企业培育若干措施（2025年）",
        "高新技术企业培育措施",
    ],
)
def test_a_title_is_found_whole_in_part_and_nearly(title: str) -> None:
    assert a_catalogue().by_title(title)[0].row == a_catalogue().place["qd-hitech-2025"]


@pytest.mark.parametrize("title", ["飞天计划", "量子通信产业专项资金", "", "！？", "的"])
def test_a_title_that_nothing_bears_finds_nothing(title: str) -> None:
    assert a_catalogue().by_title(title) == []


def test_the_whole_title_is_surest() -> None:
    catalogue = a_catalogue()
    (whole, *_), (part, *_) = (catalogue.by_title(t) for t in ("青岛市创业扶持补贴实施细则", "创业扶持补贴实施细则"))
    assert whole.row == part.row
    assert 0 < part.sureness < whole.sureness == 1.0


@pytest.mark.parametrize(
    "words",
    [
        "青科规〔2025〕7号",
        "青科规[2025]7号",
        "青科规【2025】7号",
        "青科规(2025)7号",
        "青科规2025年7号",
        "2025年7号文",
        "青科规 ２０２５ 第7号",
    ],
)
def test_a_number_is_found_however_it_is_typed(words: str) -> None:
    catalogue = a_catalogue()
    (number,) = understand(words, TODAY).numbers
    assert [named.row for named in catalogue.by_number(number)] == [catalogue.place["qd-hitech-2025"]]


def test_a_number_of_another_issuer_or_year_is_less_sure_or_absent() -> None:
    catalogue = a_catalogue()
    assert catalogue.by_number(NumberRef(2024, 7, "青科规")) == []
    assert catalogue.by_number(NumberRef(2025, 8, "青科规")) == []
    (own,), (others,) = (catalogue.by_number(NumberRef(2025, 7, before)) for before in ("青科规", "青税发"))
    assert others.sureness < own.sureness


def test_without_a_year_the_issuers_characters_must_fit() -> None:
    catalogue = a_catalogue()
    assert [named.row for named in catalogue.by_number(NumberRef(None, 7, "青科规"))] == [
        catalogue.place["qd-hitech-2025"]
    ]
    assert catalogue.by_number(NumberRef(None, 7, "地铁")) == []


def test_an_empty_catalogue_answers_too() -> None:
    shelf = a_reader([], memory_places()).shelf()
    assert shelf is not None
    assert shelf.catalogue.by_title(hitech().title) == []
    assert shelf.catalogue.only_policies
    assert np.array_equal(shelf.catalogue.retired(TODAY), np.zeros(0, dtype=bool))
