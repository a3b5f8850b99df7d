"""What every ReleaseStore must do, on memory, SQLite and PostgreSQL; and what SQL adds: sweeping, surviving a kill."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, text

from bot.releases import SqlReleaseStore, SqlVectorCache, Swept
from db.engine import make_engine, reading
from rag.adapters.memory import MemoryReleaseStore
from rag.models import Document, DocumentVersion, Passage, Release, Span
from rag.policies import Policy
from rag.ports import ReleaseStore, ReleaseStoreError

STAGES = ["begun", "passages", "documents", "pointed", "committed"]


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> ReleaseStore:
    if request.param == "memory":
        return MemoryReleaseStore()
    return SqlReleaseStore(request.getfixturevalue(f"{request.param}_engine"))


def a_policy(key: str) -> Policy:
    return Policy(
        id=key,
        title="关于支持科技型企业的若干措施",
        doc_no="青科规〔2025〕3号",
        issuer="青岛市科学技术局",
        level="city",
        jurisdiction="青岛市",
        categories=("science", "startup"),
        effective="2025-04",
        status="有效",
        status_asof=date(2025, 9, 1),
        status_basis="文件载明有效期",
        sources=({"title": "市政府公报", "kind": "gazette", "coverage": "full", "official": True},),
        confidence="high",
    )


def a_document(
    key: str, wording: str = "给予补助", policy: Policy | None = None
) -> tuple[DocumentVersion, list[Passage]]:
    """Two passages, the first the same in every wording."""
    texts = ["第一条 为支持企业，制定本措施。\n", f"第二条 对高新技术企业{wording}。\n"]
    passages = [
        Passage(f"{key}-{body}", key, "article", ("措施", f"第{n}条"), f"第{n}条", "", body)
        for n, body in zip("一二", texts, strict=True)
    ]
    first, second = passages
    spans = (Span(first.id, 0, len(first.text)), Span(second.id, len(first.text), len(first.text) + len(second.text)))
    return DocumentVersion(f"{key}@{wording}", Document(key, "措施", "".join(texts), policy), spans), passages


def a_release(key: str, number: int, *versions: DocumentVersion, segments: tuple[str, ...] = ("s1",)) -> Release:
    manifest = {version.document.id: version.version for version in versions}
    return Release(key, number, datetime(2026, 3, 2, 2, 0, 0, 123456, tzinfo=UTC), manifest, segments)


def publish(store: ReleaseStore, key: str, number: int, *made: tuple[DocumentVersion, list[Passage]]) -> Release:
    release = a_release(key, number, *(version for version, _ in made))
    store.publish(release, [version for version, _ in made], [p for _, passages in made for p in passages])
    return release


def test_an_empty_store_has_no_live_release(store: ReleaseStore) -> None:
    assert store.live() is None
    assert store.releases() == []
    assert store.known(["a"]) == set()
    assert store.passages(["a"]) == {}


def test_what_was_published_comes_back_as_it_was(store: ReleaseStore) -> None:
    version, passages = a_document("a", policy=a_policy("a"))
    release = publish(store, "r1", 1, (version, passages))
    assert store.live() == release
    assert store.versions([version.version]) == [version]
    assert store.passages([p.id for p in passages]) == {p.id: p for p in passages}
    assert store.known([passages[0].id, "missing"]) == {passages[0].id}


def test_every_field_of_a_passage_is_kept(store: ReleaseStore) -> None:
    full = Passage("p", "a", "row", ("题", "章", "条"), None, "前引：", '含"引号"、\n换行与𠮷', 3, "medium")
    bare = Passage("q", "a", "paragraph", (), "二、（三）", "", "无", None, None)
    version = DocumentVersion("v", Document("a", "题", "x"), (Span("p", 0, 1),))
    store.publish(a_release("r", 1, version), [version], [full, bare])
    assert store.passages(["p", "q"]) == {"p": full, "q": bare}


def test_versions_come_in_the_order_they_were_asked_for(store: ReleaseStore) -> None:
    made = [a_document(key) for key in "abc"]
    publish(store, "r1", 1, *made)
    wanted = ["c@给予补助", "a@给予补助", "b@给予补助"]
    assert [version.version for version in store.versions(iter(wanted))] == wanted


def test_a_version_that_is_not_stored_is_an_error(store: ReleaseStore) -> None:
    with pytest.raises(ReleaseStoreError):
        store.versions(["missing"])


def test_a_second_publish_adds_only_what_is_new_and_becomes_live(store: ReleaseStore) -> None:
    old, passages = a_document("a")
    publish(store, "r1", 1, (old, passages))
    new, changed = a_document("a", "加倍补助")
    second = a_release("r2", 2, new, segments=("s1", "s2"))
    store.publish(second, [new], changed[1:])
    assert store.live() == second
    assert [release.id for release in store.releases()] == ["r2", "r1"]
    assert store.versions([old.version, new.version]) == [old, new]


def test_publishing_the_same_release_again_changes_nothing(store: ReleaseStore) -> None:
    made = a_document("a")
    release = publish(store, "r1", 1, made)
    publish(store, "r1", 1, made)
    assert store.live() == release
    assert store.releases() == [release]


def test_segments_built_anew_are_those_of_the_live_release_and_never_bring_back_an_older_one(
    store: ReleaseStore,
) -> None:
    old = publish(store, "r1", 1, a_document("a"))
    store.resegment("r1", ("built",))
    assert store.live() == replace(old, segments=("built",))
    newer = publish(store, "r2", 2, a_document("a", "加倍补助"))
    store.resegment("r1", ("late",))
    store.resegment("nowhere", ("late",))
    assert store.live() == newer
    assert {release.segments for release in store.releases()} == {("s1",), ("built",)}


def test_the_live_release_may_get_other_segments(store: ReleaseStore) -> None:
    made = a_document("a")
    release = publish(store, "r1", 1, made)
    assert store.live() == release
    merged = replace(release, segments=("merged",))
    store.publish(merged, [], [])
    assert store.live() == merged


def test_an_earlier_release_comes_back_as_the_newest(store: ReleaseStore) -> None:
    first = publish(store, "r1", 1, a_document("a"))
    publish(store, "r2", 2, a_document("a", "加倍补助"))
    store.publish(first, [], [])
    assert store.live() == replace(first, number=3)
    assert [release.number for release in store.releases()] == [3, 2]


def test_a_number_that_is_taken_is_raised(store: ReleaseStore) -> None:
    publish(store, "r1", 7, a_document("a"))
    second = publish(store, "r2", 7, a_document("a", "加倍补助"))
    assert store.live() == replace(second, number=8)


def test_releases_are_listed_newest_first_up_to_the_limit(store: ReleaseStore) -> None:
    for number in range(1, 5):
        publish(store, f"r{number}", number, a_document("a", f"补助{number}万元"))
    assert [release.number for release in store.releases(limit=2)] == [4, 3]


@pytest.mark.parametrize("lost", ["version", "passage"])
def test_a_release_that_would_lack_something_is_refused_whole(store: ReleaseStore, lost: str) -> None:
    old = publish(store, "r1", 1, a_document("a"))
    version, passages = a_document("b")
    with pytest.raises(ReleaseStoreError):
        store.publish(
            a_release("r2", 2, version),
            [] if lost == "version" else [version],
            passages[:1] if lost == "passage" else passages,
        )
    assert store.live() == old
    assert store.known([p.id for p in passages]) == set()


def test_more_keys_than_a_statement_takes_are_fine(store: ReleaseStore) -> None:
    made = [a_document(f"d{n}") for n in range(1200)]
    publish(store, "r1", 1, *made)
    versions = [version.version for version, _ in made]
    ids = [p.id for _, passages in made for p in passages]
    assert [version.version for version in store.versions(versions)] == versions
    assert store.passages(ids).keys() == store.known(ids) == set(ids)


def test_another_reader_sees_the_new_release_at_its_next_question(engine: Engine) -> None:
    writer, reader = SqlReleaseStore(engine), SqlReleaseStore(engine)
    publish(writer, "r1", 1, a_document("a"))
    first = reader.live()
    publish(writer, "r2", 2, a_document("a", "加倍补助"))
    assert first is not None
    assert reader.live() == writer.live() != first


def test_the_live_release_is_parsed_once(engine: Engine) -> None:
    store = SqlReleaseStore(engine)
    publish(store, "r1", 1, a_document("a"))
    assert store.live() is store.live()


def test_a_sweep_removes_what_no_kept_release_uses(engine: Engine) -> None:
    store, cache = SqlReleaseStore(engine), SqlVectorCache(engine)
    for number in range(1, 5):
        publish(store, f"r{number}", number, a_document("a", f"补助{number}万元"))
    _, passages = a_document("a", "补助1万元")
    cache.put("e", {p.id: np.ones(4, np.float32) for p in passages})
    assert store.sweep(keep=2) == Swept(releases=2, versions=2, passages=2)
    assert [release.id for release in store.releases()] == ["r4", "r3"]
    assert store.known([p.id for p in passages]) == {passages[0].id}
    assert cache.get("e", [p.id for p in passages]).keys() == {passages[0].id}


def test_a_sweep_spares_what_another_version_or_a_release_in_between_still_shows(engine: Engine) -> None:
    """A text that comes and goes: the release that is forgotten shares it with one that is kept."""
    store = SqlReleaseStore(engine)
    for number, wording in enumerate(("甲", "乙", "甲", "丙", "乙"), start=1):
        publish(store, f"r{number}", number, a_document("a", wording), a_document("b"))
    assert store.sweep(keep=2) == Swept(releases=3, versions=1, passages=1)
    assert store.known([f"a-第二条 对高新技术企业{wording}。\n" for wording in "甲乙丙"]) == {
        "a-第二条 对高新技术企业乙。\n",
        "a-第二条 对高新技术企业丙。\n",
    }
    assert {release.id: len(store.versions(release.documents.values())) for release in store.releases()} == {
        "r5": 2,
        "r4": 2,
    }


def test_a_sweep_spares_the_live_release(engine: Engine) -> None:
    store = SqlReleaseStore(engine)
    version, passages = a_document("a")
    live = publish(store, "r1", 1, (version, passages))
    assert store.sweep(keep=0) == Swept(0, 0, 0)
    assert store.live() == live
    assert store.versions([version.version]) == [version]


def test_a_database_that_cannot_be_opened_is_the_ports_error(tmp_path: Path) -> None:
    (tmp_path / "assistant.db").write_bytes(b"this is not a database" * 100)
    with pytest.raises(ReleaseStoreError, match="DatabaseError"):
        SqlReleaseStore(make_engine(f"sqlite:///{tmp_path / 'assistant.db'}")).live()


PUBLISHER = """
import os, runpy, signal, sys
from db.engine import make_engine
from bot.releases import SqlReleaseStore

