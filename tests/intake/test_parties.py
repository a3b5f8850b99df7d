"""The register of parties and the society matrix on both databases, and their sheets: whole, logged, discreet."""

from __future__ import annotations

import io
import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy import Engine, select

from db.engine import reading
from intake.cases import Actor, Role
from intake.parties import MatrixRow, Party, PartyError, PartyType, may_edit, mentioned, normal_name, subject_of, terms
from intake.party_sheets import PartySheets
from intake.party_words import CellError, PartyWords, read_as_of, read_contact_phone, written_phone
from intake.reference import Reference
from intake.sheets import Fault
from intake.societies import load_societies, seed
from intake.store.parties import Parties, PartyRow, RowsRefusedError, Taken
from intake.store.tables import register_log

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
WANG = Actor("wang", "王丽", frozenset({Role.COORDINATOR}), "cli")
OCEAN = Party(
    "青岛海洋膜技术研究院",
    PartyType.INSTITUTE,
    fields="海水淡化、膜材料",
    industries=("marine", "new_energy_materials"),
    district="370212",
    contact_name="赵敏",
    contact_phone="+8653285911234;ext=801",
    contact_email="zhao@example.com",
    source="2026 年走访",
    as_of="2026-02",
    verified=True,
)
EXPERT = Party("孙立", PartyType.EXPERT, fields="高盐废水", source="专家库", contact_phone="+8613900139000")


@pytest.fixture
def parties(engine: Engine) -> Parties:
    return Parties(engine)


@pytest.fixture(scope="module")
def sheets(reference: Reference) -> PartySheets:
    return PartySheets(reference)


def logged(engine: Engine) -> list[Any]:
    with reading(engine) as connection:
        return list(connection.execute(select(register_log).order_by(register_log.c.id)))


def rows(*parties: Party) -> list[PartyRow]:
    return [PartyRow(number, party) for number, party in enumerate(parties, start=2)]


def refused(parties: Parties, *imported: Party) -> list[tuple[int, str]]:
    with pytest.raises(RowsRefusedError) as refusal:
        parties.take(rows(*imported), WANG, LATER)
    return [(fault.number, fault.key) for fault in refusal.value.faults]


# ------------------------------------------------------------------------------------------------------------ register


def test_a_party_is_kept_found_changed_and_retired(parties: Parties) -> None:
    ocean = parties.put(OCEAN, WANG, NOW)
    assert parties.get(ocean.id) == ocean == replace(OCEAN, id=ocean.id, updated_at=NOW)
    assert parties.named(ocean.id) == parties.named(" 青岛海洋膜技术研究院 ") == ocean
    changed = parties.put(replace(ocean, district="370211"), WANG, LATER)
    assert changed.updated_at == LATER
    assert parties.search(district="370211") == [changed]
    retired = parties.retire(ocean.id, WANG, LATER)
    assert not retired.active
    assert parties.all() == []
    assert parties.all(retired=True) == [retired]


def test_parties_are_searched_by_words_type_industry_and_district(parties: Parties) -> None:
    ocean, expert = parties.put(OCEAN, WANG, NOW), parties.put(EXPERT, WANG, NOW)
    assert parties.search("膜 海水") == [ocean]
    assert parties.search("膜 废水") == []
    assert parties.search(type=PartyType.EXPERT) == [expert]
    assert parties.search(industry="marine", district="370212") == [ocean]
    assert {party.name for party in parties.search()} == {OCEAN.name, EXPERT.name}


@pytest.mark.parametrize("name", ["青岛海洋膜技术研究院", "青岛 海洋膜技术研究院", "青岛海洋膜技术研究院\u200b"])
def test_a_name_is_taken_however_it_is_written(parties: Parties, name: str) -> None:
    ocean = parties.put(OCEAN, WANG, NOW)
    with pytest.raises(PartyError, match="name_taken"):
        parties.put(replace(OCEAN, name=name), WANG, NOW)
    other = parties.put(EXPERT, WANG, NOW)
    with pytest.raises(PartyError, match="name_taken"):
        parties.put(replace(other, name=name), WANG, NOW)
    assert parties.put(replace(ocean, name=name), WANG, LATER).name == OCEAN.name


