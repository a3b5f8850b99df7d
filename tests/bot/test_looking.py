"""Looking at the sources: what is new or changed becomes a draft, what is amiss is told, and nothing is retired."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.corpus_drafts import Stage
from bot.corpus_sources import SourceFile, SourceHereError, Sources, State, UnknownSourceError
from bot.looking import TRIES, Looking
from bot.source_paths import SourcePathError, source_at
from intake.cases import Actor, Role
from intake.store.register_history import Changes
from rag.parsing import Reason
from tests.bot.test_corpus_life import NOTICE, NOW, House

BOSS = Actor("boss", "管理", frozenset({Role.ADMIN}), "cli")
LATER = NOW + timedelta(days=1)


class Watched:
    """A house with a watched folder, and a clock that moves on by a day with each look."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.house = House(engine, folder)
        self.sources = Sources(engine)
        self.folder = self.house.desk
        self.source = self.sources.add("folder", self.folder, "", BOSS, NOW)
        self.now = NOW
        self.stop: Callable[[], bool] = lambda: False

    def look(self) -> bool:
        self.now += timedelta(days=1)
        replaced = "见第 {} 号稿".format
        looking = Looking(self.sources, self.house.taking_in, lambda: self.now, replaced, lambda: self.stop())
        return looking.look("system")

    def put(self, text: str, name: str = "notice.txt") -> Path:
        return self.house.file(text, name)

    def file(self, name: str = "notice.txt") -> SourceFile:
        return next(file for file in self.sources.files(self.source.id) if file.name == name)

    def told(self) -> None:
        """As the end of a round does."""
        from bot.corpus_sources import note_told
        from db.engine import writing

        with writing(self.sources.engine) as connection:
            note_told(connection)

    def publish(self) -> None:
        number = self.file().draft
        assert number is not None
        self.house.handed_on(number)
        publishing = self.house.publishing
        publishing.publish(publishing.candidate(), None, "boss")


@pytest.fixture
def watched(engine: Engine, tmp_path: Path) -> Watched:
    return Watched(engine, tmp_path)


@pytest.fixture
def alone(sqlite_engine: Engine, tmp_path: Path) -> Watched:
    """On SQLite alone: what is tested here are not the statements."""
    return Watched(sqlite_engine, tmp_path)


def test_a_new_file_becomes_a_draft_and_is_then_left_alone(watched: Watched) -> None:
    watched.put(NOTICE)
    assert watched.look()
    file = watched.file()
    assert (file.state, file.news, file.failures, file.pending) == (State.OK, "new", 0, "")
    assert file.seen_at == NOW + timedelta(days=1)
    assert file.draft is not None
    assert watched.house.taking_in.drafts.get(file.draft).stage is Stage.DRAFT
    read = len(watched.house.parser.read)
    watched.told()
    watched.look()
    assert (watched.file().news, watched.file().seen_at) == ("", NOW + timedelta(days=2))
    assert len(watched.house.parser.read) == read


def test_a_live_policy_whose_file_changed_is_a_draft_of_the_same_policy(watched: Watched) -> None:
    watched.put(NOTICE)
    watched.look()
    watched.publish()
    live = watched.house.taking_in.drafts.get(watched.file().draft or 0)
    retitled = (
        NOTICE.replace("深海装备扶持办法", "深海装备奖励规定")
        .replace("66万元", "77万元")
        .replace("青海规〔2026〕9号\n", "")
    )
    watched.told()
    watched.put(retitled)
    watched.look()
    file = watched.file()
    draft = watched.house.taking_in.drafts.get(file.draft or 0)
    assert (file.state, file.news) == (State.CHANGED, "changed")
    assert draft.id != live.id
    assert draft.card.fields["id"] == live.card.fields["id"] == draft.read.same
    assert watched.house.taking_in.drafts.get(live.id).stage is Stage.LIVE
    assert watched.house.ask("深海装备首次认定奖励多少", day=NOW.date().replace(month=5)) != []


def test_another_number_at_the_same_place_is_another_policy(alone: Watched) -> None:
    alone.put(NOTICE)
    alone.look()
    alone.publish()
    first = alone.house.taking_in.drafts.get(alone.file().draft or 0)
    alone.put(NOTICE.replace("〔2026〕9号", "〔2026〕31号").replace("深海装备扶持办法", "海岛旅游管理办法"))
    alone.look()
    second = alone.house.taking_in.drafts.get(alone.file().draft or 0)
    assert second.card.fields["id"] != first.card.fields["id"]
    assert second.read.same is None


def test_the_day_a_page_was_fetched_is_no_change(alone: Watched) -> None:
    page = alone.put(NOTICE + "\n打印时间：2026-03-03 10:00\n")
    alone.look()
    draft = alone.file().draft
    alone.put(NOTICE + "\n打印时间：2026-05-09 07:11\n")
    os.utime(page, (page.stat().st_mtime + 9_000_000,) * 2)
    alone.told()
    alone.look()
    assert (alone.file().news, alone.file().state, alone.file().draft) == ("", State.OK, draft)
    assert len(alone.house.taking_in.drafts.all()) == 1


