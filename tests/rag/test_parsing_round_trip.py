"""Our policies, written by other libraries to the files that offices send, come back; `make faults` does sixty."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from rag.parsing import Limits, Parsed, as_markdown, page_at, parse_file
from rag.parsing.assembling import read
from rag.parsing.scan import is_installed
from tests.faults.same_answers import corpus, office_text, rounds, spread
from tests.support.policy_files import as_docx, as_html, as_pdfs, as_pictures, figures, policies, right

POLICIES = policies(12)
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def parsed(data: bytes, name: str) -> Parsed:
    return read(data, name, "digest", Limits(), 0)


@pytest.mark.parametrize(("name", "title", "markdown"), POLICIES, ids=[policy[0] for policy in POLICIES])
def test_a_policy_comes_back_from_word_and_from_a_web_page_in_either_encoding(
    name: str, title: str, markdown: str
) -> None:
    for data, file in (
        (as_docx(markdown), "a.docx"),
        (as_html(markdown, title).encode(), "a.html"),
        (as_html(markdown, title, "gb2312").encode("gb18030"), "a.html"),
    ):
        found = parsed(data, file)
        text = as_markdown(found)
        assert right(markdown, text) >= 0.995
        assert figures(text) == figures(markdown)
        assert found.title_hint == title
        assert found.hidden == ()


def test_golden_questions_are_answered_from_the_file_as_from_its_text_and_from_the_digest() -> None:
    documents = corpus()[::6]
    chosen = spread(documents, 3)
    written = [office_text(document) for document in chosen]
    files = {
        "docx": [as_docx(text) for text in written],
        "html-gbk": [as_html(t, d.title).encode("gb18030") for t, d in zip(written, chosen, strict=True)],
    }

    def parse(path: Path) -> Parsed:
        return read(path.read_bytes(), path.name, hashlib.sha256(path.read_bytes()).hexdigest(), Limits(), 0)

    for like in rounds(files, chosen, documents, parse).values():
        assert like.questions >= 6
        assert (like.unlike, like.falls, like.refused) == ([], [], [])
        assert like.policy == like.questions


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium to print with")
def test_policies_come_back_from_pdf_without_header_and_page_numbers_and_from_its_pictures(tmp_path: Path) -> None:
    assert CHROMIUM is not None
    chosen = POLICIES[:4]
    files = as_pdfs([as_html(markdown, title) for _, title, markdown in chosen], CHROMIUM)
    for (_, _, markdown), data in zip(chosen, files, strict=True):
        found = parsed(data, "a.pdf")
        text = as_markdown(found)
        assert right(markdown, text) >= 0.995
        assert figures(text) == figures(markdown)
        assert page_at(found, len(text) - 2) == found.pages
    if is_installed():
        (tmp_path / "scan.pdf").write_bytes(as_pictures(files[0]))
        scanned = parse_file(tmp_path / "scan.pdf")
        assert right(chosen[0][2], as_markdown(scanned)) >= 0.97
        assert figures(as_markdown(scanned)) == figures(chosen[0][2])