def test_latin_names_are_told_apart_by_words_not_by_capitals(parties: Parties) -> None:
    parties.put(Party("ABB  中国（青岛）", PartyType.ENTERPRISE, source="x"), WANG, NOW)
    assert parties.named("abb中国(青岛)").name == "ABB中国(青岛)"
    assert normal_name("Blue  Valley\u3000Lab 青岛 所") == "Blue Valley Lab青岛所"


def test_a_change_made_on_what_somebody_else_changed_is_refused(parties: Parties) -> None:
    read = parties.put(OCEAN, WANG, NOW)
    parties.put(replace(read, fields="膜"), WANG, LATER)
    with pytest.raises(PartyError, match="changed_meanwhile"):
        parties.put(replace(read, district=None), WANG, LATER)
    assert parties.named(OCEAN.name).fields == "膜"


def test_an_unknown_party_is_named(parties: Parties) -> None:
    with pytest.raises(PartyError) as fault:
        parties.named("没有这家")
    assert fault.value.saying.values == {"party": "没有这家"}
    with pytest.raises(PartyError, match="unknown"):
        parties.put(replace(OCEAN, id="pnowhere"), WANG, NOW)


def test_of_two_who_add_the_same_name_at_once_one_is_told(parties: Parties) -> None:
    outcomes: list[str] = []
    begin = threading.Barrier(4)

    def add() -> None:
        begin.wait()
        try:
            parties.put(OCEAN, WANG, NOW)
            outcomes.append("added")
        except PartyError as fault:
            outcomes.append(str(fault))

    writers = [threading.Thread(target=add) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(outcomes) == ["added", "name_taken", "name_taken", "name_taken"]


def test_the_log_says_who_changed_what_and_holds_no_contact(parties: Parties, engine: Engine) -> None:
    ocean = parties.put(OCEAN, WANG, NOW)
    parties.put(replace(ocean, district="370211", contact_phone="+8613800138000", contact_name=None), WANG, LATER)
    first, second = logged(engine)
    assert (first.actor, first.what, first.key, first.before) == ("wang", "party", ocean.id, None)
    assert set(first.after["changed"]) >= {"name", "contact_phone", "contact_email"}
    assert second.before == {"district": "370212"}
    assert second.after == {"changed": ["district", "contact_name", "contact_phone"], "district": "370211"}
    everything = json.dumps([[row.before, row.after] for row in (first, second)], ensure_ascii=False)
    assert not any(word in everything for word in ("赵敏", "85911234", "zhao@", "13800138000"))


def test_the_log_does_not_name_an_expert(parties: Parties, engine: Engine) -> None:
    parties.put(EXPERT, WANG, NOW)
    (entry,) = logged(engine)
    assert "name" in entry.after["changed"]
    assert "孙立" not in json.dumps(entry.after, ensure_ascii=False)


def test_an_export_is_on_record(parties: Parties, engine: Engine) -> None:
    parties.note_export(3, WANG, NOW)
    (entry,) = logged(engine)
    assert (entry.what, entry.actor, entry.after) == ("party.export", "wang", {"parties": 3})


@pytest.mark.parametrize(("role", "allowed"), [(role, role in {"coordinator", "admin"}) for role in Role])
def test_the_coordinator_and_admins_edit_the_register(role: Role, allowed: bool) -> None:
    assert may_edit(replace(WANG, roles=frozenset({role}))) is allowed


# -------------------------------------------------------------------------------------------------------------- import


def test_an_import_adds_changes_and_leaves(parties: Parties, engine: Engine) -> None:
    ocean, expert = parties.put(OCEAN, WANG, NOW), parties.put(EXPERT, WANG, NOW)
    renamed = replace(ocean, name="青岛海洋膜研究院", updated_at=None)
    new = replace(EXPERT, name="新来的公司", type=PartyType.ENTERPRISE)
    taken = parties.take(rows(renamed, replace(EXPERT), new), WANG, LATER)
    assert taken == Taken(added=1, changed=1, same=1)
    assert parties.get(ocean.id) == replace(renamed, updated_at=LATER)
    assert parties.get(expert.id) == expert
    assert [entry.what for entry in logged(engine)] == ["party"] * 4


def test_texts_stay_as_they_were_typed(sheets: PartySheets) -> None:
    cells = sheets.words.written(OCEAN) | {"fields": " 膜（ＭＢＲ）；\u202e泵 ", "source": "走访\n（３ 月）\x07"}
    party, _ = sheets.words.read(cells)
    assert party is not None
    assert (party.fields, party.source) == ("膜（ＭＢＲ）；泵", "走访 （３ 月）")


def test_of_an_import_with_a_fault_nothing_is_taken(parties: Parties) -> None:
    ocean, expert = parties.put(OCEAN, WANG, NOW), parties.put(EXPERT, WANG, NOW)
    before = parties.all()
    new = replace(EXPERT, name="新来的公司")
    assert refused(parties, new, replace(new, id="pgone")) == [(3, "unknown_id")]
    assert refused(parties, new, replace(new, name="新来的 公司")) == [(3, "twice")]
    assert refused(parties, replace(OCEAN, id=expert.id), replace(ocean, name="甲"), replace(ocean, name="乙")) == [
        (2, "name_taken"),
        (4, "twice"),
    ]
    assert parties.all() == before


@pytest.mark.parametrize(
    "party",
    [
        OCEAN,
        EXPERT,
        replace(OCEAN, name='=HYPERLINK("http://a.cn")', fields="+甲、-乙", source="@丙", contact_name="=丁"),
        replace(EXPERT, contact_phone="+85223456789", active=False, as_of="2018"),
        replace(EXPERT, contact_phone="+864008208820", district="outside", as_of="2018-01-10"),
        Party("_x0041_研究所", PartyType.OTHER, source="'引号"),
    ],
)
def test_a_register_survives_export_and_import(party: Party, parties: Parties, sheets: PartySheets) -> None:
    kept = parties.put(party, WANG, NOW)
    content = sheets.write_parties(parties.all(retired=True))
    assert [cell.data_type for row in load_workbook(io.BytesIO(content))["参与方"] for cell in row if cell.value] == [
        "s" for row in load_workbook(io.BytesIO(content))["参与方"] for cell in row if cell.value
    ]
    imported = sheets.read_parties(content)
    assert imported.errors == ()
    assert parties.take(imported.rows, WANG, LATER) == Taken(0, 0, 1)
    assert parties.get(kept.id) == kept


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cf"]), min_size=2, max_size=30)


@given(
    name=NAMES,
    fields=st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=60),
    kind=st.sampled_from(PartyType),
    industries=st.lists(st.sampled_from(["new_it", "marine", "health", "other"]), unique=True).map(tuple),
    flags=st.tuples(st.booleans(), st.booleans()),
)
def test_whatever_was_read_once_reads_the_same_from_its_own_sheet(
    sheets: PartySheets, name: str, fields: str, kind: PartyType, industries: tuple[str, ...], flags: tuple[bool, bool]
) -> None:
    party = Party(name, kind, fields, industries, source="某处", verified=flags[0], active=flags[1])
    first, _ = sheets.words.read(sheets.words.written(party))
    if first is not None:
        imported = sheets.read_parties(sheets.write_parties([first]))
        assert [row.party for row in imported.rows] == [first]