def test_a_file_that_is_gone_is_told_once_and_retires_nothing(watched: Watched) -> None:
    path = watched.put(NOTICE)
    watched.look()
    watched.publish()
    before = watched.house.store.live()
    path.unlink()
    watched.told()
    watched.look()
    file = watched.file()
    assert (file.state, file.why, file.news) == (State.MISSING, "missing", "missing")
    assert file.seen_at == NOW + timedelta(days=1)
    watched.told()
    watched.look()
    assert watched.file().news == ""
    watched.put(NOTICE)
    watched.look()
    assert (watched.file().state, watched.file().news) == (State.OK, "back")
    assert watched.house.store.live() == before


def test_a_folder_that_is_gone_says_so_and_leaves_its_files_as_they_were(watched: Watched) -> None:
    watched.put(NOTICE)
    watched.look()
    watched.told()
    watched.folder.rename(watched.folder.with_name("elsewhere"))
    watched.look()
    assert [(one.state, one.why, one.news) for one in watched.sources.all()] == [(State.MISSING, "missing", "missing")]
    assert (watched.file().state, watched.file().news) == (State.OK, "")
    watched.folder.with_name("elsewhere").rename(watched.folder)
    watched.told()
    watched.look()
    assert [(one.state, one.news) for one in watched.sources.all()] == [(State.OK, "back")]


def test_what_cannot_be_read_is_tried_again_and_then_put_in_quarantine(watched: Watched) -> None:
    watched.put(NOTICE)
    watched.house.parser.refuses = Reason.DAMAGED
    news = []
    for _ in range(TRIES + 2):
        watched.look()
        news.append((watched.file().state.value, watched.file().news, len(watched.house.parser.read)))
        watched.told()
    assert news == [
        ("broken", "broken", 1), ("broken", "", 2), ("quarantined", "quarantined", 3), ("quarantined", "", 3),
        ("quarantined", "", 3),
    ]  # fmt: skip
    watched.house.parser.refuses = None
    watched.put(NOTICE + "换了一份。\n")
    watched.look()
    assert (watched.file().state, watched.file().why, watched.file().news) == (State.OK, "", "new")


@pytest.mark.parametrize("reason", [Reason.BOMB, Reason.ENTITIES])
def test_what_is_hostile_is_in_quarantine_at_once(alone: Watched, reason: Reason) -> None:
    alone.put(NOTICE)
    alone.house.parser.refuses = reason
    alone.look()
    assert (alone.file().state, alone.file().why) == (State.QUARANTINED, str(reason))


@pytest.mark.parametrize("reason", [Reason.LIST_PAGE, Reason.NO_TEXT])
def test_a_list_page_or_an_empty_body_is_refused_and_the_live_text_stays(alone: Watched, reason: Reason) -> None:
    alone.put(NOTICE)
    alone.look()
    alone.publish()
    live, draft = alone.house.store.live(), alone.file().draft
    alone.put("列表")
    alone.house.parser.refuses = reason
    alone.look()
    assert (alone.file().state, alone.file().why, alone.file().draft) == (State.BROKEN, str(reason), draft)
    alone.house.parser.refuses = None
    alone.put(NOTICE)
    alone.told()
    alone.look()
    assert (alone.file().state, alone.file().news, alone.file().failures) == (State.OK, "", 0)
    assert alone.house.store.live() == live


def test_a_draft_that_nobody_touched_gives_way_to_the_newer_content(alone: Watched) -> None:
    alone.put(NOTICE)
    alone.look()
    first = alone.file().draft or 0
    alone.put(NOTICE.replace("66万元", "77万元"))
    alone.look()
    second = alone.file().draft or 0
    older = alone.house.taking_in.drafts.get(first)
    assert (older.stage, older.why) == (Stage.EXCLUDED, f"见第 {second} 号稿")
    alone.house.taking_in.confirm(second, ["title"], "ed")
    alone.put(NOTICE.replace("66万元", "88万元"))
    alone.look()
    assert alone.house.taking_in.drafts.get(second).stage is Stage.DRAFT
    alone.put(NOTICE)
    alone.look()
    assert alone.file().draft == first
    assert alone.house.taking_in.drafts.get(first).stage is Stage.DRAFT


def test_an_older_text_that_stands_there_again_is_opened_again(alone: Watched) -> None:
    alone.put(NOTICE)
    alone.look()
    alone.publish()
    first = alone.file().draft or 0
    alone.put(NOTICE.replace("66万元", "77万元"))
    alone.look()
    alone.publish()
    alone.told()
    alone.put(NOTICE)
    alone.look()
    assert (alone.file().draft, alone.file().news) == (first, "changed")
    assert alone.house.taking_in.drafts.get(first).stage is Stage.DRAFT


def test_what_came_in_by_another_way_is_no_news(alone: Watched) -> None:
    path = alone.put(NOTICE)
    taken = alone.house.taking_in.add(path, "ed")
    alone.look()
    assert (alone.file().state, alone.file().news, alone.file().draft) == (State.OK, "", taken.draft.id)


