"""One process owns the data folder, says who it is, and gives it up however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.ownership import DataDirError, OwnedElsewhereError, Owner, own, owner_of

HOLDER = """
import sys
from pathlib import Path
from bot.ownership import own
with own(Path(sys.argv[1]), "serve", "http://127.0.0.1:8000"):
    print("owned", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process_owning(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(data_dir)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "owned\n"
        yield holder
        holder.kill()


def test_a_folder_owned_by_another_process_is_refused_naming_it(data_dir: Path) -> None:
    with another_process_owning(data_dir) as holder:
        with pytest.raises(OwnedElsewhereError) as refused, own(data_dir, "corpus index"):
            pass
        assert refused.value.owner == Owner(holder.pid, "serve", "http://127.0.0.1:8000")
        words = str(refused.value)
    assert "\n" not in words
    assert all(part in words for part in [str(holder.pid), "serve", "http://127.0.0.1:8000"])


def test_a_killed_owner_leaves_the_folder_free(data_dir: Path) -> None:
    with another_process_owning(data_dir) as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert owner_of(data_dir) is not None  # the note of the dead stays, and hinders nobody
        with own(data_dir, "corpus index"):
            assert owner_of(data_dir) == Owner(os.getpid(), "corpus index")


def test_the_same_process_does_not_own_it_twice(data_dir: Path) -> None:
    with own(data_dir, "serve"), pytest.raises(OwnedElsewhereError), own(data_dir, "corpus index"):
        pass


def test_after_the_block_the_folder_is_free_and_the_note_is_gone(data_dir: Path) -> None:
    with own(data_dir, "serve"):
        pass
    assert owner_of(data_dir) is None
    with own(data_dir, "serve"):
        pass


def test_an_error_inside_the_block_frees_the_folder(data_dir: Path) -> None:
    with pytest.raises(ZeroDivisionError), own(data_dir, "serve"):
        raise ZeroDivisionError
    with own(data_dir, "serve"):
        pass


def test_a_server_says_its_address_once_it_has_one(data_dir: Path) -> None:
    with own(data_dir, "serve") as ownership:
        ownership.announce("http://127.0.0.1:54321")
        assert owner_of(data_dir) == Owner(os.getpid(), "serve", "http://127.0.0.1:54321")


def test_the_folder_is_made_for_this_user_alone(tmp_path: Path) -> None:
    with own(tmp_path / "new" / "data", "serve"):
        assert (tmp_path / "new" / "data").stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file in the way")
    with pytest.raises(DataDirError, match="不能使用：同名的文件已存在"), own(tmp_path / "data", "serve"):
        pass


@pytest.mark.parametrize("note", ["", "[]", "{}", '{"pid": "x", "what": "serve", "address": null}', "\x00"])
def test_a_damaged_note_is_no_owner(data_dir: Path, note: str) -> None:
    (data_dir / "owner.json").write_text(note)
    assert owner_of(data_dir) is None


def test_an_owner_that_has_not_said_who_it_is_is_refused_too(data_dir: Path) -> None:
    with own(data_dir, "serve"):
        (data_dir / "owner.json").unlink()
        with pytest.raises(OwnedElsewhereError, match="另一个进程") as refused, own(data_dir, "corpus index"):
            pass
        assert refused.value.owner is None
