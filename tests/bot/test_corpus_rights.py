"""Two levels of editors: the city's may do everything, a district's propose for its own places."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.corpus_drafts import Stage
from bot.corpus_rights import CorpusRights, RightsError, is_city_keeper, place_names
from intake.cases import ALL_AREAS, Actor, Role
from intake.reference import load_reference
from rag.corpus import read_corpus
from rag.jurisdictions import places
from tests.bot.test_corpus_life import House

REFERENCE = load_reference()
LAOSHAN = """崂山区深海装备扶持办法

崂政发〔2026〕9号

第一条 对科技企业奖励66万元。

第二条 自2026年4月1日起施行。

青岛市崂山区人民政府
2026年2月20日
"""
CITY = (
    LAOSHAN.replace("崂山区深海", "青岛市深海")
    .replace("崂政发", "青政发")
    .replace("青岛市崂山区人民政府", "青岛市人民政府")
)
BARE = "深海装备扶持办法\n\n第一条 对科技企业奖励66万元。\n"


def who(*areas: str, role: Role = Role.EDITOR, lent: frozenset[str] = frozenset()) -> Actor:
    return Actor("ed", "编辑", frozenset({role}), "cli", frozenset(areas) | lent, lent=lent)


DISTRICT, BOSS = who("370212"), who(role=Role.ADMIN)


@pytest.fixture
def house(sqlite_engine: Engine, tmp_path: Path) -> House:
    return House(sqlite_engine, tmp_path)


@pytest.fixture
def rights(house: House) -> CorpusRights:
    return CorpusRights(house.taking_in, REFERENCE)


def refused(act: object) -> RightsError:
    with pytest.raises(RightsError) as fault:
        act()  # type: ignore[operator]  # a call that waits to be made
    return fault.value


@pytest.mark.parametrize(
    ("actor", "city"),
    [
        (BOSS, True),
        (who("370212", role=Role.ADMIN), True),
        (who(), True),
        (who(ALL_AREAS), True),
        (DISTRICT, False),
        (who(lent=frozenset({"370212"})), True),
        (who("370212", lent=frozenset({ALL_AREAS})), True),
        (who(role=Role.CLERK), False),
        (who(ALL_AREAS, role=Role.AUDITOR), False),
    ],
)
def test_the_city_is_an_administrators_and_an_editors_without_a_district(actor: Actor, city: bool) -> None:
    assert is_city_keeper(actor) is city


def test_every_area_of_an_account_is_a_place_of_the_corpus() -> None:
    codes = {one.code for name in ("districts", "zones") for one in REFERENCE.options(name)} - {
        "outside",
        "other",
        "none",
    }
    known = {place.name for place in places() if place.kind in ("district", "zone")}
    assert {code: len(place_names([code], REFERENCE) & known) for code in codes} == dict.fromkeys(codes, 1)
    assert place_names(codes, REFERENCE) == known
    assert place_names(["370212", "sco_demo", "outside"], REFERENCE) == {"崂山区", "上合示范区"}


def test_a_district_editor_takes_in_confirms_and_submits_what_is_theirs(house: House, rights: CorpusRights) -> None:
    draft = rights.add(DISTRICT, house.file(LAOSHAN)).draft
    assert (draft.card.fields["level"], draft.card.fields["jurisdiction"]) == ("district", "崂山区")
    assert rights.foreign(DISTRICT, draft) is None
    rights.edit(DISTRICT, draft.id, {"categories": "science"})
    rights.confirm(DISTRICT, draft.id, ["all"])
    assert rights.submit(DISTRICT, draft.id).stage is Stage.IN_REVIEW
    assert rights.reopen(DISTRICT, draft.id).stage is Stage.DRAFT
    assert rights.exclude(DISTRICT, draft.id, "重复").stage is Stage.EXCLUDED


def test_what_is_another_places_is_left_alone(house: House, rights: CorpusRights) -> None:
    draft = rights.add(DISTRICT, house.file(CITY)).draft
    number, before = draft.id, house.taking_in.drafts.get(draft.id)
    fault = rights.foreign(DISTRICT, draft)
    assert fault is not None
    assert (fault.why, fault.places, fault.named) == ("not_yours", ("崂山区",), "青岛市")
    for act in (
        lambda: rights.confirm(DISTRICT, number, ["all"]),
        lambda: rights.edit(DISTRICT, number, {"level": "district", "jurisdiction": "崂山区"}),
        lambda: rights.submit(DISTRICT, number),
        lambda: rights.exclude(DISTRICT, number, "不要"),
        lambda: rights.reopen(DISTRICT, number),
    ):
        assert refused(act).why == "not_yours"
    assert house.taking_in.drafts.get(number) == before
    assert rights.confirm(who(), number, ["title"]).card.confirmed == ("title",)


@pytest.mark.parametrize(
    "values",
    [
        {"jurisdiction": "城阳区"},
        {"jurisdiction": "青岛市", "level": "city"},
        {"level": "city"},
        {"jurisdiction": ""},
        {"jurisdiction": None, "level": None},
    ],
)
def test_a_draft_is_not_given_away_by_an_edit(
    house: House, rights: CorpusRights, values: dict[str, str | None]
) -> None:
    draft = rights.add(DISTRICT, house.file(LAOSHAN)).draft
    fault = refused(lambda: rights.edit(DISTRICT, draft.id, values))
    assert (fault.why, fault.places) == ("given_away", ("崂山区",))
    assert house.taking_in.drafts.get(draft.id) == draft


def test_a_draft_without_a_place_is_given_ones_own_first(house: House, rights: CorpusRights) -> None:
    draft = rights.add(DISTRICT, house.file(BARE)).draft
    assert "jurisdiction" not in draft.card.fields
    assert refused(lambda: rights.edit(DISTRICT, draft.id, {"issuer": "某局"})).why == "place_first"
    assert refused(lambda: rights.submit(DISTRICT, draft.id)).why == "place_first"
    own = rights.edit(DISTRICT, draft.id, {"level": "district", "jurisdiction": "崂山", "issuer": "某局"})
    assert own.card.fields["issuer"] == "某局"


def test_another_places_policy_is_neither_replaced_nor_ended_by_the_way(house: House, rights: CorpusRights) -> None:
    held = next(p for p in read_corpus(house.folder).policies if p.jurisdiction == "青岛市")
    draft = rights.add(DISTRICT, house.file(LAOSHAN)).draft
    for values in ({"id": held.id}, {"supersedes": f"nothing、{held.id}"}):
        fault = refused(lambda written=values: rights.edit(DISTRICT, draft.id, written))
        assert (fault.why, fault.named) == ("other_policy", held.title)
    rights.edit(BOSS, draft.id, {"supersedes": held.id, "categories": "science"})
    rights.confirm(BOSS, draft.id, ["all"])
    assert refused(lambda: rights.submit(DISTRICT, draft.id)).why == "other_policy"
    assert rights.submit(BOSS, draft.id).stage is Stage.IN_REVIEW


def test_the_whole_corpus_is_the_citys(rights: CorpusRights) -> None:
    assert refused(lambda: rights.require_city(DISTRICT)).why == "city_only"
    assert refused(lambda: rights.require_city(who(role=Role.CLERK))).why == "role"
    rights.require_city(who())
