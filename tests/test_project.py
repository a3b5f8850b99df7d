"""The project's promises about itself: its settings match their example, rooms keep apart, docs name real things."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.settings import Settings

ROOT = Path(__file__).parents[1]
ROOMS = ["bot", "rag", "intake", "db"]
DOCS = sorted(
    page for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")] if not page.name.startswith(("LICENSE", "."))
)
ROOM_PATH = re.compile(r"(?:bot|rag|intake|db|docs|tests|bench|policies_corpus|requirements)/[\w./-]*[\w/]")


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            yield file.relative_to(ROOT), ast.parse(file.read_text("utf-8"))


def committed(*patterns: str) -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z", "--", *patterns], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_the_example_lists_every_setting_in_order_with_its_default_and_its_description() -> None:
    expected = []
    for name, field in Settings.model_fields.items():
        default = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
        expected.append(f"# {field.description}\n{name.upper()}={default}")
    _head, *entries = (ROOT / ".env.example").read_text("utf-8").strip().split("\n\n")
    assert entries == expected


def test_the_example_is_a_valid_configuration() -> None:
    assert Settings(_env_file=ROOT / ".env.example") == Settings(_env_file=None)


def test_only_the_settings_read_the_environment() -> None:
    readers = [
        f"{file}:{node.lineno}"
        for file, tree in sources()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in {"getenv", "environb"})
        or (isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _is_environ(node.value))
        or (isinstance(node, ast.Attribute) and node.attr in {"get", "copy", "items"} and _is_environ(node.value))
    ]
    assert readers == []


def _is_environ(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "environ"


def test_every_import_contract_is_kept(tmp_path: Path) -> None:
    """In a process of its own: its command line sets logging up anew, and silences every logger there is."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--cache-dir", str(tmp_path)]
    linted = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert linted.returncode == 0, linted.stdout


def test_every_file_says_what_it_is_for() -> None:
    silent = [str(file) for file, tree in sources() if not ast.get_docstring(tree)]
    assert silent == []


def test_tests_are_no_packages() -> None:
    """A package named tests/rag would hide the room of that name."""
    assert [str(file) for file in (ROOT / "tests").rglob("__init__.py")] == []


def test_nothing_committed_names_a_place_on_somebodys_machine() -> None:
    place = re.compile(r"(?<![\w.$}>/-])/(?:home|root|work|Users|tmp/w)/\w")
    texts = committed("*.py", "*.md", "*.toml", "*.txt", "*.lock", "*.cfg", "Makefile", ".env.example")
    assert [name for name in texts if place.search((ROOT / name).read_text("utf-8"))] == []


@pytest.mark.parametrize("page", DOCS, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_exists(page: Path) -> None:
    words = page.read_text("utf-8")
    assert [link for link in _links(words) if not (page.parent / link).exists()] == []
    assert [path for path in _paths(words) if not (ROOT / path).exists()] == []
    assert _make_targets(words) - _targets_of_the_makefile() == set()


def _links(words: str) -> Iterator[str]:
    for target in re.findall(r"\]\(([^)\s]+)", words):
        path = target.partition("#")[0]
        if path and "://" not in path and not path.startswith("mailto:"):
            yield path


def _paths(words: str) -> Iterator[str]:
    """Paths of this repository in code quotes. Patterns and placeholders are left out."""
    for quoted in re.findall(r"`([^`\n]+)`", words):
        if ROOM_PATH.fullmatch(quoted):
            yield quoted


def _make_targets(words: str) -> set[str]:
    return {target for line in re.findall(r"`make ((?:[a-z]+ ?)+)[^`\n]*`", words) for target in line.split()}


def _targets_of_the_makefile() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def test_the_checks_of_pages_find_what_is_wrong() -> None:
    words = "[x](no/such.md) `rag/nothing.py` `make run cake` `make chat PORT=1` [y](https://a.cn) `bot/settings.py`"
    assert list(_links(words)) == ["no/such.md"]
    assert list(_paths(words)) == ["rag/nothing.py", "bot/settings.py"]
    assert _make_targets(words) == {"run", "cake", "chat"}