def test_every_row_of_a_careless_sheet_is_named_and_nothing_taken(sheets: PartySheets) -> None:
    workbook = load_workbook(io.BytesIO(sheets.write_parties([])))
    sheet = workbook["参与方"]
    headings = [cell.value for cell in sheet[1]]
    good = dict(zip(headings, sheets.words.written(OCEAN).values(), strict=True))
    careless = [
        {"名称*": "甲"},
        {"类型*": "大概是高校吧"},
        {"重点产业": "现代海洋、钓鱼"},
        {"联系电话": "1.38E+10"},
        {"联系电话": "13800138000、13900139000"},
        {"联系电话": "85911234"},
        {"电子邮箱": "zhao"},
        {"资料日期": "前年"},
        {"已核对": "也许"},
        {"专长领域": "身份证 370202199001010015"},
        {"资料来源*": "=1+1"},
    ]
    for row in [good, *({**good, "名称*": f"单位{n}", **wrong} for n, wrong in enumerate(careless))]:
        sheet.append([row[heading] for heading in headings])
    file = io.BytesIO()
    workbook.save(file)
    imported = sheets.read_parties(file.getvalue())
    assert imported.rows == ()
    assert [(fault.row, fault.heading, fault.saying.key) for fault in imported.errors] == [
        (3, "名称", "sheet.fault.length"),
        (4, "类型", "sheet.fault.not_listed"),
        (5, "重点产业", "sheet.fault.not_listed"),
        (6, "联系电话", "sheet.fault.scientific"),
        (7, "联系电话", "sheet.fault.several_phones"),
        (8, "联系电话", "error.phone.area_code"),
        (9, "电子邮箱", "error.email.no_at"),
        (10, "资料日期", "sheet.fault.as_of"),
        (11, "已核对", "sheet.fault.not_listed"),
        (12, "专长领域", "refusal.id_card"),
        (13, "资料来源", "sheet.fault.formula"),
    ]


