"""Claims, cards and notices: all taken from the index, each quote verbatim, nothing retired shown as current."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from rag import composing
from rag.models import Citation, Confidence, Hit, Passage, PassageKind, PolicyState
from rag.reader import Shelf
from rag.understanding import understand
from tests.support.policies import TODAY, a_policy, hitech, plain, policies, recarded
from tests.support.shelves import a_reader, memory_places


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    found = a_reader([*policies(), plain()], memory_places()).shelf()
    assert found is not None
    return found


def a_hit(shelf: Shelf, document: str, number: int = 0) -> Hit:
    return Hit(shelf.opened.passages_of(document)[number], 1.0)


def a_card(shelf: Shelf, document: str, day: date = TODAY) -> Citation:
    hit = a_hit(shelf, document)
    return composing.cite(hit, hit.passage.text, shelf, day)


def made_up(text: str, kind: PassageKind = "article", lead: str = "", confidence: Confidence = "high") -> Hit:
    return Hit(Passage("p", "qd-hitech-2025", kind, ("题",), None, lead, text, 0, confidence), 1.0)


def test_a_clause_is_quoted_as_it_stands(shelf: Shelf) -> None:
    hit = a_hit(shelf, "qd-hitech-2025")
    claim = composing.quoted(hit, understand("首次认定奖多少", TODAY))
    assert claim is not None
    (quote,) = claim.quotes
    assert claim.text == quote.quote
    assert hit.passage.text[quote.start :].startswith(quote.quote)


def test_a_row_is_told_with_its_column_names() -> None:
    claim = composing.quoted(made_up("| 博士 | 每月1200元 |", "row", "学历｜标准"), understand("博士多少", TODAY))
    assert claim is not None
    assert claim.text == "学历：博士；标准：每月1200元"
    assert claim.quotes[0].quote == "| 博士 | 每月1200元 |"


@pytest.mark.parametrize(
    ("row", "lead"),
    [("| 博士 | 每月1200元 |", "学历｜2024年标准"), ("| 博士 |", "学历｜标准"), ("博士 每月1200元", "")],
)
def test_a_row_whose_column_names_do_not_fit_is_quoted_plainly(row: str, lead: str) -> None:
    claim = composing.quoted(made_up(row, "row", lead), understand("博士多少", TODAY))
    assert claim is not None
    assert claim.text == claim.quotes[0].quote == row


def test_of_a_long_clause_a_part_is_quoted_from_its_place() -> None:
    text = "".join(f"第{n}类项目由主管部门另行规定。" for n in range(60)) + "高新技术企业首次认定奖励10万元。"
    claim = composing.quoted(made_up(text), understand("高新技术企业首次认定奖多少", TODAY))
    assert claim is not None
    (quote,) = claim.quotes
    assert len(quote.quote) <= composing.QUOTE_LENGTH < len(text)
    assert text[quote.start : quote.start + len(quote.quote)] == quote.quote
    assert "高新技术企业首次认定奖励10万元。" in quote.quote


def test_a_card_says_everything_from_the_index(shelf: Shelf) -> None:
    card = a_card(shelf, "qd-hitech-2025")
    assert (card.policy, card.title, card.doc_no) == (
        "qd-hitech-2025",
        "青岛市高新技术企业培育若干措施",
        "青科规〔2025〕7号",
    )
    assert (card.article, card.provision, card.confidence) == ("摘要第1条", 0, "high")
    assert (card.policy_status, card.judged) == (PolicyState.IN_FORCE, date(2026, 1, 20))
    assert (card.level, card.jurisdiction) == ("city", "青岛市")
    assert card.url == "https://www.qingdao.gov.cn/qd-hitech-2025"
    assert card.successor is None


def test_a_retired_policys_card_names_its_successor(shelf: Shelf) -> None:
    assert a_card(shelf, "qd-startup-2022").successor == "qd-startup-2025"
    assert a_card(shelf, "qd-startup-2022").policy_status is PolicyState.SUPERSEDED
    assert a_card(shelf, "qd-loan-2020").successor is None
    assert a_card(shelf, "qd-startup-2022", date(2023, 6, 1)).successor is None
    assert a_card(shelf, "qd-startup-2022", date(2023, 6, 1)).policy_status is PolicyState.IN_FORCE


def test_the_card_of_a_plain_text_claims_no_standing(shelf: Shelf) -> None:
    card = a_card(shelf, "lidar-note")
    assert card.title == "激光雷达标定须知"
    assert (card.policy_status, card.level, card.doc_no, card.confidence, card.url) == (None,) * 5


def test_a_judgement_older_than_ninety_days_reads_unverified(shelf: Shelf) -> None:
    assert a_card(shelf, "qd-hitech-2025", date(2026, 4, 20)).policy_status is PolicyState.IN_FORCE
    assert a_card(shelf, "qd-hitech-2025", date(2026, 4, 21)).policy_status is PolicyState.UNVERIFIED


def keys(shelf: Shelf, *documents: str, day: date = TODAY) -> list[str]:
    return [n.key for n in composing.notices([a_card(shelf, d, day) for d in documents], shelf, day)]


def test_a_sure_and_current_answer_needs_no_notice(shelf: Shelf) -> None:
    assert keys(shelf, "qd-hitech-2025", "ls-compute-2025") == []


def test_medium_or_unverified_is_told_once_with_the_oldest_day(shelf: Shelf) -> None:
    assert keys(shelf, "qd-startup-2025", "qd-housing-2021") == ["from_reports"]
    assert keys(shelf, "qd-hitech-2025", day=date(2026, 12, 1)) == ["from_reports"]
    cards = [
        replace(a_card(shelf, "qd-startup-2025"), judged=day) for day in (date(2026, 1, 2), date(2025, 12, 1), None)
    ]
    (notice,) = composing.notices(cards, shelf, TODAY)
    assert notice.values == {"judged": "2025-12-01"}


def test_retired_policies_are_told_each_once(shelf: Shelf) -> None:
    said = composing.notices(
        [a_card(shelf, d) for d in ("qd-loan-2020", "qd-loan-2020", "qd-startup-2022")], shelf, TODAY
    )
    assert [(n.key, n.values.get("title")) for n in said if n.key.startswith("retired")] == [
        ("retired", "青岛市科技型企业贷款贴息办法"),
        ("retired_by", "青岛市一次性创业补贴办法（2022年）"),
    ]
    assert next(n for n in said if n.key == "retired_by").values["successor"] == "青岛市创业扶持补贴实施细则"


def test_the_office_is_told_with_a_date_where_it_has_one(shelf: Shelf) -> None:
    said = composing.offices([a_card(shelf, d) for d in ("qd-hitech-2025", "ls-compute-2025")], shelf.catalogue)
    assert [n.key for n in said] == ["office_asof", "office"]
    assert said[0].values["asof"] == "2026-01-20"
    assert said[1].values["office"] == "青岛市崂山区人民政府"


def test_at_most_two_offices_are_told_and_none_twice(shelf: Shelf) -> None:
    documents = ["qd-startup-2022", "qd-startup-2025", "qd-hitech-2025", "sd-gazelle-2024", "lidar-note"]
    said = composing.offices([a_card(shelf, d) for d in documents], shelf.catalogue)
    assert [n.values["office"] for n in said] == ["青岛市人力资源和社会保障局", "市科技局高新技术处 0532-85911000"]


def test_no_phone_number_stands_without_its_day() -> None:
    undated = recarded(hitech(), contact="市科技局高新技术处 0532-85911000", contact_asof=None)
    shelf = a_reader([undated], memory_places()).shelf()
    assert shelf is not None
    (said,) = composing.offices([a_card(shelf, "qd-hitech-2025")], shelf.catalogue)
    assert (said.key, said.values["office"]) == ("office", "青岛市科学技术局")


def test_an_official_link_is_preferred() -> None:
    sources = [
        {"title": "报", "kind": "news", "coverage": "full", "official": False, "url": "https://press.example.cn/1"},
        {
            "title": "网",
            "kind": "official_site",
            "coverage": "full",
            "official": True,
            "url": "https://gov.example.cn/2",
        },
    ]
    assert composing.official_url(a_policy("a", "题", sources=sources)) == "https://gov.example.cn/2"
    assert composing.official_url(a_policy("a", "题", sources=sources[:1])) == "https://press.example.cn/1"
    unlinked = [{"title": "转载", "kind": "repost", "coverage": "full", "official": False}]
    assert composing.official_url(a_policy("a", "题", sources=unlinked)) is None
