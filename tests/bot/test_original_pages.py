"""A citation says on which page of the official file it stands, and shows it, with the words marked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from bot.channels.web_chat.layout import sheet_href
from bot.channels.web_chat.limits import Limits as DoorLimits
from bot.channels.web_chat.ports import Sheet
from bot.clock import FixedClock
from bot.corpus_drafts import Drafts, Read
from bot.dialogs.wording_of_answers import AnswerText
from bot.library import PublishedLibrary
from bot.messages import Reply
from bot.original_pages import OriginalPages, marks_of
from bot.page_images import CrowdedError, PageImages
from bot.phrases import Phrases
from bot.publishing import Publishing
from bot.refreshing import CorpusWork
from bot.releases import SqlReleaseStore
from bot.taking_in import TakingIn
from rag.adapters.memory import MemoryVectorCache
from rag.corpus import read_corpus
from rag.indexing import Indexes
from rag.models import Answer, Citation, Question
from rag.parsing import Limits, Parsed
from rag.parsing.assembling import read
from rag.parsing.page_child import png
from rag.pipeline import Pipeline
from rag.reader import Reader
from tests.bot.fakes_web import LAOSHAN, Door, FakeAssistant, FakeLibrary, answered
from tests.support.hostile_files import pdf, words
from tests.support.policies import TODAY, policies, write_corpus
from tests.support.shelves import NOW, MemorySegments

TITLE = "青岛市深海装备扶持办法"
FIRST = ["第一条 本办法适用于在本市登记注册的深海装备企业和研究机构，两者", "合作申报的以企业为主。"]
SPLIT = [
    "第二条 对首次认定的深海装备企业，一次性奖励六十六万元，同一家企业",
    "只奖励一次，奖励资金由市财政承担，由市海洋发展局会同市财政局于每年",
]
REST = ["六月集中申报，逾期不予受理。", "第三条 本办法自2026年4月1日起施行，有效期至2028年12月31日。"]
AWARD = "一次性奖励六十六万元"
FILE = pdf(
    words(TITLE, x=180, y=780, size=22)
    + words("青海规〔2026〕9号", x=220, y=740)
    + "".join(words(line, y=700 - 20 * n) for n, line in enumerate([*FIRST, *SPLIT])),
    "".join(words(line, y=760 - 20 * n) for n, line in enumerate(REST))
    + words("青岛市海洋发展局", x=380, y=600)
    + words("2026年2月20日", x=390, y=580),
)


def parse(path: Path) -> Parsed:
    """In this process: the walled child has tests of its own."""
    data = path.read_bytes()
    return read(data, path.name, hashlib.sha256(data).hexdigest(), Limits(), 0)


class House:
    """A corpus with one policy from a PDF of two pages, published."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.folder = write_corpus(folder / "corpus", policies())
        self.originals = folder / "originals"
        places = Indexes(SqlReleaseStore(engine), MemorySegments(), MemoryVectorCache())
        self.reader = Reader(places)
        self.work = CorpusWork(self.folder, places, self.reader, lambda: NOW)
        self.work.refresh()
        drafts = Drafts(engine)
        taking_in = TakingIn(
            drafts, lambda: read_corpus(self.folder).policies, self.originals, lambda: NOW, lambda: TODAY, parse
        )
        path = folder / "notice.PDF"
        path.write_bytes(FILE)
        number = taking_in.add(path, "ed").draft.id
        self.read = taking_in.drafts.get(number).read
        taking_in.edit(number, {"id": "qd-deep-2026", "categories": "science"}, "ed")
        taking_in.confirm(number, ["all"], "ed")
        taking_in.submit(number, "ed")
        publishing = Publishing(self.work, taking_in, lambda: NOW, lambda: TODAY)
        publishing.publish(publishing.candidate(), None, "ed")
        self.drawn: list[int] = []
        self.images = PageImages(folder / "page_images", self.originals, self.draw)
        self.library = PublishedLibrary(self.reader, FixedClock(NOW), originals=OriginalPages.of(self.images, drafts))

    @property
    def file(self) -> Path:
        return self.folder / "city" / "qd-deep-2026.md"

    def draw(self, _path: Path, page: int) -> bytes:
        self.drawn.append(page)
        return png(np.zeros((84, 60), dtype=np.uint8), 0.1)

    def ask(self, question: str = "深海装备企业首次认定奖励多少") -> Answer:
        return Pipeline(self.reader, lambda: date(2026, 5, 2)).answer(Question(question))

    def cited(self, words: str = AWARD) -> Citation:
        return next(card for card in self.ask().citations if words in card.quote)


