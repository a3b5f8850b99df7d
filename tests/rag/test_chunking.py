"""What `chunk` promises of every document: tiling, verbatim texts, the cap, and what a passage is addressed by."""

from __future__ import annotations

import pytest

from rag.chunking import chunk, passage_id
from rag.models import Document


def document(text: str, title: str = "某办法") -> Document:
    return Document("d1", title, text)


def test_white_space_alone_gives_no_passage() -> None:
    assert chunk(document("")) == []
    assert chunk(document(" \n\u3000\n")) == []


def test_a_text_of_headings_alone_is_still_found() -> None:
    found = chunk(document("# 第一部分\n\n## 第二部分\n"))
    assert "第二部分" in "".join(passage.text for passage, _ in found)


def test_sizes_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="target"):
        chunk(document("一句话。"), target=900, cap=800)


def test_the_id_keeps_its_parts_apart() -> None:
    def named(article: str | None, lead: str, text: str) -> str:
        return passage_id(document="d", kind="article", path=("t",), article=article, lead=lead, text=text)

    ids = {named("第一条", "", "文"), named("第一", "条", "文"), named(None, "", "文"), named("", "", "文")}
    assert len(ids) == 4
    assert all(len(one) == 24 for one in ids)
