"""Every sentence the console asks for is there, in both languages, with the same slots."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.channels.web_chat.words import SLOT
from bot.console.log_pages import GROUPS
from bot.console.navigation import ENTRIES
from bot.console.signing_in import RefusedError
from bot.console.store.sign_ins import Outcome
from bot.console.words import WordingError, load_words
from intake.routing import TIERS
from intake.staff import STAFF_ROLES
from tests.support.consoles import Console

WORDS = load_words()
CONSOLE = Path(__file__).parents[2] / "bot" / "console"
ASKED = re.compile(r"""\bt\('([a-z_.0-9]+)'[,)]""")


def test_both_languages_say_the_same_things() -> None:
    assert WORDS["zh"].keys() == WORDS["en"].keys()
    for key in sorted(WORDS["zh"].keys()):
        slots = [set(SLOT.findall(WORDS[lang](key))) for lang in ("zh", "en")]
        assert slots[0] == slots[1], key


def test_every_sentence_a_template_asks_for_is_there() -> None:
    asked = {key for file in (CONSOLE / "templates").glob("*.html") for key in ASKED.findall(file.read_text("utf-8"))}
    assert asked
    assert asked - WORDS["zh"].keys() == set()


def test_every_sentence_the_code_asks_for_is_there() -> None:
    source = "\n".join(file.read_text("utf-8") for file in CONSOLE.rglob("*.py"))
    wanted = {f"declined.{key}" for key in re.findall(r'Declined\(\s*\d{3},\s*"(\w+)"', source)}
    wanted |= {f"declined.title.{status}" for status in re.findall(r"Declined\(\s*(\d{3})", source)}
    wanted |= {f"error.{key}" for key in re.findall(r'\.wrong\(\s*[^,]+,\s*"(\w+)"\s*\)', source)}
    wanted |= {f"done.{key}" for key in re.findall(r'visit\.go\([^)]*,\s*"(\w+)"\)', source)}
    refused = re.findall(r'RefusedError\("([\w.]+)"', source)
    wanted |= {key if "." in key else f"sign_in.{key}" for key in refused}
    wanted |= {f"sign_ins.outcome.{outcome}" for outcome in Outcome}
    wanted |= {f"sign_ins.group.{group}" for group in GROUPS}
    wanted |= {f"role.{role}" for role in STAFF_ROLES}
    wanted |= {f"tier.{tier}" for tier in TIERS}
    wanted |= {"sign_in.locked_address", "sign_in.locked_account"}
    assert wanted - WORDS["zh"].keys() == set()


def test_every_page_of_the_navigation_has_a_name() -> None:
    assert {f"nav.{entry.key}" for entry in ENTRIES} <= WORDS["zh"].keys()


def test_two_files_with_one_key_are_a_fault(tmp_path: Path) -> None:
    for name in ("console", "console_more"):
        for lang in ("zh", "en"):
            (tmp_path / f"{name}.{lang}.toml").write_text('[a]\nb = "c"\n', "utf-8")
    with pytest.raises(WordingError, match=r"a\.b"):
        load_words(tmp_path)


def test_pages_are_drawn_in_english_for_who_asked_for_it(console: Console) -> None:
    boss = console.staff("boss")
    for path in (
        "/staff",
        "/staff/clerk",
        "/teams",
        "/routing?kind=talent",
        "/calendar",
        "/history",
        "/sign-ins",
        "/me",
    ):
        page = boss.get(f"{path}{'&' if '?' in path else '?'}lang=en")
        assert page.status_code == 200
        assert '<html lang="en"' in page.text
        shown = re.sub(r"<[^>]+>", " ", page.text)
        assert "Sign out" in shown


def test_a_refusal_has_a_key_and_perhaps_a_time() -> None:
    assert (RefusedError("wrong").key, RefusedError("wrong").until) == ("wrong", None)