def test_what_the_register_refuses_is_told_in_the_sheets_words(parties: Parties, sheets: PartySheets) -> None:
    with pytest.raises(RowsRefusedError) as refusal:
        parties.take(rows(replace(OCEAN, id="pgone")), WANG, NOW)
    (fault,) = sheets.refused(refusal.value)
    assert fault == Fault(2, "名称", fault.saying)
    assert fault.saying.key == "sheet.fault.unknown_id"


@pytest.mark.parametrize(
    "typed",
    [
        "13800138000", "138 0013 8000", "0532-85911234转801", "400-820-8820", "+852 2345 6789", "+1 650 253 0000",
        "010-62345678", "008613800138000", "13800138000.0", "０５３２－８５９１１２３４",
    ],
)  # fmt: skip
def test_a_number_is_written_so_that_it_reads_the_same(typed: str) -> None:
    stored = read_contact_phone(typed)
    assert stored.startswith("+")
    assert read_contact_phone(written_phone(stored)) == stored


@pytest.mark.parametrize("typed", ["13800138000、13900139000", "13800138000转1 0532-85911234", "1.38E+10", "96", "无"])
def test_no_part_of_a_number_is_dropped_in_silence(typed: str) -> None:
    with pytest.raises(CellError):
        read_contact_phone(typed)


@pytest.mark.parametrize(
    ("typed", "read"),
    [("2018", "2018"), ("2018年1月", "2018-01"), ("2018/1/2", "2018-01-02"), ("2018.01", "2018-01")],
)
def test_a_date_of_a_source_may_be_a_year_a_month_or_a_day(typed: str, read: str) -> None:
    assert read_as_of(typed) == read


def test_labels_aliases_and_codes_are_read_as_codes(reference: Reference) -> None:
    words = PartyWords(reference)
    assert words.code("types", "研究所") == words.code("types", "institute") == "institute"
    assert words.code("districts", "西海岸") == "370211"
    assert words.code("places", "各区通用") == "*"
    assert words.code("places", "上合示范区") == "sco_demo"
    assert [words.label("types", kind) for kind in PartyType] == list(words.labels("types"))


# ----------------------------------------------------------------------------------------------- societies, the matrix


def test_an_empty_register_is_filled_with_the_societies_of_2018_once(parties: Parties, engine: Engine) -> None:
    assert seed(parties, NOW) == 209
    shown = parties.all()
    assert {(party.type, party.verified, party.as_of) for party in shown} == {(PartyType.SOCIETY, False, "2018-01")}
    assert len(parties.matrix.rows()) == 38
    assert not any(row.verified for row in parties.matrix.rows())
    ocean = parties.named("中国海洋学会")
    parties.put(replace(ocean, name="中国海洋科学学会"), WANG, LATER)
    for party in shown[:5]:
        parties.retire(party.id, WANG, LATER)
    assert seed(parties, LATER) == 0
    assert len(parties.all(retired=True)) == 209
    assert [entry.what for entry in logged(engine)][:2] == ["party.seed", "matrix.seed"]


