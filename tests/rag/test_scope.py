"""Where to look: the places that count, what is current, what is named, what nobody holds."""

from __future__ import annotations

from datetime import date

import pytest

from rag.catalogue import Catalogue
from rag.scope import Scope, find_scope
from rag.understanding import understand
from tests.support.policies import TODAY, plain, policies
from tests.support.shelves import a_reader, memory_places


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    shelf = a_reader([*policies(), plain()], memory_places()).shelf()
    assert shelf is not None
    return shelf.catalogue


def scope_of(catalogue: Catalogue, text: str, district: str | None = None, day: date = TODAY) -> Scope:
    return find_scope(understand(text, day), catalogue, district, day)


def reachable(catalogue: Catalogue, scope: Scope) -> set[str]:
    return {key for key, row in catalogue.place.items() if scope.reachable[row]}


def named(catalogue: Catalogue, scope: Scope) -> set[str]:
    return {key for key, row in catalogue.place.items() if row in scope.named}


def test_no_place_reaches_everything(catalogue: Catalogue) -> None:
    scope = scope_of(catalogue, "算力补贴多少")
    assert scope.places == ()
    assert reachable(catalogue, scope) == set(catalogue.place)


def test_a_place_in_the_question_narrows(catalogue: Catalogue) -> None:
    scope = scope_of(catalogue, "市南区的算力补贴多少")
    assert [place.name for place in scope.places] == ["市南区"]
    assert "ls-compute-2025" not in reachable(catalogue, scope)
    assert "qd-hitech-2025" in reachable(catalogue, scope)


def test_the_askers_own_district_narrows_where_the_question_names_none(catalogue: Catalogue) -> None:
    assert "ls-compute-2025" not in reachable(catalogue, scope_of(catalogue, "算力补贴多少", "市南"))
    assert "ls-compute-2025" in reachable(catalogue, scope_of(catalogue, "崂山区算力补贴多少", "市南"))


def test_the_city_is_no_narrowing(catalogue: Catalogue) -> None:
    assert reachable(catalogue, scope_of(catalogue, "青岛市算力补贴多少")) == set(catalogue.place)


def test_a_district_that_nobody_knows_narrows_nothing(catalogue: Catalogue) -> None:
    assert reachable(catalogue, scope_of(catalogue, "算力补贴多少", "某某区")) == set(catalogue.place)


def test_what_is_retired_is_reachable_and_not_current(catalogue: Catalogue) -> None:
    scope = scope_of(catalogue, "贷款贴息")
    row = catalogue.place["qd-loan-2020"]
    assert (bool(scope.reachable[row]), bool(scope.current[row])) == (True, False)
    then = scope_of(catalogue, "贷款贴息", day=date(2022, 6, 1))
    assert then.current[row]


def test_a_named_policy_is_reachable_from_anywhere(catalogue: Catalogue) -> None:
    scope = scope_of(catalogue, "市南区企业能按《崂山区智能算力扶持办法》领吗")
    assert named(catalogue, scope) == {"ls-compute-2025"}
    assert "ls-compute-2025" in reachable(catalogue, scope)
    assert scope.unknown == ()


def test_a_number_names_its_policy(catalogue: Catalogue) -> None:
    assert named(catalogue, scope_of(catalogue, "青人社规〔2025〕2号说了什么")) == {"qd-startup-2025"}


@pytest.mark.parametrize("text", ["《青岛市飞天计划》奖多少", "青科规〔2025〕99号奖多少"])
def test_what_no_document_bears_is_unknown(catalogue: Catalogue, text: str) -> None:
    scope = scope_of(catalogue, text)
    assert scope.unknown
    assert not scope.named


def test_a_district_without_documents_is_uncovered_where_its_own_money_is_asked_for(catalogue: Catalogue) -> None:
    assert scope_of(catalogue, "市南区对人工智能企业有配套奖励吗").uncovered == ("市南区",)
    assert scope_of(catalogue, "我们区里有什么配套奖励", "市南区").uncovered == ("市南区",)


@pytest.mark.parametrize(
    "text",
    [
        "我们公司在市南区，创业补贴多少",
        "崂山区对人工智能企业有配套奖励吗",
        "创业补贴多少",
        "市南区企业研发费用加计扣除比例",
    ],
)
def test_a_question_that_city_or_state_can_answer_is_covered(catalogue: Catalogue, text: str) -> None:
    assert scope_of(catalogue, text).uncovered == ()


def test_nearer_policies_weigh_more(catalogue: Catalogue) -> None:
    def factor(scope: Scope, key: str) -> float:
        return float(scope.factors[catalogue.place[key]])

    asked_there, asked_elsewhere = scope_of(catalogue, "崂山区住房补贴"), scope_of(catalogue, "住房补贴")
    assert factor(asked_there, "ls-compute-2025") > factor(asked_there, "qd-housing-2021")
    assert factor(asked_elsewhere, "ls-compute-2025") < factor(asked_elsewhere, "qd-housing-2021")
    assert factor(asked_elsewhere, "sd-gazelle-2024") <= factor(asked_elsewhere, "qd-hitech-2025")
    assert factor(asked_elsewhere, "lidar-note") == 1.0


def test_a_title_nearly_right_is_no_longer_unknown(catalogue: Catalogue) -> None:
    scope = scope_of(catalogue, "《高新技术企业培育措施》首次认定奖多少")
    assert named(catalogue, scope) == {"qd-hitech-2025"}
    assert scope.unknown == ()
