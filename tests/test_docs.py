"""What a newcomer reads is true: commands parse, settings exist, links lead somewhere, counts match the files."""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from bot.__main__ import parser
from bot.channels.web_chat.asked import ChatRequest
from bot.channels.web_chat.refusals import DoorStatus
from bot.channels.web_chat.schema import ChatReply, CitationOut
from bot.settings import Settings
from rag.models import AnswerStatus

ROOT = Path(__file__).parents[1]
READMES = [ROOT / "README.md", ROOT / "README.en.md"]
CORPUS = ROOT / "policies_corpus"
INTERFACES = ROOT / "docs/interfaces.md"
ADRS = sorted((ROOT / "docs/adr").glob("*.md"))
IMAGES = sorted((ROOT / "docs/images").iterdir())

LONGEST_ADR = 60
"""Lines: one decision a page."""

LARGEST_IMAGE = 250_000
"""Bytes: a README should open at once."""

GROUPS = [["case"], ["staff"], ["team"], ["party"], ["matrix"], ["person"], ["demo"]]
"""Commands of which a page may speak without naming an action."""

SETTING = re.compile(r"(?<![A-Z0-9_])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![A-Z0-9_])")
FOREIGN_SETTING = re.compile(r"(?:PIP|UV)_[A-Z_]+")
PRIVATE_PATH = re.compile(r"(?<![\w.$}>/:-])/(?:home|root|work|Users|tmp)/\w")
REGISTRY = re.compile(
    r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|https?://[^\s\"'<>]+/simple(?:/|\b)|https?://[^\s\"'<>]+\.whl\b"
    r"|(?:^|\s)(?:--index-url|--extra-index-url|--find-links)\s+\S+://"
)


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z", "--", *patterns], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def pages() -> list[Path]:
    """Every page of the repository, the corpus' policies apart (`corpus check` looks after those)."""
    return sorted(
        [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "tests").rglob("*.md"), CORPUS / "README.md"]
    )


def code_in(words: str) -> Iterator[str]:
    """Lines of code blocks and what stands in code quotes."""
    for place, block in enumerate(words.split("```")):
        if place % 2:
            yield from block.splitlines()
        else:
            yield from re.findall(r"`([^`\n]+)`", block)


def commands_in(words: str) -> list[list[str]]:
    """The arguments of each `python -m bot …`; placeholders in capitals stand for any word."""
    found = [line.partition("python -m bot ")[2] for line in code_in(words) if "python -m bot " in line]
    split = [shlex.split(arguments, comments=True) for arguments in found]
    return [arguments for arguments in split if arguments and not arguments[0].isupper() and arguments not in GROUPS]


