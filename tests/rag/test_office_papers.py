"""Papers as offices issue them: read in their order, with their fields, and each word on its page."""

from __future__ import annotations

import hashlib
import io

import pytest

from bot.parsing_words import notice_words
from bot.phrases import Phrases
from rag.parsing import Limits, Notice, Parsed, as_markdown, page_at
from rag.parsing.assembling import read
from rag.proposing import propose
from tests.support.hostile_files import PLAIN, png
from tests.support.office_papers import Paper, body, footer, papers, with_picture

PAPERS = list(papers())


def parsed(data: bytes, name: str) -> Parsed:
    return read(data, name, hashlib.sha256(data).hexdigest(), Limits(ocr=False), 0)


def flat(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("paper", PAPERS, ids=[paper.name for paper in PAPERS])
def test_an_office_paper_is_read_in_order_with_its_fields_and_pages(paper: Paper) -> None:
    found = parsed(paper.data, paper.name)
    text = as_markdown(found)
    at = 0
    for words in paper.order:
        at = flat(text).find(flat(words), at)
        assert at >= 0, words
    assert [words for words in paper.absent if flat(words) in flat(text)] == []
    assert {words: page_at(found, text.index(words)) for words, _ in paper.pages} == dict(paper.pages)
    said = propose(text)
    read_as = {name: getattr(said, name) for name in paper.fields} | {"issued": said.issued or said.written}
    assert {name: one.value if one else None for name, one in read_as.items() if name in paper.fields} == paper.fields
    assert found.hidden == ()


def test_pages_that_are_pictures_and_pictures_on_pages_are_told_with_their_numbers() -> None:
    text = body("第一条 对企业给予奖励三十万元，逾期不予受理。") + footer(1)
    scanned = with_picture((text, "", text), "595 0 0 842 0 0", masked=False, page=1)
    found = {one.notice: (one.count, one.pages) for one in parsed(scanned, "a.pdf").warnings}
    assert found[Notice.UNREAD_PAGES] == (1, (2,))
    chart = with_picture((text, text), "300 0 0 200 100 200", masked=False, page=1)
    found = {one.notice: (one.count, one.pages) for one in parsed(chart, "a.pdf").warnings}
    assert found[Notice.UNREAD_PARTS] == (1, (2,))
    told = notice_words(Phrases("zh", "parsing"), "unread_parts", 1, (2,))
    assert told == "有1处图片、图表或嵌入的对象没有读。（原件第2页）"


def test_a_picture_in_a_word_file_is_told() -> None:
    from docx import Document

    document, stream = Document(), io.BytesIO()
    document.add_paragraph(PLAIN)
    document.add_picture(io.BytesIO(png(40, 40)))
    document.save(stream)
    assert [one.count for one in parsed(stream.getvalue(), "a.docx").warnings] == [1]


def test_what_a_picture_without_a_mask_covers_is_hidden_as_before() -> None:
    line = "第二条 奖励三十万元，逾期不予受理，由市财政承担。"
    found = parsed(with_picture((body(line),), "300 0 0 60 70 720", masked=False), "a.pdf")
    assert any("第二条" in hidden.text for hidden in found.hidden)
    assert "奖励三十万元" not in as_markdown(found)
