"""The language files: they compile, mean what their readers expect, and no form swallows another's place."""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from typing import Any

import pytest

from rag.guardrails import fold
from rag.wordbook import wordbook


def raw(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files("rag").joinpath(f"data/{name}").read_text("utf-8"))


def test_the_files_are_read_once() -> None:
    assert wordbook() is wordbook()


def test_every_group_of_the_field_leads_from_each_form_to_the_others() -> None:
    book = wordbook()
    for group in raw("synonyms.toml")["field"]:
        for form in group:
            others = {fold(other) for other in group} - {fold(form)}
            assert others <= set(book.synonyms[fold(form)]), form


def test_an_everyday_word_leads_to_the_policies_word_and_not_back() -> None:
    book = wordbook()
    assert "购房" in book.related("买房给多少钱")
    assert "买房" not in book.related("购房给多少钱")


def test_a_longer_form_wins_over_a_shorter_inside_it() -> None:
    related = wordbook().related("研发费用加计扣除比例")
    assert "加计扣除" not in related
    assert "研发投入" not in related
    assert "研发投入" in wordbook().related("研发费用比例")


def test_a_latin_form_stands_alone() -> None:
    book = wordbook()
    assert "人工智能" in book.related("ai企业")
    assert "人工智能" not in book.related("training email")
    assert "人工智能" not in book.related("ai2027")


def test_no_word_that_stands_in_the_text_is_added() -> None:
    related = wordbook().related("高企就是高新技术企业")
    assert "高企" not in related
    assert "高新技术企业" not in related
    assert len(related) == len(set(related))


def test_english_phrases_lead_to_chinese_words() -> None:
    book = wordbook()
    assert "高新技术企业" in book.related("high-tech enterprise")
    assert all(re.search(r"[\u3400-\u9fff]|^[a-z0-9]+$", fold(chinese)) for chinese in book.english.values())


def test_certificates_are_forms_of_the_field() -> None:
    book = wordbook()
    assert {fold(name) for name in raw("synonyms.toml")["certificates"]} <= book.certificates
    assert book.certificates <= book.synonyms.keys()


def test_every_rule_is_written_against_folded_text() -> None:
    """A capital or a full-width letter in a pattern would never match what was folded."""
    language = raw("language.toml")
    patterns = [*language["stop"], *language["generic"], language["domain"], *language["smalltalk"].values()]
    patterns += [value for table in ("listing", "status") for value in language[table].values()]
    patterns += [want[key] for want in language["wants"] for key in ("ask",)]
    for pattern in patterns:
        bare = re.sub(r"\\.", "", pattern)
        assert not re.search(r"[A-Z０-９Ａ-Ｚａ-ｚ]", bare), pattern


@pytest.mark.parametrize("pattern", ["stop", "generic"])
def test_nothing_is_dropped_from_a_text_without_such_words(pattern: str) -> None:
    compiled = getattr(wordbook(), pattern)
    assert compiled.sub("", "瞪羚") == "瞪羚"
    assert compiled.sub("", "") == ""


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("首次认定奖多少钱", "money"),
        ("担保贷款最长几年", "duration"),
        ("什么时候申报", "when"),
        ("要准备哪些材料", "materials"),
        ("研发费用占比多少", "share"),
        ("电话是多少", "phone"),
    ],
)
def test_the_kind_of_answer_wanted_is_told(question: str, kind: str) -> None:
    assert kind in {want.kind for want in wordbook().wants if want.ask.search(fold(question))}