def leaves(root: argparse.ArgumentParser, name: str = "") -> Iterator[str]:
    """Every command there is, as typed."""
    below = [action for action in root._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        yield name.strip()
    for action in below:
        for word, command in action.choices.items():
            yield from leaves(command, f"{name} {word}")


def parses(arguments: list[str]) -> bool:
    try:
        parser().parse_args(arguments)
    except SystemExit:
        return False
    return True


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings get where it is shown."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links_in(words: str) -> list[str]:
    """Where links and images lead inside the repository."""
    prose = "".join(words.split("```")[::2])
    targets = re.findall(r"\]\(([^)\s]+)", prose) + re.findall(r'src="([^"]+)"', prose)
    return [target for target in targets if "://" not in target and not target.startswith("mailto:")]


def leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


def test_every_command_that_a_page_names_parses() -> None:
    named = [(page.name, arguments) for page in pages() for arguments in commands_in(page.read_text("utf-8"))]
    assert len(named) > 20
    assert [(page, " ".join(arguments)) for page, arguments in named if not parses(arguments)] == []


def test_every_command_is_described() -> None:
    words = INTERFACES.read_text("utf-8")
    described = [" ".join(arguments) for arguments in commands_in(words)]
    for group, actions in re.findall(r"^\| `python -m bot (\w+)` \| [^:|]+: (.+) \|$", words, re.MULTILINE):
        described += [f"{group} {action}" for action in re.findall(r"`([\w-]+)`", actions)]
    silent = [leaf for leaf in leaves(parser()) if not any(command.startswith(leaf) for command in described)]
    assert silent == []


def test_a_command_that_is_not_there_is_noticed() -> None:
    words = "`python -m bot corpus bake` and\n```\n.venv/bin/python -m bot ask 高企 --as-of 2026-11-22  # today\n```\n"
    assert [parses(arguments) for arguments in commands_in(words)] == [False, True]


def test_every_make_target_in_a_code_block_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    lines = [line for page in pages() for line in code_in(page.read_text("utf-8"))]
    calls = [match.group(1) for line in lines if (match := re.match(r"(?:[A-Z_]+=\S+ )*make ([a-z]+)\b", line))]
    assert len(calls) > 10
    assert set(calls) - targets == set()


def test_every_setting_that_a_page_names_exists() -> None:
    sources = "\n".join(file.read_text("utf-8") for file in tracked("*.py", "Makefile") if file != Path(__file__))
    known = {name.upper() for name in Settings.model_fields} | set(SETTING.findall(sources))
    named = {name for page in pages() for line in code_in(page.read_text("utf-8")) for name in SETTING.findall(line)}
    assert {"DATA_DIR", "EMBED_MODEL"} <= named
    assert {name for name in named - known if not FOREIGN_SETTING.fullmatch(name)} == set()


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert [link for link in links_in(page.read_text("utf-8")) if not leads_somewhere(page, link)] == []


def test_a_broken_link_and_a_missing_heading_are_noticed() -> None:
    words = '[a](docs/none.md) [b](README.en.md#map) [c](README.en.md#cake) <img src="docs/images/none.png"> [d](https://a.cn)'
    assert [leads_somewhere(READMES[0], link) for link in links_in(words)] == [False, True, False, False]


def test_decisions_are_numbered_without_a_gap_and_fit_a_page() -> None:
    assert [page.name[:4] for page in ADRS] == [f"{number:04}" for number in range(1, len(ADRS) + 1)]
    for page in ADRS:
        words = page.read_text("utf-8")
        assert words.startswith(f"# {page.name[:4]} "), page.name
        assert all(f"**{part}" in words for part in ("Context.", "Decision", "Consequences.")), page.name
        assert len(words.splitlines()) <= LONGEST_ADR, page.name


def test_pictures_are_shown_and_small() -> None:
    shown = {(page.parent / link).resolve() for page in pages() for link in links_in(page.read_text("utf-8"))}
    assert IMAGES
    assert [image.name for image in IMAGES if image not in shown] == []
    assert [image.name for image in IMAGES if image.stat().st_size > LARGEST_IMAGE] == []


def test_both_readmes_show_the_same_commands_and_pictures() -> None:
    chinese, english = (
        [
            line.partition("#")[0].strip()
            for line in code_in(page.read_text("utf-8"))
            if re.match(r"make |\.venv|curl|\s+-d", line)
        ]
        for page in READMES
    )
    assert set(chinese) == set(english)
    assert len(chinese) > 10
    pictures = [[link for link in links_in(page.read_text("utf-8")) if link.endswith(".png")] for page in READMES]
    assert pictures[0] == pictures[1]


def test_both_readmes_give_the_same_figures() -> None:
    chinese, english = (set(re.findall(r"\*\*([0-9]+)", page.read_text("utf-8"))) for page in READMES)
    assert chinese == english
    assert len(chinese) >= 2


@pytest.mark.parametrize("page", READMES, ids=lambda page: page.name)
def test_the_readme_counts_what_there_is(page: Path) -> None:
    policies = [file for file in CORPUS.rglob("*.md") if file.name not in {"README.md", "_template.md"}]
    questions = (ROOT / "tests/evals/golden.jsonl").read_text("utf-8").splitlines()
    words = page.read_text("utf-8")
    counted = {int(count) for count in re.findall(r"([0-9]+) ?(?:份|policies|digests|science)", words)}
    asked = {int(count) for count in re.findall(r"([0-9]+) ?(?:个标准问题|golden questions)", words)}
    assert counted == {len(policies)}
    assert asked == {len(questions)}


def test_every_status_and_field_of_the_api_is_described() -> None:
    quoted = {name for code in code_in(INTERFACES.read_text("utf-8")) for name in re.findall(r"\w+", code)}
    fields = {*ChatReply.model_fields, *ChatRequest.model_fields, *CitationOut.model_fields}
    assert fields - quoted == set()
    assert {status.value for status in (*AnswerStatus, *DoorStatus)} - quoted == set()


def test_the_changelog_begins_with_what_is_unreleased() -> None:
    headings = re.findall(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    versions = [tuple(map(int, heading.split("."))) for heading in headings[1:]]
    assert headings[0] == "Unreleased"
    assert all(newer > older for newer, older in pairwise(versions))


def test_nothing_tracked_names_a_private_place_or_a_registry() -> None:
    found = []
    for file in tracked():
        try:
            words = file.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        lines = enumerate(words.splitlines(), start=1)
        found += [
            f"{file.relative_to(ROOT)}:{n}" for n, line in lines if PRIVATE_PATH.search(line) or REGISTRY.search(line)
        ]
    assert found == []


def test_a_private_place_and_a_registry_are_noticed() -> None:
    told = [
        "see /" + "work/main",
        "x=/" + "tmp/w/a",
        "https://pypi" + ".org/x",
        "http://a.b/c" + "/simple/x",
        "http://a/b.w" + "hl",
    ]
    assert all(PRIVATE_PATH.search(line) or REGISTRY.search(line) for line in told)
    innocent = ["https://a.cn/work/x", "$HOME/work/x", "./tmp/x", "pip download -d wheels", "a simple/plain page"]
    assert not any(PRIVATE_PATH.search(line) or REGISTRY.search(line) for line in innocent)
