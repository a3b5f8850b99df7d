"""The targets of the plan equal a hand count of what was entered, on both databases; nothing entered is not nought."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from db.engine import reading, writing
from intake.plan_targets import AIMS, EntryError, Evidence, Said, aim_of, in_force, stand_of
from intake.store.files import named_files, unnamed
from intake.store.plan_targets import ChangedError, PlanEntries

NOW = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)
STATION = Said("society_stations", "中国海洋学会服务站", 1, None, date(2026, 3, 1), Evidence("共建协议"))
FIRMS = Said("platform_use", "高新技术企业", 3000, 4000, date(2026, 2, 28), Evidence("平台后台统计"))


@pytest.fixture
def kept(engine: Engine) -> PlanEntries:
    return PlanEntries(engine)


def values(kept: PlanEntries) -> dict[str, float | None]:
    entries = kept.all()
    return {aim.key: stand_of(aim, entries).value for aim in AIMS}


def test_the_plan_asks_for_seven_things() -> None:
    assert [aim.least for aim in AIMS] == [80, 30, 30, 10, 30, 6, 10]
    assert [aim.key for aim in AIMS if aim.kind == "share"] == ["platform_use"]
    assert aim_of("nothing") is None


def test_what_nobody_entered_is_unknown(kept: PlanEntries) -> None:
    assert values(kept) == dict.fromkeys((aim.key for aim in AIMS), None)


def test_figures_equal_a_hand_count(kept: PlanEntries) -> None:
    kept.add(STATION, "city", NOW)
    listed = kept.add(replace(STATION, name="2025年服务站名单", number=6), "city", NOW)
    wrong = kept.add(replace(STATION, name="重复的站"), "city", NOW)
    kept.add(replace(STATION, name="2025年服务站名单", number=5), "city", NOW, replaces=listed)
    kept.withdraw(wrong, "与第一条是同一家", "city", NOW)
    kept.add(FIRMS, "city", NOW)
    kept.add(replace(FIRMS, name="高等院校", number=25, whole=30), "city", NOW)
    kept.add(replace(STATION, target="studies", number=0, name="2026年课题"), "city", NOW)
    assert values(kept) == {
        "platform_use": pytest.approx(3025 / 4030 * 100),
        "consortia": None,
        "society_stations": 6,
        "overseas_stations": None,
        "offshore_bases": None,
        "studies": 0,
        "events": None,
    }
    entries = kept.all()
    assert [entry.said.name for entry in in_force(entries) if entry.said.target == "society_stations"] == [
        "中国海洋学会服务站", "2025年服务站名单",
    ]  # fmt: skip
    assert (len(entries), entries[4].replaces, entries[4].withdrawn) == (8, wrong, True)
    assert not stand_of(AIMS[0], entries).met
    assert stand_of(replace(AIMS[0], least=75), entries).met


def test_when_the_last_entry_is_taken_back_the_figure_is_unknown_again(kept: PlanEntries) -> None:
    number = kept.add(STATION, "city", NOW)
    kept.withdraw(number, "已撤站", "city", NOW)
    assert values(kept)["society_stations"] is None


@pytest.mark.parametrize(
    ("said", "faults"),
    [
        (replace(STATION, name=""), {("name", "name_length")}),
        (replace(STATION, name="长" * 101), {("name", "name_length")}),
        (replace(STATION, number=-1), {("number", "number_range")}),
        (replace(STATION, day=date(2026, 3, 10)), {("day", "day_range")}),
        (replace(STATION, day=date(2019, 12, 31)), {("day", "day_range")}),
        (replace(STATION, evidence=Evidence("")), {("evidence", "evidence_length")}),
        (replace(STATION, evidence=Evidence("协议", "javascript:alert(1)")), {("link", "link")}),
        (replace(STATION, evidence=Evidence("协议", "https://[")), {("link", "link")}),
        (replace(STATION, evidence=Evidence("协议", "https://a.cn/x y")), {("link", "link")}),
        (replace(FIRMS, whole=None), {("whole", "whole_range")}),
        (replace(FIRMS, whole=0, number=0), {("whole", "whole_range")}),
        (replace(FIRMS, number=4001), {("number", "part_of_whole")}),
        (replace(STATION, target="x"), {("target", "missing")}),
        (replace(STATION, name="", number=-1), {("name", "name_length"), ("number", "number_range")}),
    ],
)
def test_what_cannot_be_kept_is_said_field_by_field(
    kept: PlanEntries, said: Said, faults: set[tuple[str, str]]
) -> None:
    with pytest.raises(EntryError) as refused:
        kept.add(said, "city", NOW)
    assert set(refused.value.faults) == faults
    assert kept.all() == []


def test_the_same_thing_is_not_counted_twice(kept: PlanEntries) -> None:
    number = kept.add(replace(STATION, name="ABC 站"), "city", NOW)
    with pytest.raises(EntryError) as refused:
        kept.add(replace(STATION, name="abc 站"), "city", NOW)
    assert refused.value.faults == (("name", "twice"),)
    kept.add(replace(STATION, name="abc 站", number=2), "city", NOW, replaces=number)
    kept.add(replace(STATION, target="events", name="abc 站"), "city", NOW)


def test_an_entry_is_corrected_once(kept: PlanEntries) -> None:
    number = kept.add(STATION, "city", NOW)
    kept.add(replace(STATION, number=2), "city", NOW, replaces=number)
    for again in (
        lambda: kept.add(replace(STATION, number=3), "city", NOW, replaces=number),
        lambda: kept.withdraw(number, "不对", "city", NOW),
        lambda: kept.withdraw(99, "不对", "city", NOW),
        lambda: kept.add(replace(FIRMS), "city", NOW, replaces=number + 1),
    ):
        _refused(again)
    assert values(kept)["society_stations"] == 2


def _refused(again: Callable[[], object]) -> None:
    with pytest.raises(ChangedError):
        again()


@pytest.mark.parametrize("change", ["UPDATE plan_entries SET number = 9", "DELETE FROM plan_entries"])
def test_the_database_lets_nobody_change_what_was_entered(kept: PlanEntries, engine: Engine, change: str) -> None:
    kept.add(STATION, "city", NOW)
    with pytest.raises(DBAPIError, match="append-only"), writing(engine) as connection:
        connection.execute(text(change))
    assert values(kept)["society_stations"] == 1


def test_a_file_that_is_evidence_belongs_to_somebody(kept: PlanEntries, engine: Engine) -> None:
    kept.add(replace(STATION, evidence=Evidence("协议", "", "a" * 64, "协议.pdf", 3)), "city", NOW)
    kept.add(replace(STATION, name="另一站"), "city", NOW)
    with reading(engine) as connection:
        assert named_files(connection) == {"a" * 64}
    assert unnamed(engine, ["a" * 64, "b" * 64]) == {"b" * 64}
