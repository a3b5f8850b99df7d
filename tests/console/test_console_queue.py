"""The queue: which cases stand in which view, searching and filtering, work on many at once, rows that follow."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from bot.console.chores import console_chores
from bot.console.queue_board import Board
from bot.console.queue_views import VIEWS, Asked, counts, of_view, views_of
from intake.cases import Case, CaseState
from intake.review import sees
from intake.store.queue_rows import Wanted
from intake.values import Phone
from tests.support.bureau import LAOSHAN, Bureau
from tests.support.consoles import Console, Person

FAR = "370281"


def found(person: Person, query: str) -> set[str]:
    page = person.get(f"/queue?{query}")
    assert page.status_code == 200, page.text[:300]
    return set(re.findall(r'data-ref="(KC[^"]+)"', page.text))


def stored(bureau: Bureau, case: Case) -> Case:
    now = bureau.needs.cases.get(case.reference)
    assert now is not None
    return now


def test_each_view_holds_its_cases_and_counts_them(console: Console, bureau: Bureau) -> None:
    new = bureau.submit()
    mine = bureau.act("clerk", bureau.submit(), "accept")
    waiting = bureau.act("clerk", bureau.submit(None, "talent"), "ask", text="请补充岗位")
    over = bureau.submit()
    closed = bureau.act(bureau.owner(bureau.submit()), bureau.submit(), "withdraw")
    clerk = console.staff("clerk")
    assert found(clerk, "view=new") == {new.reference, over.reference} | open_submitted(bureau)
    assert found(clerk, "view=mine") == {mine.reference}
    assert found(clerk, "view=waiting") == {waiting.reference}
    assert closed.reference in found(clerk, "view=all")
    assert closed.reference not in found(clerk, "view=kind.technology")
    page = clerk.get("/queue?view=mine").text
    assert re.search(r'data-count="mine">1<', page)
    assert re.search(r'data-count="waiting">1<', page)


def open_submitted(bureau: Bureau) -> set[str]:
    return {c.reference for c in bureau.needs.cases.find() if c.state is CaseState.SUBMITTED}


def test_what_is_late_moves_from_soon_to_over_as_time_passes(console: Console, bureau: Bureau) -> None:
    case = bureau.submit()
    board = Board(bureau.engine, bureau.needs.formbook, bureau.needs.timing, bureau.clock.now)
    actor, calendar = bureau.staff("clerk"), bureau.needs.timing.calendar

    def views() -> set[str]:
        board.refresh()
        sight, now = board.sight(actor), bureau.clock.now()
        return {view for view in ("soon", "over") if list(of_view(sight, Asked(view=view), now))}

    assert views() == set()
    bureau.clock.moment = calendar.add_days(case.submitted_at, 0.85)
    assert views() == {"soon"}
    bureau.clock.moment = calendar.add_days(case.submitted_at, 1) + timedelta(seconds=1)
    assert views() == {"over"}
    bureau.act("clerk", case, "accept")
    assert views() == set()


def test_what_was_sorted_out_beforehand_is_what_each_case_says_of_itself(bureau: Bureau) -> None:
    """At any moment, for everybody: the lists of the views, and the counts beside their names."""
    moves = {"accept": "clerk", "assign": "lead", "route": "clerk"}
    for number, action in enumerate([*moves, "ask", ""]):
        case = bureau.submit(bureau.somebody(f"p{number}"), "talent" if number % 2 else "technology")
        values: dict[str, Any] = {"assign": {"staff": "special"}, "route": {"team": LAOSHAN}}.get(action, {})
        if action == "ask":
            values = {"steps": ["summary"], "text": "请补充指标。"}
        if action:
            bureau.act(moves.get(action, "clerk"), case, action, **values)
    calendar = bureau.needs.timing.calendar
    board = Board(bureau.engine, bureau.needs.formbook, bureau.needs.timing, bureau.clock.now)
    board.refresh()
    began = bureau.clock.now()
    for days in (0, 0.85, 1.5, 4.5, 20):
        now = calendar.add_days(began, days)
        for account in ("clerk", "special", "lead", "city", "audit"):
            actor = bureau.staff(account)
            sight = board.sight(actor)
            said: dict[str, list[str]] = {}
            for entry in sight.everything:
                for view in views_of(entry, actor, now):
                    said.setdefault(view, []).append(entry.case.id)
            told = counts(sight, now)
            for view in {*VIEWS, *said, *sight.standing}:
                listed = [entry.case.id for entry in of_view(sight, Asked(view=view), now)]
                assert sorted(listed) == sorted(said.get(view, [])), (view, account, days)
                assert told.get(view, 0) == len(listed), (view, account, days)


def test_a_filter_finds_the_same_among_few_as_among_many_and_follows_what_changes(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    membranes = bureau.submit(bureau.somebody("a"), summary="寻找高盐废水用的反渗透膜材料和清洗方案")
    bureau.submit(bureau.somebody("b"), summary="寻找低温条件下的海藻酸钠提纯工艺和设备")
    board = Board(bureau.engine, bureau.needs.formbook, bureau.needs.timing, bureau.clock.now)
    step = next(step for step in bureau.needs.formbook.form("technology").steps if step.id == "summary")

    def found() -> frozenset[str]:
        board.refresh()
        return board.answering("technology", [Wanted(step, "膜")], board.visible(bureau.staff("city")))

    assert found() == {membranes.id}
    monkeypatch.setattr("bot.console.queue_board.FEW", 0)
    assert [found(), found()] == [{membranes.id}] * 2
    later = bureau.submit(bureau.somebody("c"), summary="寻找陶瓷膜组件，用于高温含油废水的过滤")
    assert found() == {membranes.id, later.id}


@pytest.mark.parametrize("remembered", [500, 1], ids=["what changed is known", "too much has changed since"])
def test_a_list_brought_up_to_date_is_the_list_read_anew(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch, remembered: int
) -> None:
    """New cases come in, some leave, one is hidden from whom it leaves; for everybody, after every change."""
    monkeypatch.setattr("bot.console.queue_board._MOST_CHANGES", remembered)
    kept = Board(bureau.engine, bureau.needs.formbook, bureau.needs.timing, bureau.clock.now)
    actors = [bureau.staff(account) for account in ("clerk", "special", "city")]

    def both() -> None:
        fresh = Board(bureau.engine, bureau.needs.formbook, bureau.needs.timing, bureau.clock.now)
        kept.refresh(), fresh.refresh()
        for actor in actors:
            ours = {entry.case.id: entry for entry in kept.visible(actor)}
            assert ours == {entry.case.id: entry for entry in fresh.visible(actor)}
            assert counts(kept.sight(actor), bureau.clock.now()) == counts(fresh.sight(actor), bureau.clock.now())

    both()
    first, second = bureau.submit(bureau.somebody("a")), bureau.submit(bureau.somebody("b"), district=FAR)
    both()
    bureau.act("clerk", first, "accept")
    bureau.submit(bureau.somebody("c"))
    kept.refresh()
    bureau.act("city", second, "route", team=LAOSHAN)
    both()
    bureau.act("clerk", first, "route", team=FAR)
    bureau.act(bureau.owner(second), second, "withdraw")
    both()


def test_the_queue_is_read_before_anybody_asks_for_it(console: Console, bureau: Bureau) -> None:
    case = bureau.submit()
    queue = next(chore for chore in console_chores(console.parts) if chore.name == "queue")
    assert [queue.run(bureau.clock.now()), queue.run(bureau.clock.now())] == [1, 0]
    assert [entry.case.id for entry in console.parts.board.visible(bureau.staff("city"))] == [case.id]
    bureau.act("clerk", case, "accept")
    assert queue.run(bureau.clock.now()) == 1


def test_the_board_agrees_with_the_clocks_about_what_is_warned_and_late(bureau: Bureau) -> None:
    case, timing = bureau.submit(), bureau.needs.timing
    board = Board(bureau.engine, bureau.needs.formbook, timing, bureau.clock.now)
    board.refresh()
    (entry,) = board.visible(bureau.staff("city"))
    for days in (0.1, 0.5, 0.79, 0.81, 0.99, 1.01, 3):
        now = timing.calendar.add_days(case.submitted_at, days)
        clock = timing.clocks(case, bureau.needs.cases.events(case.id), now).first_response
        assert clock is not None
        assert entry.due is not None
        assert entry.due.over(now) == clock.breached
        assert (entry.due.soon(now) or entry.due.over(now)) == clock.warned, days


def test_nobody_is_shown_or_counted_a_row_that_is_not_theirs(console: Console, bureau: Bureau) -> None:
    cases = [
        bureau.submit(bureau.somebody(f"p{n}"), district=district, confidentiality=secrecy)
        for n, (district, secrecy) in enumerate(
            [(LAOSHAN, "public"), (LAOSHAN, "restricted"), (FAR, "public"), (FAR, "restricted")]
        )
    ]
    for account in ("clerk", "special", "lead", "city", "audit", "far"):
        person = console.staff(account)
        actor = replace(bureau.staff(account), via="console")
        theirs = {case.reference for case in cases if sees(actor, stored(bureau, case))}
        assert found(person, "view=all") == theirs, account
        assert f"共 {len(theirs)} 件" in person.get("/queue?view=all").text


@pytest.mark.parametrize("sought", ["number", "title", "words", "organisation", "code", "tail"])
def test_search_finds_a_case_by(console: Console, bureau: Bureau, sought: str) -> None:
    wanted = bureau.submit(
        bureau.somebody("a"), title="海藻酸钠低温提纯工艺",
        problem="低温下黏度上升，离心机每班停机两次，滤布每周更换三次。",
        org_name="青岛藻源生物有限公司", contact_phone=Phone(e164="+8613912345678"),
    )  # fmt: skip
    other = bureau.submit(bureau.somebody("b"), "talent", uscc="91110000600037341L")
    words = {
        "number": wanted.reference.lower(),
        "title": "海藻酸钠",
        "words": "滤布每周",
        "organisation": "藻源生物",
        "code": "91370200264574251E",
        "tail": "5678",
    }[sought]
    hits = found(console.staff("clerk"), f"view=all&q={words}")
    assert wanted.reference in hits
    assert other.reference not in hits


def test_restricted_words_are_not_searched_for_whom_they_are_not(console: Console, bureau: Bureau) -> None:
    case = bureau.submit(title="绝缘材料的专有配方优化", confidentiality="restricted")
    city, lead = console.staff("city"), console.staff("lead")
    assert found(city, "view=all&q=专有配方") == set()
    assert found(city, f"view=all&q={case.reference}") == {case.reference}
    assert "专有配方" not in city.get("/queue?view=all").text
    assert found(lead, "view=all&q=专有配方") == {case.reference}


def test_a_masked_number_is_found_by_no_more_than_it_shows(console: Console, bureau: Bureau) -> None:
    case = bureau.submit(contact_phone=Phone(e164="+8613912345678"))
    audit, lead = console.staff("audit"), console.staff("lead")
    assert found(audit, "view=all&q=5678") == {case.reference}
    assert found(audit, "view=all&q=345678") == set()
    assert found(lead, "view=all&q=345678") == {case.reference}


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("f.problem=抗污染", False), ("f.problem=通量衰减", True), ("f.uscc=91370200264574251e", True),
        ("f.deadline.least=2026-12-01&f.deadline.most=2026-12-31", True), ("f.deadline.least=2027-01-01", False),
        ("f.keywords=反渗透", True), ("f.keywords=锂电池", False), ("f.org_type=enterprise", None),
        ("f.deadline.least=gibberish", True),
    ],
)  # fmt: skip
def test_a_view_of_one_kind_is_filtered_by_the_fields_of_its_form(
    engine: Engine, clock: Any, data_dir: Any, query: str, fits: bool | None
) -> None:
    from tests.support.bureau import bureau_of

    bureau = bureau_of(engine, clock, data_dir)
    case = bureau.submit(keywords=("反渗透", "高盐废水"))
    hits = found(Console(bureau).staff("clerk"), f"view=kind.technology&{query}")
    if fits is None:
        fits = case.answers["org_type"].value == "enterprise"
    assert (case.reference in hits) == fits


def test_every_step_but_personal_ones_and_files_can_be_filtered_by(console: Console, bureau: Bureau) -> None:
    clerk = console.staff("clerk")
    for kind, form in bureau.needs.formbook.forms.items():
        page = clerk.get(f"/queue?view=kind.{kind}").text
        for step in form.steps:
            there = f'name="f.{step.id}"' in page or f'name="f.{step.id}.least"' in page
            assert there == (not step.personal and step.type not in ("file", "phone", "email")), (kind, step.id)


def test_work_on_many_says_what_came_of_each(console: Console, bureau: Bureau) -> None:
    mine, taken, far = bureau.submit(), bureau.submit(), bureau.submit(district=FAR)
    bureau.act("lead", taken, "accept")
    clerk = console.staff("clerk")
    page = clerk.post("/queue/bulk", {"do": "claim", "case": [mine.reference, taken.reference, far.reference]}).text
    outcomes = page[page.index('id="outcomes"') : page.index("</section>")]
    assert outcomes.count('class="went"') == 1
    assert outcomes.count('class="stayed"') == 2
    assert "周静" in outcomes
    assert stored(bureau, mine).assignee == "clerk"
    assert stored(bureau, taken).assignee == "lead"
    routed = clerk.post("/queue/bulk", {"do": "route", "team": "370213", "case": [mine.reference]})
    assert stored(bureau, mine).team == "370213"
    assert 'class="went"' in routed.text


def test_rows_follow_what_happens_and_say_nothing_where_nothing_did(console: Console, bureau: Bureau) -> None:
    clerk = console.staff("clerk")
    first = clerk.get("/queue/rows?view=new")
    again = clerk.get("/queue/rows?view=new", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    case = bureau.submit()
    later = clerk.get("/queue/rows?view=new", headers={"if-none-match": first.headers["etag"]})
    assert later.status_code == 200
    assert case.reference in later.text


def test_who_has_a_case_open_is_seen_by_the_others_until_it_fades(console: Console, bureau: Bureau) -> None:
    case = bureau.submit()
    clerk, lead = console.staff("clerk"), console.staff("lead")
    assert clerk.post(f"/cases/{case.reference}/pulse").json()["here"] == ""
    assert lead.post(f"/cases/{case.reference}/pulse").json()["here"] == "孙岚 正在处理"
    assert "孙岚 正在处理" in lead.get("/queue?view=all").text
    console.pass_minutes(2)
    assert "孙岚 正在处理" not in lead.get("/queue?view=all").text


def test_another_calendar_moves_the_dates_in_the_queue_at_once(bureau: Bureau) -> None:
    bureau.submit()
    board = Board(bureau.engine, bureau.needs.formbook, bureau.needs.timing, bureau.clock.now)
    board.refresh()
    before = board.visible(bureau.staff("city"))[0].due
    file = bureau.settings.data_dir / "calendar.toml"
    file.write_text('[[days]]\nday = 2026-03-03\nworks = false\nnote = "停电"\n', "utf-8")
    bureau.needs.timing.calendar.refresh()  # type: ignore[attr-defined]  # the followed calendar
    board.refresh()
    after = board.visible(bureau.staff("city"))[0].due
    assert before is not None
    assert after is not None
    assert after.at > before.at