@pytest.fixture
def house(sqlite_engine: Engine, tmp_path: Path) -> House:
    return House(sqlite_engine, tmp_path)


def test_a_paragraph_that_runs_over_a_pages_end_is_cited_on_both_pages(house: House) -> None:
    assert "".join(SPLIT + REST[:1]).replace(" ", "") in house.read.text.replace(" ", "")
    card = house.cited()
    assert (card.policy, card.page, card.last_page) == ("qd-deep-2026", 1, 2)
    text = AnswerText(Phrases("zh", "ask"), "12345", 500).of(house.ask())
    assert "第二条（原件第1—2页）：" in text
    sections = {section.article: section for section in house.library.policy("qd-deep-2026").sections}  # type: ignore[union-attr]
    assert (sections["第一条"].page, sections["第三条"].page) == (1, 2)


def test_a_hand_edit_takes_the_page_from_the_line_it_touches_and_from_no_other(house: House) -> None:
    text = house.file.read_text("utf-8")
    house.file.write_text(
        text.replace("企业为主。", "企业为主，另行公布。").replace("\n第一条", "\n插入的一段。\n\n第一条"), "utf-8"
    )
    house.work.refresh()
    assert house.cited().last_page == 2
    sections = {section.article: section for section in house.library.policy("qd-deep-2026").sections}  # type: ignore[union-attr]
    assert sections["第一条"].page is None, "somebody changed it: no page has it so"
    assert sections["第三条"].page == 2
    house.file.write_text(text.replace("六十六万元", "七十七万元"), "utf-8")
    house.work.refresh()
    assert house.cited("七十七万元").page is None


def test_the_page_is_shown_with_the_quoted_words_marked_and_only_what_is_published_is(house: House) -> None:
    passage = house.cited().passage
    sheets = [house.library.sheet("qd-deep-2026", page, passage) for page in (1, 2)]
    assert [len(sheet.marks) for sheet in sheets if sheet] == [2, 1]
    first = sheets[0]
    assert first is not None
    assert (first.kept, first.pages) == (True, (1, 2))
    assert first.size == pytest.approx((600, 840), rel=0.01)
    left, top, width, height = first.marks[0]
    assert (left, top) == (pytest.approx(72, abs=3), pytest.approx(842 - 660 - 12, abs=6))
    assert (width > 350, 8 < height < 20) == (True, True)
    assert house.library.page_image("qd-deep-2026", 2)
    for policy, page in (("qd-deep-2026", 3), ("qd-deep-2026", 0), ("qd-hitech-2025", 1), ("nothing", 1)):
        assert house.library.sheet(policy, page) is None
        assert house.library.page_image(policy, page) is None
    assert house.drawn == [1, 2], "kept once drawn"


def test_without_the_original_the_page_is_said_and_not_shown(house: House) -> None:
    for kept in house.originals.iterdir():
        kept.unlink()
    assert house.cited().page == 1
    page = house.library.policy("qd-deep-2026")
    assert page is not None
    assert not page.shown_pages
    sheet = house.library.sheet("qd-deep-2026", 1)
    assert sheet is not None
    assert (sheet.kept, sheet.size) == (False, None)


