"""The pages of numbers in a real browser: charts that are drawn, nothing wider than the screen, nothing axe minds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from bot.clock import FixedClock
from db.engine import make_engine
from db.migrating import upgrade
from intake.plan_targets import Evidence, Said
from intake.store.plan_targets import PlanEntries
from tests.support.browsing import DESKTOP, PHONE, Site, axe, serve, stop, watch
from tests.support.bureau import Bureau, bureau_of
from tests.support.consoles import PASSWORD, Console

pytestmark = pytest.mark.browser

CHARTS = {"/console/numbers?by=district": 4, "/console/numbers/talk": 0, "/console/numbers/docking": 0,
          "/console/numbers/targets": 1, "/console/numbers/targets/of/events?correct=1": 0}  # fmt: skip
NARROWED = "[...document.images].filter(i => i.currentSrc.includes('/chart/')).map(i => [i.naturalWidth, i.currentSrc])"


def fill(bureau: Bureau) -> None:
    bureau.act("clerk", bureau.submit(), "accept")
    bureau.submit(bureau.somebody("li"), "talent")
    event = Said("events", "2026 青岛国际水大会", 1, None, date(2026, 2, 1), Evidence("会议手册"))
    PlanEntries(bureau.engine).add(event, "city", bureau.clock.now())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("numbers")
    engine = make_engine(f"sqlite:///{folder / 'assistant.db'}")
    upgrade(engine)
    bureau = bureau_of(engine, FixedClock(datetime(2026, 3, 2, 2, 0, tzinfo=UTC)), folder)
    fill(bureau)
    running = serve(Console(bureau).app)
    yield running
    stop(running)
    engine.dispose()


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"])
def test_numbers_can_be_read_by_everybody(browser: Browser, site: Site, size: Any, scheme: Any) -> None:
    context = browser.new_context(viewport=size, color_scheme=scheme, locale="zh-CN")
    visit = watch(context, site.address)
    page = visit.open("/console/numbers")
    page.get_by_label("账号").fill("city")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("数据")
    for path, charts in CHARTS.items():
        visit.open(path)
        pictures = page.evaluate(NARROWED)
        assert len(pictures) == charts, path
        assert all(width > 0 for width, _source in pictures), path
        for mark in ("width=narrow", "look=dark"):
            assert all((mark in source) == (size is PHONE) for _width, source in pictures)
        assert axe(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert page.evaluate("window.violations") == []
    assert (visit.outside, visit.faults, visit.dialogs) == ([], [], [])
    context.close()