def test_a_look_that_was_cut_off_is_gone_on_with_and_tells_what_it_had_taken_in(alone: Watched) -> None:
    for n in range(4):
        alone.put(NOTICE.replace("9号", f"{n}1号"), f"{n}.txt")
    seen = iter([False, False, True])
    alone.stop = lambda: next(seen)
    assert alone.look() is False
    assert len(alone.sources.files(alone.source.id)) == 2
    # As a kill between the draft and the note of it leaves it:
    killed = alone.folder / "2.txt"
    alone.sources.note_file(
        SourceFile(alone.source.id, "2.txt", pending=alone.house.taking_in.add(killed, "system").draft.file_digest)
    )
    alone.stop = lambda: False
    assert alone.look() is True
    assert [(file.name, file.news, file.pending) for file in alone.sources.files(alone.source.id)] == [
        (f"{n}.txt", "new", "") for n in range(4)
    ]
    assert len(alone.house.taking_in.drafts.all()) == 4


def test_a_saved_page_brings_its_address_where_it_may_be_linked(alone: Watched, tmp_path: Path) -> None:
    pages = [
        ("a.html", "https://www.qingdao.gov.cn/n1/t1.html", "", "https://www.qingdao.gov.cn/n1/t1.html"),
        ("b.html", "", "<!-- saved from url=(0040)https://kjj.qingdao.gov.cn/t2.html -->\n", "https://kjj.qingdao.gov.cn/t2.html"),
        ("c.html", "https://elsewhere.example/x", "", None),
    ]  # fmt: skip
    for name, url, head, _ in pages:
        path = tmp_path / name
        path.write_text(head + NOTICE.replace("9号", f"{ord(name[0])}号"), "utf-8")
        alone.sources.add("page", path, url, BOSS, NOW)
    alone.look()
    found = {draft.file_name: draft.card for draft in alone.house.taking_in.drafts.all()}
    assert {name: found[name].fields.get("url") for name, *_ in pages} == {name: wanted for name, _, _, wanted in pages}
    assert all("url" not in card.confirmed for card in found.values())


def test_links_that_lead_out_of_a_folder_are_left_alone(alone: Watched, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(NOTICE, "utf-8")
    (alone.folder / "link.txt").symlink_to(secret)
    (alone.folder / "out").symlink_to(tmp_path)
    alone.look()
    assert alone.sources.files(alone.source.id) == []
    assert alone.house.parser.read == []


def test_a_source_is_added_once_and_removed_with_a_line_in_the_history(watched: Watched) -> None:
    watched.put(NOTICE)
    watched.look()
    with pytest.raises(SourceHereError):
        watched.sources.add("folder", watched.folder, "", BOSS, LATER)
    watched.sources.remove(watched.source.id, BOSS, LATER)
    with pytest.raises(UnknownSourceError):
        watched.sources.remove(watched.source.id, BOSS, LATER)
    assert (watched.sources.all(), watched.sources.files(watched.source.id)) == ([], [])
    lines, _ = Changes(watched.sources.engine).page(what="corpus")
    assert [(line.actor, (line.after or {})["done"]) for line in lines] == [
        ("boss", "source_removed"), ("boss", "source_added"),
    ]  # fmt: skip
    watched.sources.note_file(SourceFile(watched.source.id, "late.txt"))
    assert watched.sources.files(watched.source.id) == []
    assert len(watched.house.taking_in.drafts.all()) == 1


@pytest.mark.parametrize(
    ("typed", "url", "why"),
    [
        ("pages", "", None),
        ("pages/a.html", "https://www.qingdao.gov.cn/a", None),
        ("", "", None),
        ("pages/none.html", "", "missing"),
        ("../secret.txt", "", "outside"),
        ("../nothing.txt", "", "outside"),
        ("/etc/passwd", "", "outside"),
        ("link", "", "outside"),
        ("pages/\0", "", "outside"),
        ("pages/a.html", "javascript:alert(1)", "url"),
        ("pages/a.html", "https://x/" + "a" * 600, "url"),
        ("pages", "https://www.qingdao.gov.cn/a", "url_folder"),
    ],
)
def test_the_console_names_nothing_outside_its_folder(tmp_path: Path, typed: str, url: str, why: str | None) -> None:
    root = tmp_path / "root"
    (root / "pages").mkdir(parents=True)
    (root / "pages" / "a.html").write_text("x")
    (tmp_path / "secret.txt").write_text("x")
    (root / "link").symlink_to(tmp_path / "secret.txt")
    if why is None:
        kind, path, _ = source_at(typed, url, root)
        assert (kind, path) == ("page" if typed.endswith("html") else "folder", (root / typed).resolve())
        return
    with pytest.raises(SourcePathError) as fault:
        source_at(typed, url, root)
    assert fault.value.why == why


def test_an_aware_moment_is_kept_of_each_look(watched: Watched) -> None:
    watched.put(NOTICE)
    watched.look()
    assert watched.sources.all()[0].seen_at == datetime(2026, 3, 3, 2, tzinfo=UTC)