def test_a_span_is_marked_as_wide_as_its_words_and_a_row_of_a_table_whole() -> None:
    text = "甲乙丙丁戊己庚辛壬癸\n\n| 甲 | 乙 |"
    read = Read(text=text, places=((0, 1, (100.0, 10.0, 200.0, 20.0)), (12, 2, (50.0, 30.0, 250.0, 50.0))))
    assert list(marks_of(read, "丙丁", 1)) == [(120.0, 10.0, 20.0, 10.0)]
    assert list(marks_of(read, "| 甲 | 乙 |", 2)) == [(50.0, 30.0, 200.0, 20.0)]
    assert list(marks_of(read, "| 甲 | 乙 |", 1)) == []
    assert list(marks_of(read, "没有的话", 1)) == []


class Originals(FakeLibrary):
    """Two pages of one policy."""

    crowded = False

    def sheet(self, policy: str, page: int, passage: str = "", span: tuple[int, int] | None = None) -> Sheet | None:
        self._wait()
        marks = ((1.0, 2.0, 3.0, 4.0),) if passage == "p" else ()
        known = policy == LAOSHAN.policy and page in {1, 2}
        return Sheet(policy, "办法<b>", page, (1, 2), True, (595, 842), marks, bool(passage)) if known else None

    def page_image(self, policy: str, page: int) -> bytes | None:
        self._wait()
        return b"\x89PNG" if policy == LAOSHAN.policy and page in {1, 2} else None

    def _wait(self) -> None:
        if self.crowded:
            raise CrowdedError


def get(door: Door, *paths: str) -> Sequence[int]:
    return [door.client.get(path).status_code for path in paths]


def test_the_web_page_of_a_page_draws_the_marks_over_it_without_any_script() -> None:
    door = Door(library=Originals())
    page = door.client.get(sheet_href(LAOSHAN.policy, 1, "p", (3, 9)))
    assert page.status_code == 200
    assert f'<image href="/originals/{LAOSHAN.policy}/1.png"' in page.text
    assert '<rect class="sheet-mark" x="1.0" y="2.0" width="3.0" height="4.0"' in page.text
    assert "办法&lt;b&gt;" in page.text
    assert sheet_href(LAOSHAN.policy, 2, "p", (3, 9)).replace("&", "&amp;") in page.text
    assert "<script" not in page.text.split("<main")[1].split("</main>")[0]
    picture = door.client.get(f"/originals/{LAOSHAN.policy}/1.png")
    assert (picture.headers["content-type"], picture.content) == ("image/png", b"\x89PNG")
    assert "引用的文字不在这一页" in door.client.get(f"/originals/{LAOSHAN.policy}/2?passage=q").text


def test_pages_that_are_not_there_are_not_found_and_looking_has_a_pace() -> None:
    library = Originals()
    door = Door(library=library, limits=replace(DoorLimits(), sheets_per_minute=9))
    base = f"/originals/{LAOSHAN.policy}"
    odd = (f"{base}/3", f"{base}/3.png", f"{base}/x", f"{base}/-1.png", f"{base}/９", "/originals/a/1", f"{base}/1.pdf")
    assert set(get(door, *odd)) == {404}
    library.crowded = True
    assert get(door, f"{base}/1", f"{base}/1.png") == [503, 503]
    assert get(door, f"{base}/1") == [429]


def test_a_card_in_the_chat_leads_to_the_page() -> None:
    cited = replace(LAOSHAN, confidence=None, page=2, last_page=3)

    class Citing(FakeAssistant):
        def _reply(self, said: str) -> Reply:
            return answered(cited, question=said, lead="有。")

    door = Door(library=Originals(), assistant=Citing())
    page = door.client.post("/", data={"text": "房租"}, follow_redirects=True)
    assert "原件第2—3页" in page.text
    assert sheet_href(cited.policy, 2, cited.passage, (0, len(cited.quote))).replace("&", "&amp;") in page.text
    reply = door.ask("房租")
    assert (reply["citations"][0]["page"], reply["citations"][0]["last_page"]) == (2, 3)
