"""The published policies as people browse them: filters, order, pages, health."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot.channels.web_chat.ports import PolicyFilter
from bot.clock import FixedClock
from bot.library import PublishedLibrary
from rag.indexing import publish
from rag.models import Category, Level, PolicyState
from rag.reader import Reader
from tests.support.policies import Clause, a_digest, a_policy, hitech, plain, policies, recarded
from tests.support.shelves import NOW, CountingEmbedder, a_reader, memory_places


@pytest.fixture
def library(clock: FixedClock) -> PublishedLibrary:
    return PublishedLibrary(a_reader([*policies(), plain()]), clock, ["说明一"])


def ids(library: PublishedLibrary, **narrowed: object) -> list[str]:
    return [card.id for card in library.policies(PolicyFilter(**narrowed))]  # type: ignore[arg-type]  # filters


def test_before_the_first_release_there_is_nothing(clock: FixedClock) -> None:
    empty = PublishedLibrary(Reader(memory_places()), clock)
    assert empty.release() is None
    assert empty.policies(PolicyFilter()) == []
    assert empty.policy("qd-hitech-2025") is None
    assert empty.health()["ready"] is False
    assert empty.health()["degraded"] == ["政策库还没有建好"]


def test_the_release_says_what_it_holds(library: PublishedLibrary) -> None:
    card = library.release()
    assert card is not None
    assert (card.number, card.documents, card.vectors_ready, card.embedder) == (1, len(policies()) + 1, 1.0, "counting")
    assert card.passages > card.documents
    assert card.note == "说明一"


def test_everything_is_listed_nearest_first_and_current_before_retired(library: PublishedLibrary) -> None:
    names = ids(library)
    assert len(names) == len(policies()) + 1
    assert names[0] == "ls-compute-2025"
    assert names.index("qd-startup-2025") < names.index("qd-hitech-2025") < names.index("qd-startup-2022")
    assert names.index("qd-loan-2020") < names.index("sd-gazelle-2024")


def test_each_filter_narrows(library: PublishedLibrary) -> None:
    assert ids(library, level=Level.PROVINCE) == ["sd-gazelle-2024"]
    assert ids(library, jurisdiction="崂山区") == ["ls-compute-2025"]
    assert set(ids(library, category=Category.STARTUP)) == {"qd-startup-2025", "qd-startup-2022"}
    assert ids(library, state=PolicyState.SUPERSEDED) == ["qd-startup-2022"]
    assert ids(library, state=PolicyState.UNVERIFIED) == ["qd-housing-2021"]
    assert ids(library, level=Level.CITY, category=Category.FINANCE) == ["qd-loan-2020"]
    assert ids(library, level=Level.NATIONAL) == []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("高新技术", ["qd-hitech-2025"]),
        ("青科规〔2025〕7号", ["qd-hitech-2025"]),
        ("青科规（２０２５）", []),
        ("财政局 贴息", ["qd-loan-2020"]),
        ("工业和信息化厅", ["sd-gazelle-2024"]),
        ("激光雷达", ["lidar-note"]),
        ("创业 2025 飞天", []),
    ],
)
def test_words_are_sought_in_title_number_and_issuer(library: PublishedLibrary, words: str, found: list[str]) -> None:
    assert ids(library, text=words) == found


def test_empty_filters_are_none(library: PublishedLibrary) -> None:
    assert ids(library, text="  ", jurisdiction="") == ids(library)


def test_a_page_shows_the_policy_whole(library: PublishedLibrary) -> None:
    page = library.policy("qd-hitech-2025")
    assert page is not None
    assert page.card.state is PolicyState.IN_FORCE
    assert [section.provision for section in page.sections] == [0, 1, 2, 3, 4]
    assert page.sections[0].text == "首次通过高新技术企业认定的，一次性奖励10万元。"
    assert page.preamble.startswith("这是一份摘要")
    assert (page.judged, page.contact_asof) == (date(2026, 1, 20), date(2026, 1, 20))
    assert page.sources[0].official


def test_a_page_links_related_policies_that_are_there(clock: FixedClock) -> None:
    related = recarded(
        hitech(), relations=[{"rel": "配套", "id": "qd-other"}, {"rel": "相关", "id": "qd-gone", "inferred": True}]
    )
    other = a_digest(a_policy("qd-other", "青岛市配套细则"), [Clause("细则", "配套细则一条。")])
    page = PublishedLibrary(a_reader([related, other]), clock).policy("qd-hitech-2025")
    assert page is not None
    assert [(relation.rel, relation.title, relation.id) for relation in page.relations] == [
        ("配套", "青岛市配套细则", "qd-other")
    ]


def test_a_plain_text_has_a_page_without_a_card(library: PublishedLibrary) -> None:
    page = library.policy("lidar-note")
    assert page is not None
    assert (page.card.level, page.card.state, page.sources) == (None, None, ())
    assert "标定板距离为12米" in page.sections[0].text


@pytest.mark.parametrize("key", ["nothing", "", "../etc", "QD-HITECH-2025"])
def test_a_page_that_is_not_there_is_none(library: PublishedLibrary, key: str) -> None:
    assert library.policy(key) is None


def test_a_list_follows_the_clock(clock: FixedClock) -> None:
    library = PublishedLibrary(a_reader(policies()), clock)
    assert "qd-hitech-2025" in ids(library, state=PolicyState.IN_FORCE)
    clock.advance(timedelta(days=365))
    assert ids(library, state=PolicyState.IN_FORCE) == []


def test_a_list_follows_the_release(clock: FixedClock) -> None:
    places = memory_places()
    library = PublishedLibrary(Reader(places), clock)
    publish([hitech()], places, NOW)
    assert ids(library) == ["qd-hitech-2025"]
    publish([hitech(), plain()], places, NOW)
    assert set(ids(library)) == {"qd-hitech-2025", "lidar-note"}


def test_health_is_well_when_all_is_ready(clock: FixedClock) -> None:
    told = PublishedLibrary(a_reader(policies()), clock).health()
    assert (told["ready"], told["documents"], told["degraded"]) == (True, len(policies()), [])


def test_health_tells_standing_remarks_and_missing_vectors(clock: FixedClock) -> None:
    places = memory_places(CountingEmbedder())
    publish(policies(), places, NOW)
    told = PublishedLibrary(Reader(places), clock, ["按词语检索"]).health()
    assert told["vectors_ready"] == 0.0
    assert told["degraded"] == ["按词语检索", "向量已就绪 0%，其余按词语检索"]


def test_places_to_choose_are_districts_and_zones(library: PublishedLibrary) -> None:
    names = library.places()
    assert {"崂山区", "市南区", "青岛西海岸新区"} <= set(names)
    assert not {"青岛市", "山东省", "全国"} & set(names)


def test_examples_are_there_for_every_category(library: PublishedLibrary) -> None:
    assert library.examples().keys() == {category.value for category in Category}


def test_what_a_policy_changed_against_the_one_whose_place_it_took_cites_both(library: PublishedLibrary) -> None:
    changes = library.changes("qd-startup-2025")
    assert changes is not None
    assert (changes.old.id, changes.new.id) == ("qd-startup-2022", "qd-startup-2025")
    for one in changes.changed:
        assert "".join(piece.text for piece in one.pieces if piece.fate != "came").split() == one.old.text.split()
        assert "".join(piece.text for piece in one.pieces if piece.fate != "went").split() == one.new.text.split()
    assert changes.changed or changes.added
    old, new = library.policy("qd-startup-2022"), library.policy("qd-startup-2025")
    assert old is not None
    assert new is not None
    assert old.after is not None
    assert new.before is not None
    assert (old.after.id, new.before.id) == ("qd-startup-2025", "qd-startup-2022")
    assert library.changes("qd-hitech-2025") is None
    assert library.changes("nothing") is None
