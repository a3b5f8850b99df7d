"""Needs as sheets at the command line: the console's functions, one clear line for each outcome."""

from __future__ import annotations

import logging
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from bot.__main__ import main
from bot.clock import FixedClock
from intake.store.register_history import Changes
from tests.support.bureau import Bureau, bureau_of
from tests.support.case_sheets import GOOD, filled, rows_of

Run = Callable[..., int]
BEHALF = "青岛市新材料行业协会"
ROW: dict[str, Any] = {**GOOD, "期望完成时间": "半年内"}


@pytest.fixture(autouse=True)
def _logging_put_back() -> Iterator[None]:
    root, level, handlers = logging.root, logging.root.level, logging.root.handlers[:]
    hooks = sys.excepthook, threading.excepthook
    yield
    logging.captureWarnings(False)
    root.handlers[:], sys.excepthook, threading.excepthook = handlers, *hooks
    root.setLevel(level)


@pytest.fixture
def bureau(sqlite_engine: Engine, data_dir: Path) -> Bureau:
    """By the clock on the wall, as the command line goes by it."""
    return bureau_of(sqlite_engine, FixedClock(datetime.now(UTC)), data_dir)


@pytest.fixture
def run(bureau: Bureau, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    url = bureau.engine.url.render_as_string(hide_password=False)
    for name, value in {"EMBED_MODEL": "none", "DATA_DIR": str(data_dir), "DATABASE_URL": url}.items():
        monkeypatch.setenv(name, value)
    return lambda *words: main(["case", *(str(word) for word in words)])


def test_a_template_filled_in_is_registered_once_and_exported_again(
    run: Run, bureau: Bureau, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run("template", "technology", "t.xlsx", "--as", "clerk") == 0
    (tmp_path / "full.xlsx").write_bytes(filled((tmp_path / "t.xlsx").read_bytes(), ROW))
    filing = ("import", "full.xlsx", "--behalf", BEHALF, "--as", "clerk")
    assert run(*filing) == 1  # without the declaration
    assert run(*filing, "--consented", "--check") == 0
    assert bureau.needs.cases.find() == []
    capfd.readouterr()
    assert run(*filing, "--consented") == 0
    (case,) = bureau.needs.cases.find()
    assert capfd.readouterr().out == f"技术需求 第 2 行  {case.reference}\n"
    assert run(*filing, "--consented") == 0
    assert len(bureau.needs.cases.find()) == 1
    assert run("export", "list.xlsx", "--kind", "technology", "--as", "clerk") == 0
    (row,) = rows_of((tmp_path / "list.xlsx").read_bytes(), "技术需求")
    assert (row["受理编号"], row["联系电话"]) == (case.reference, "138****8000")
    assert stat.S_IMODE((tmp_path / "list.xlsx").stat().st_mode) == 0o600
    assert run("export", "list.xlsx", "--as", "clerk") == 1  # nothing is overwritten
    assert [line.what for line in Changes(bureau.engine).page()[0][:2]] == ["case_export", "case_import"]


def test_faults_are_told_row_by_row_and_nothing_is_registered(
    run: Run, bureau: Bureau, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run("template", "technology", "t.xlsx", "--as", "clerk") == 0
    bad = filled(
        (tmp_path / "t.xlsx").read_bytes(), ROW, {**ROW, "需求名称": "另一件高盐废水的需求", "联系电话": "139"}
    )
    (tmp_path / "bad.xlsx").write_bytes(bad)
    (tmp_path / "text.xlsx").write_text("x")
    capfd.readouterr()
    filing = ("--behalf", BEHALF, "--consented", "--as", "clerk")
    assert run("import", "bad.xlsx", *filing) == 1
    assert "「技术需求」第 3 行「联系电话」" in capfd.readouterr().err
    for file in ("text.xlsx", "nowhere.xlsx"):
        assert run("import", file, *filing) == 1
        assert len(capfd.readouterr().err.splitlines()) == 1
    assert bureau.needs.cases.find() == []


def test_the_platform_s_sheet_goes_out_and_its_numbers_come_in(run: Run, bureau: Bureau, tmp_path: Path) -> None:
    case = bureau.submit(confidentiality="public", publish_consent=True)
    bureau.submit(bureau.somebody("zhang"))
    assert run("export", "out.xlsx", "--publishable", "--as", "clerk") == 0
    (row,) = rows_of((tmp_path / "out.xlsx").read_bytes(), "科创中国发布稿")
    assert row["受理编号"] == case.reference
    content = filled((tmp_path / "out.xlsx").read_bytes(), {"平台编号": "KCZG-1"})
    (tmp_path / "back.xlsx").write_bytes(content)
    assert run("platform-import", "back.xlsx", "--as", "clerk") == 0
    assert run("platform", case.reference, "--ref", "KCZG-2", "--as", "clerk") == 0
    stored = bureau.needs.cases.get(case.reference)
    assert stored is not None
    assert [each["ref"] for each in stored.external_refs] == ["KCZG-1", "KCZG-2"]


@pytest.mark.parametrize("account", ["boss", "edit"])
def test_who_handles_no_needs_takes_none_out_and_brings_none_in(run: Run, tmp_path: Path, account: str) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"x")
    assert run("export", "list.xlsx", "--as", account) == 1
    assert run("import", "a.xlsx", "--behalf", BEHALF, "--consented", "--as", account) == 1
    assert not (tmp_path / "list.xlsx").exists()
