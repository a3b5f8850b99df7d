"""Every key intake emits has a sentence in both languages, with the same placeholders; nobody is told 格式错误."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from string import Formatter

import pytest

from intake.formbook import Formbook
from intake.models import Read, Saying
from intake.reading.steps import Circumstances, read_step

ROOT = Path(__file__).parents[2]
WORDING = ROOT / "bot" / "wording"
KEY = re.compile(r"\"((?:error|warning|refusal|show|journey)\.[a-z_]+(?:\.[a-z_]+)?)\"")


def _book(lang: str) -> dict[str, str]:
    table = tomllib.loads((WORDING / f"intake.{lang}.toml").read_text("utf-8"))
    flat: dict[str, str] = {}

    def walk(prefix: str, node: object) -> None:
        if isinstance(node, str):
            flat[prefix] = node
        elif isinstance(node, dict):
            for name, child in node.items():
                walk(f"{prefix}.{name}" if prefix else name, child)

    walk("", table)
    return flat


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


ZH, EN = _book("zh"), _book("en")


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    assert set(ZH) == set(EN)
    for key, text in ZH.items():
        assert _fields(text) == _fields(EN[key]), key


def test_every_key_written_in_the_code_has_a_sentence() -> None:
    sources = [*(ROOT / "intake").glob("*.py"), *(ROOT / "intake" / "reading").glob("*.py")]
    keys = {key for source in sources for key in KEY.findall(source.read_text("utf-8"))}
    assert len(keys) > 25
    assert keys <= set(ZH)


def test_errors_named_by_their_last_word_have_a_sentence() -> None:
    for source in (ROOT / "intake" / "reading").glob("*.py"):
        text = source.read_text("utf-8")
        prefix = re.search(r"Saying\(f\"error\.([a-z]+)\.\{name\}\"", text)
        if prefix:
            for name in re.findall(r"_error\(\"([a-z_]+)\"", text):
                assert f"error.{prefix[1]}.{name}" in ZH, (source.name, name)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_whatever_a_reader_says_can_be_said_in_both_languages(lang: str, book: Formbook, at: Circumstances) -> None:
    words = {"zh": ZH, "en": EN}[lang]
    texts = [
        "",
        "?",
        "1",
        "99",
        "崂山",
        "50-80万",
        "500",
        "-5万",
        "0532-85911234转8",
        "85911234",
        "年底前",
        "去年",
        "abc@d.cn",
    ]
    texts += [
        "9137O200264574251E",
        "91370200264574251",
        "其他:某某",
        "是",
        "否",
        "长" * 600,
        "上合示范区",
        "软件和轮胎",
        "青岛",
    ]
    for form in book.forms.values():
        for step in form.steps:
            for text in texts:
                read = read_step(step, text, at)
                sayings: tuple[Saying, ...] = (read.echo, *read.warnings) if isinstance(read, Read) else (read.error,)
                for saying in sayings:
                    assert words[saying.key].format(**saying.values), (step.id, text)


def test_no_sentence_blames_and_every_error_says_what_to_do() -> None:
    for key, text in ZH.items():
        assert "错误" not in text, key
        assert "无效" not in text, key
        assert "你" not in text.replace("您", ""), key
        if key.startswith("error."):
            assert re.search(r"请|例如|最多|要|不超过|会", text), key