def test_the_societies_survive_export_and_import(parties: Parties, sheets: PartySheets) -> None:
    seed(parties, NOW)
    imported = sheets.read_parties(sheets.write_parties(parties.all(retired=True)))
    assert imported.errors == ()
    assert parties.take(imported.rows, WANG, LATER) == Taken(0, 0, 209)


def test_two_processes_seed_the_same_parties() -> None:
    assert load_societies() == load_societies()


def test_every_industry_but_other_has_societies_to_ask(reference: Reference) -> None:
    shipped = load_societies()
    assert {row.industry for row in shipped.matrix} == {i.code for i in reference.industries} - {"other"}
    assert {row.district for row in shipped.matrix} == {"*"}


def test_a_districts_own_societies_come_before_those_of_any(parties: Parties) -> None:
    seed(parties, NOW)
    own = parties.named("中国数学会").id
    shipped = parties.matrix.rows()
    parties.matrix.replace([*shipped, MatrixRow("370212", "marine", own, True)], WANG, NOW)
    assert parties.matrix.parties(["370212"], "marine")[0] == own
    assert own not in parties.matrix.parties(["370211"], "marine")
    assert len(parties.matrix.parties(["370211"], "marine")) == 6
    assert parties.matrix.parties(["370212"], None) == []


def test_the_matrix_is_replaced_as_a_whole_and_each_row_logged(parties: Parties, engine: Engine) -> None:
    seed(parties, NOW)
    first, second, *rest = parties.matrix.rows()
    new = MatrixRow("sco_demo", "marine", first.party)
    before = len(logged(engine))
    assert parties.matrix.replace([replace(second, verified=True), *rest, new], WANG, NOW) == (1, 1, 1)
    added, changed, removed = logged(engine)[before:]
    assert (added.before, added.after) == (None, {"verified": False})
    assert (changed.before, changed.after) == ({"verified": False}, {"verified": True})
    assert (removed.before, removed.after) == ({"verified": False}, None)
    assert added.key == f"sco_demo marine {first.party}"


def test_the_matrix_survives_export_and_import(parties: Parties, sheets: PartySheets) -> None:
    seed(parties, NOW)
    own = [MatrixRow("sco_demo", "marine", parties.named("中国海洋学会").id, True)]
    parties.matrix.replace([*parties.matrix.rows(), *own], WANG, NOW)
    by_id = {party.id: party for party in parties.all(retired=True)}
    imported = sheets.read_matrix(sheets.write_matrix(parties.matrix.rows(), by_id), by_id)
    assert imported.errors == ()
    assert parties.matrix.replace(imported.rows, WANG, NOW) == (0, 0, 0)


def test_a_matrix_with_an_unknown_party_or_a_repeated_row_is_refused(sheets: PartySheets) -> None:
    by_id = {"p1": replace(OCEAN, id="p1")}
    lines = [MatrixRow("*", "marine", "p1"), MatrixRow("*", "marine", "p1"), MatrixRow("*", "marine", "p2")]
    imported = sheets.read_matrix(sheets.write_matrix(lines, by_id), by_id)
    assert imported.rows == ()
    assert [(fault.row, fault.saying.key) for fault in imported.errors] == [
        (3, "sheet.fault.twice"),
        (4, "sheet.fault.no_such_party"),
    ]


@pytest.mark.parametrize(
    ("society", "subjects"),
    [
        ("中国腐蚀与防护学会", ("腐蚀", "防护")), ("中国化学会", ("化学",)), ("中华医学会", ("医学",)),
        ("中国能源研究会", ("能源",)), ("中国科技馆发展基金会", ()),
    ],
)  # fmt: skip
def test_a_societys_name_says_what_it_works_on(society: str, subjects: tuple[str, ...]) -> None:
    assert subject_of(society) == subjects


def test_words_are_found_whatever_their_case() -> None:
    assert terms("AI、膜材料，膜材料；x") == ("AI", "膜材料")
    assert mentioned(("AI", "膜材料"), "用ａｉ优化工艺") == ("AI",)
