"""The wording files: both languages say the same, every key the code emits has words, digests never pose as law."""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from bot.phrases import Phrases
from rag.models import AnswerStatus, Category, Level
from rag.understanding import understand
from tests.support.policies import TODAY

ROOT = Path(__file__).parents[2]
PARTS = sorted({path.name.split(".")[0] for path in (ROOT / "bot/wording").glob("*.zh.toml")})


def book(part: str, lang: str) -> dict[str, Any]:
    return tomllib.loads(resources.files("bot").joinpath(f"wording/{part}.{lang}.toml").read_text("utf-8"))


def sentences(part: str, lang: str) -> dict[str, str]:
    def walk(table: dict[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
        for key, value in table.items():
            if isinstance(value, dict):
                yield from walk(value, f"{prefix}{key}.")
            elif isinstance(value, str):
                yield prefix + key, value

    return dict(walk(book(part, lang), ""))


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("part", PARTS)
def test_both_languages_have_the_same_keys(part: str) -> None:
    assert sentences(part, "zh").keys() == sentences(part, "en").keys()


@pytest.mark.parametrize("part", PARTS)
def test_a_sentence_has_the_same_places_in_both_languages(part: str) -> None:
    english = sentences(part, "en")
    differing = {key for key, text in sentences(part, "zh").items() if places(text) != places(english[key])}
    assert differing == set()


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_sentence_is_empty(part: str, lang: str) -> None:
    assert [key for key, text in sentences(part, lang).items() if not text.strip()] == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_status_has_words(lang: str) -> None:
    said = sentences("ask", lang)
    of_their_own = {AnswerStatus.ANSWERED, AnswerStatus.SMALLTALK}
    assert {f"ask.status.{status.value}" for status in set(AnswerStatus) - of_their_own} <= said.keys()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_notice_that_the_core_emits_has_words(lang: str) -> None:
    emitted: set[str] = set()
    for file in ("pipeline", "composing", "listing"):
        source = (ROOT / f"rag/{file}.py").read_text("utf-8")
        emitted |= set(re.findall(r'Notice\("([a-z_]+)"', source))
        emitted |= set(re.findall(r'"(office(?:_asof)?)"', source))
    emitted -= {"topic_choice"}  # drawn as a button
    assert {"listing", "from_reports", "retired", "retired_by", "as_of", "office", "office_asof"} <= emitted
    assert {f"ask.notice.{key}" for key in emitted} <= sentences("ask", lang).keys()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_kind_of_small_talk_category_and_level_has_words(lang: str) -> None:
    said = sentences("ask", lang)
    kinds = {understand(text, TODAY).smalltalk for text in ("你好", "谢谢", "再见", "你能做什么？", "你是谁")}
    assert {f"ask.smalltalk.{kind}" for kind in kinds | {"chat"}} <= said.keys()
    assert {f"ask.choice.{category.value}" for category in Category} <= said.keys()
    assert {f"ask.section.{level.value}" for level in Level} <= said.keys()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_category_has_example_questions(lang: str) -> None:
    examples = Phrases(lang).lists("examples")  # type: ignore[arg-type]  # both are languages
    assert examples.keys() == {category.value for category in Category}
    assert all(questions and all(0 < len(text) <= 300 for text in questions) for questions in examples.values())


def test_the_words_that_the_law_of_the_house_prescribes_stand() -> None:
    said = sentences("ask", "zh")
    assert said["ask.mark_high"] == "摘要·已对照官方文本"
    assert said["ask.mark_medium"] == "摘要·据转载整理，未对照官方文本"
    assert re.fullmatch(r"据转载资料整理，时效截至 ?\{judged\} ?未核实。?", said["ask.notice.from_reports"])
    assert said["ask.notice.listing"].startswith("可能相关，未作资格判定")
    assert said["ask.reported"].startswith("资料显示")
    assert "以主管部门答复为准" in said["ask.verify"]
    assert "未直接回答" in said["ask.status.nearest_clause"]
    assert "不代表没有该政策" in said["ask.status.unanswerable_not_found"]
    assert "尚未收录" in said["ask.status.unanswerable_no_coverage"]


@pytest.mark.parametrize("part", PARTS)
def test_nobody_is_promised_money_or_blamed(part: str) -> None:
    said = "\n".join(sentences(part, "zh").values())
    assert not re.search(r"您可以领取|您一定|您错|你", said)


@pytest.mark.parametrize("key", ["ask.clause", "ask.clause_plain", "ask.reported", "ask.status.nearest_clause"])
def test_no_clause_is_put_in_quotation_marks_or_called_the_laws(key: str) -> None:
    said = sentences("ask", "zh")[key]
    assert not re.search(r"[“”「」『』\"]|规定", said)


def test_a_missing_key_is_an_error() -> None:
    phrases = Phrases("zh")
    with pytest.raises(KeyError):
        phrases.say("ask.status.no_such_status")
    with pytest.raises(KeyError):
        phrases.say("ask.status")
    assert not phrases.has("ask.status")
    assert not phrases.has("ask.nothing.at.all")
    assert phrases.has("ask.status.clarify")


def test_braces_are_filled_by_name() -> None:
    assert Phrases("zh").say("ask.notice.as_of", day="2023-12-31") == "按 2023-12-31 当时有效的规定查找。"
    with pytest.raises(KeyError):
        Phrases("zh").say("ask.notice.as_of")
