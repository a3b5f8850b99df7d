"""The pure parts under the page: cleaning, marking, layout, wording."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.web_chat.hygiene import BIDI, UncleanError, clean
from bot.channels.web_chat.layout import Card, Nearest, clause_href, lay_out
from bot.channels.web_chat.marking import cells, figures, locate, quoted, within
from bot.channels.web_chat.refusals import CODES, DoorStatus, Refusal, code_of
from bot.channels.web_chat.schema import ChatReply, CitationOut, ClaimOut, QuoteOut
from bot.channels.web_chat.words import choose, load_words
from rag.models import AnswerStatus, Category, Level, PolicyState

DOOR = Path(__file__).parents[2] / "bot" / "channels" / "web_chat"


@given(st.text())
def test_cleaned_text_is_readable_whatever_came_in(text: str) -> None:
    try:
        cleaned = clean(text)
    except UncleanError:
        return
    assert cleaned == unicodedata.normalize("NFC", cleaned).strip()
    assert all(character == "\n" or unicodedata.category(character) not in {"Cc", "Cf", "Cs"} for character in cleaned)
    assert clean(cleaned) == cleaned


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_lenient_cleaning_never_refuses_what_can_be_encoded(text: str) -> None:
    assert not BIDI & set(clean(text, lenient=True))


@pytest.mark.parametrize(("text", "fault"), [("\x00", "control"), ("a\u202eb", "bidi"), ("\udc80", "surrogate")])
def test_what_no_keyboard_types_is_named(text: str, fault: str) -> None:
    with pytest.raises(UncleanError) as refused:
        clean(text)
    assert refused.value.fault == fault


def test_a_lone_surrogate_is_refused_even_leniently() -> None:
    with pytest.raises(UncleanError):
        clean("\ud800", lenient=True)


@given(st.text())
def test_the_pieces_of_a_text_are_the_text(text: str) -> None:
    assert "".join(piece.text for piece in figures(text)) == text
    assert all(piece.text for piece in figures(text))


FIGURES = [
    ("最高补助100万元。", ["100万元"]),
    ("给予10%的支持，最高500万元", ["10%", "500万元"]),
    ("自2025年4月26日起施行，有效期至2028-04-25", ["2025年4月26日", "2028-04-25"]),
    ("正常运营满12个月，15个工作日内办结", ["12个月", "15个工作日"]),
    ("1,000万元、1.5亿元和2万美元", ["1,000万元", "1.5亿元", "2万美元"]),
    ("三年内最高五十万元", ["三年", "五十万元"]),
    ("青政办字〔2025〕47号", []),
    ("A100服务器", []),
    ("年满35周岁", ["35周岁"]),
    ("2026年2月印发", ["2026年2月"]),
]


@pytest.mark.parametrize(("text", "expected"), FIGURES)
def test_amounts_shares_dates_and_terms_are_set_off(text: str, expected: list[str]) -> None:
    assert [piece.text for piece in figures(text) if piece.figure] == expected


@given(st.text(), st.integers(-5, 50), st.integers(-5, 50))
def test_a_marked_span_never_loses_a_character(text: str, start: int, end: int) -> None:
    pieces = quoted(text, within(text, start, end))
    assert "".join(piece.text for piece in pieces) == text


@given(st.text(min_size=1).filter(lambda text: bool(text.strip())), st.text(), st.text())
def test_a_quote_is_found_in_any_text_that_holds_it(quote: str, before: str, after: str) -> None:
    text = before + quote + after
    span = locate(text, quote)
    assert span is not None
    assert "".join(text[slice(*span)].split()) == "".join(quote.split())


def test_a_quote_is_found_across_line_breaks() -> None:
    text = "第一，\n  在青岛注册；\n第二"
    assert locate(text, "第一，在青岛注册") == (0, 11)
    assert locate(text, "第三") is None
    assert locate(text, "  ") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("| a | b |", ["a", "b"]),
        ("|a|", ["a"]),
        ("a | b", None),
        ("| a |\n| b |", None),
        (r"| a\|b | c |", ["a|b", "c"]),
    ],
)
def test_a_table_row_is_read_in_cells(text: str, expected: list[str] | None) -> None:
    assert cells(text) == expected


def cite(quote: str, policy: str = "p", passage: str | None = None) -> CitationOut:
    return CitationOut(policy=policy, title=policy, quote=quote, passage=passage)


def shape(reply: ChatReply) -> list[str | list[str]]:
    return [
        [clause.citation.quote for clause in block.clauses] if isinstance(block, Card) else block
        for block in lay_out(reply).blocks
    ]


def test_a_paragraph_that_holds_a_quote_becomes_its_card() -> None:
    reply = ChatReply(status="answered", text="前言\n\n《甲》第1条\n引文一\n\n后记", citations=[cite("引文一")])
    assert shape(reply) == ["前言", ["引文一"], "后记"]


def test_neighbouring_clauses_of_one_policy_share_a_card() -> None:
    citations = [cite("引文一", "甲"), cite("引文二", "甲"), cite("引文三", "乙")]
    reply = ChatReply(status="answered", text="引文一\n\n引文二\n\n引文三\n\n完", citations=citations)
    assert shape(reply) == [["引文一", "引文二"], ["引文三"], "完"]


def test_a_quote_with_a_blank_line_in_it_is_not_cut() -> None:
    reply = ChatReply(status="answered", text="前\n\n一\n\n二\n\n后", citations=[cite("一\n\n二")])
    assert shape(reply) == ["前", ["一\n\n二"], "后"]


def test_a_citation_that_the_text_does_not_quote_still_has_its_card() -> None:
    reply = ChatReply(status="answered", text="只有话", citations=[cite("不在里面")])
    assert shape(reply) == ["只有话", ["不在里面"]]


@given(st.text(), st.lists(st.text(min_size=1, max_size=6), max_size=4))
def test_every_citation_is_drawn_exactly_once(text: str, quotes: list[str]) -> None:
    citations = [cite(quote, f"p{number}") for number, quote in enumerate(quotes)]
    for fields in ({"citations": citations}, {"nearest": citations}):
        blocks = lay_out(ChatReply.model_validate({"status": "answered", "text": text, **fields})).blocks
        cards = [block for block in blocks if isinstance(block, Card)]
        cards += [card for block in blocks if isinstance(block, Nearest) for card in block.cards]
        drawn = [clause.citation.policy for card in cards for clause in card.clauses]
        assert sorted(drawn) == sorted(citation.policy for citation in citations)


def test_nearest_clauses_come_where_the_text_has_them_and_are_not_said_twice() -> None:
    reply = ChatReply(
        status="unanswerable_not_found", text="没有\n\n相近：\n· 引文一\n\n问谁", nearest=[cite("引文一")]
    )
    first, nearest, last = lay_out(reply).blocks
    assert (first, last) == ("没有", "问谁")
    assert isinstance(nearest, Nearest)
    unquoted = ChatReply(status="unanswerable_not_found", text="没有\n\n问谁", nearest=[cite("引文一")])
    assert [type(block) for block in lay_out(unquoted).blocks] == [str, Nearest, str]


def test_a_short_quote_belongs_to_the_paragraph_of_its_policy() -> None:
    reply = ChatReply(status="answered", text="有效的如下\n\n《甲》\n有效", citations=[cite("有效", "甲")])
    assert shape(reply) == ["有效的如下", ["有效"]]


def test_a_table_row_said_in_words_is_drawn_with_the_names_of_its_columns() -> None:
    text = "《甲》\n· 附表：事项：独角兽企业；奖励：300万元\n\n完"
    reply = ChatReply(status="answered", text=text, citations=[cite("| 独角兽企业 | 300万元 |", "甲")])
    card, last = lay_out(reply).blocks
    assert isinstance(card, Card)
    assert card.clauses[0].cells == (("事项", "独角兽企业"), ("奖励", "300万元"))
    assert last == "完"


def test_the_address_of_a_clause_names_the_span_where_it_is_known() -> None:
    card = cite("引文", "甲/乙", "ab12")
    claim = ClaimOut(text="引文", quotes=[QuoteOut(passage="ab12", quote="引文", start=3)])
    known = ChatReply(status="answered", text="", claims=[claim], citations=[card])
    assert clause_href(card, known) == "/policies/%E7%94%B2%2F%E4%B9%99?passage=ab12&start=3&end=5#p-ab12"
    unknown = ChatReply(status="answered", text="", citations=[card])
    assert "quote=" in clause_href(card, unknown)


def test_both_languages_say_the_same_things() -> None:
    words = load_words()
    assert words["zh"].keys() == words["en"].keys()
    for key in sorted(words["zh"].keys()):
        slots = [set(re.findall(r"{[a-z_]+}", words[lang](key))) for lang in ("zh", "en")]
        assert slots[0] == slots[1], key


def test_every_sentence_a_template_asks_for_is_there() -> None:
    words = load_words()["zh"]
    asked = {
        key
        for template in (DOOR / "templates").iterdir()
        for key in re.findall(r"\bt\('([a-z_.]+)'(?! ~)", template.read_text(encoding="utf-8"))
    }
    assert len(asked) > 60
    assert {key for key in asked if not words.has(key)} == set()


def test_every_status_level_and_category_has_a_word() -> None:
    words = load_words()["zh"]
    assert all(words(f"state.{state.name.lower()}") == state for state in PolicyState)
    assert all(words.has(f"level.{level}") for level in Level)
    assert all(words.has(f"category.{category}") for category in Category)


def test_every_refusal_has_a_code_and_a_sentence() -> None:
    words = load_words()["zh"]
    for status in DoorStatus:
        assert words.has(Refusal(status).key)
        assert 400 <= CODES[status] <= 503


def test_every_error_of_the_assistant_has_a_code_of_its_own() -> None:
    errors = [status for status in AnswerStatus if status.startswith("error_")]
    assert all(status in CODES for status in errors)
    assert code_of("error_nobody_thought_of") == 500
    assert code_of("answered") == 200


def test_values_in_a_sentence_are_not_filled_in_twice() -> None:
    words = load_words()["zh"]
    assert words("list.found", found="{total}", total=3) == "符合条件 {total} 份，共 3 份"
    with pytest.raises(KeyError):
        words("no.such.key")


@pytest.mark.parametrize(
    ("asked", "kept", "lang"),
    [(None, None, "zh"), ("en", None, "en"), (None, "en", "en"), ("zh", "en", "zh"), ("x", "y", "zh")],
)
def test_chinese_unless_english_was_asked_for(asked: str | None, kept: str | None, lang: str) -> None:
    assert choose(asked, kept) == lang