url, stage, tests = sys.argv[1:]
made = runpy.run_path(tests)

def checkpoint(name):
    if name == stage:
        os.kill(os.getpid(), signal.SIGKILL)

store = SqlReleaseStore(make_engine(url), checkpoint)
made["publish"](store, "r2", 2, *[made["a_document"](f"d{n}", "加倍补助") for n in range(300)])
"""


@pytest.mark.parametrize("stage", STAGES)
def test_a_kill_during_publish_leaves_the_old_release_or_the_new_one(sqlite_engine: Engine, stage: str) -> None:
    old = publish(SqlReleaseStore(sqlite_engine), "r1", 1, *[a_document(f"d{n}") for n in range(300)])
    url = sqlite_engine.url.render_as_string()
    killed = subprocess.run([sys.executable, "-c", PUBLISHER, url, stage, __file__], cwd=Path(__file__).parents[2])
    assert killed.returncode == -signal.SIGKILL

    store = SqlReleaseStore(sqlite_engine)
    live = store.live()
    assert live is not None
    assert live.id == ("r2" if stage == "committed" else "r1")
    assert len(store.versions(live.documents.values())) == 300
    with reading(sqlite_engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM corpus_documents")) == 300 * live.number
        assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
    publish(store, "r2", 2, *[a_document(f"d{n}", "加倍补助") for n in range(300)])
    now = store.live()
    assert now is not None
    assert now.id == "r2"
    assert old in store.releases()


def test_publish_passes_every_stage_the_crash_test_kills_at(sqlite_engine: Engine) -> None:
    passed: list[str] = []
    note: Callable[[str], None] = passed.append
    publish(SqlReleaseStore(sqlite_engine, note), "r1", 1, a_document("a"))
    assert passed == STAGES
