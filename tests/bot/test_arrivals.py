"""Uploads: on disk and on record before anybody is told, read beside the asker, gone on with after a restart."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot import arrivals as module
from bot.arrivals import Arrivals
from bot.corpus_drafts import Drafts, MovedError, Stage
from bot.taking_in import TakingIn
from rag.parsing import Block, BlockKind, Parsed, Reason, Refused
from rag.parsing.markdown import placed
from tests.support.policies import TODAY

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
NOTICE = "青岛市深海装备扶持办法\n\n第一条 一次性奖励66万元。\n".encode()


class Rig:
    """Readings wait until `read` is called, as they would beside a request."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.originals = folder / "originals"
        self.waiting: list[Callable[[], None]] = []
        self.refuses: Reason | None = None
        self.taking_in = TakingIn(Drafts(engine), list, self.originals, lambda: NOW, lambda: TODAY, self._parse)
        self.arrivals = Arrivals(self.taking_in, self.originals, self.waiting.append)

    def _parse(self, path: Path) -> Parsed:
        if self.refuses:
            raise Refused(self.refuses)
        lines = [line for line in path.read_text("utf-8").splitlines() if line.strip()]
        blocks = placed(Block(BlockKind.PARAGRAPH, line, page=1) for line in lines)
        return Parsed("", blocks, 1, (), (), "fake", "7", path.stem, "text/plain")

    def take(self, content: bytes = NOTICE, name: str = "办法.txt") -> tuple[int, str]:
        taken = self.arrivals.take(io.BytesIO(content), name, "ed")
        return taken.draft.id, taken.outcome

    def read(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()

    def stage(self, number: int) -> Stage:
        return self.taking_in.drafts.get(number).stage

    def kept(self) -> list[str]:
        return sorted(path.suffix for path in self.originals.iterdir())


@pytest.fixture
def rig(sqlite_engine: Engine, data_dir: Path) -> Rig:
    return Rig(sqlite_engine, data_dir)


def test_what_was_told_as_taken_is_on_disk_and_on_record_and_read_beside_the_asker(rig: Rig) -> None:
    number, outcome = rig.take()
    assert (outcome, rig.stage(number), rig.kept(), rig.arrivals.waiting) == ("new", Stage.FOUND, [".txt"], (number,))
    rig.read()
    draft = rig.taking_in.drafts.get(number)
    assert (draft.stage, draft.title, draft.file_name) == (Stage.DRAFT, "青岛市深海装备扶持办法", "办法.txt")
    assert (rig.arrivals.waiting, rig.arrivals.reading) == ((), None)


def test_the_same_file_again_is_the_one_that_is_here(rig: Rig) -> None:
    number, _ = rig.take()
    rig.read()
    assert rig.take(name="另一个名字.txt") == (number, "same")
    assert rig.kept() == [".txt"]
    assert rig.waiting == []


def test_after_a_kill_what_was_taken_is_read_at_the_next_start_and_half_a_file_is_gone(
    rig: Rig, sqlite_engine: Engine, data_dir: Path
) -> None:
    number, _ = rig.take()
    (rig.originals / ".arriving-0").write_bytes(b"half")
    again = Rig(sqlite_engine, data_dir)
    assert again.arrivals.resume() == 1
    again.read()
    assert (again.stage(number), again.kept()) == (Stage.DRAFT, [".txt"])
    assert again.arrivals.resume() == 0


def test_a_file_that_cannot_be_read_leaves_its_reason_and_nothing_else_and_may_come_again(rig: Rig) -> None:
    rig.refuses = Reason.ENCRYPTED
    number, _ = rig.take()
    rig.read()
    failed = rig.taking_in.drafts.get(number)
    assert (failed.stage, failed.why, failed.attempts, rig.kept()) == (Stage.FAILED, "encrypted", 1, [])
    rig.refuses = None
    assert rig.take() == (number, "again")
    rig.read()
    assert (rig.stage(number), rig.taking_in.drafts.get(number).attempts) == (Stage.DRAFT, 2)


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"", "空.txt", Reason.EMPTY),
        (b"x" * 11, "大.txt", Reason.TOO_BIG),
        (b"x", "旧.doc", Reason.OLD_OFFICE),
        (b"x", "a.exe", Reason.UNKNOWN_TYPE),
    ],
    ids=["empty", "too big", "old", "a program"],
)
def test_what_is_refused_at_the_door_leaves_nothing(
    rig: Rig, content: bytes, name: str, reason: Reason, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    with pytest.raises(Refused) as refused:
        rig.take(content, name)
    assert refused.value.reason is reason
    assert rig.taking_in.drafts.all() == []
    assert not rig.originals.exists() or rig.kept() == []


@pytest.mark.parametrize("name", ["../../etc/passwd.txt", "C:\\x\\a.txt", "a\u202e\x00.txt", "名" * 300 + ".txt"])
def test_a_name_steers_nothing(rig: Rig, name: str) -> None:
    number, _ = rig.take(name=name)
    shown = rig.taking_in.drafts.get(number).file_name
    assert "/" not in shown
    assert "\\" not in shown
    assert len(shown) <= 120
    assert len(list(rig.originals.iterdir())) == 1


def test_one_file_that_breaks_the_reader_does_not_hold_up_the_others(rig: Rig) -> None:
    broken, _ = rig.take(b"\xff\xfe\xff", "乱.txt")
    whole, _ = rig.take()
    rig.read()
    assert (rig.stage(broken), rig.stage(whole)) == (Stage.FOUND, Stage.DRAFT)


def test_who_looks_at_an_old_page_changes_nothing(rig: Rig) -> None:
    number, _ = rig.take()
    rig.read()
    seen = rig.taking_in.drafts.get(number).mark
    rig.taking_in.edit(number, {"issuer": "青岛市科学技术局"}, "ed", seen)
    for change in (
        lambda: rig.taking_in.edit(number, {"issuer": "另一个局"}, "other", seen),
        lambda: rig.taking_in.confirm(number, ["all"], "other", seen),
        lambda: rig.taking_in.exclude(number, "重复", "other", seen),
    ):
        with pytest.raises(MovedError):
            change()
    assert rig.taking_in.drafts.get(number).card.fields["issuer"] == "青岛市科学技术局"
