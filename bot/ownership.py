"""One process owns DATA_DIR: an operating system lock, and beside it a note that says who that is.

The lock dies with its process, however that ends, so a note without the lock means nothing.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

_NOTE = "owner.json"
_REASONS = {
    errno.EACCES: "没有读写权限",
    errno.EPERM: "没有读写权限",
    errno.EROFS: "文件系统只读",
    errno.ENOSPC: "磁盘已满",
    errno.EEXIST: "同名的文件已存在",
    errno.ENOTDIR: "上级不是文件夹",
}


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that holds a data folder: what it does (serve, corpus index …), and where it listens, if it does."""

    pid: int
    what: str
    address: str | None = None


class DataDirError(Exception):
    """DATA_DIR cannot be used. The message is one line for the operator."""


class OwnedElsewhereError(DataDirError):
    """Another process owns DATA_DIR. `owner` is None in the moment before it has said who it is."""

    def __init__(self, data_dir: Path, owner: Owner | None) -> None:
        self.owner = owner
        who = "另一个进程"
        if owner:
            where = f"，地址 {owner.address}" if owner.address else ""
            who = f"进程 {owner.pid}（{owner.what}{where}）"
        super().__init__(f"数据目录 {data_dir} 正由{who}使用：请等它结束，或先停止它再试。")


class Ownership:
    """Held by `own`. A server calls `announce` once it knows its address."""

    def __init__(self, data_dir: Path, what: str) -> None:
        self._note = data_dir / _NOTE
        self._what = what

    def announce(self, address: str | None) -> None:
        """Say who owns the folder, and where to reach it. Raises DataDirError."""
        part = self._note.with_suffix(".part")
        try:
            part.write_text(json.dumps(asdict(Owner(os.getpid(), self._what, address)), ensure_ascii=False), "utf-8")
            part.replace(self._note)
        except OSError as fault:
            raise _unusable(self._note.parent, fault) from fault


@contextmanager
def own(data_dir: Path, what: str, address: str | None = None) -> Iterator[Ownership]:
    """Own the folder for the block; made if it is not there. Raises OwnedElsewhereError at once, and DataDirError."""
    lock = _taken(data_dir)
    try:
        ownership = Ownership(data_dir, what)
        ownership.announce(address)
        yield ownership
    finally:
        (data_dir / _NOTE).unlink(missing_ok=True)
        lock.release()


def owner_of(data_dir: Path) -> Owner | None:
    """Who noted itself as the owner last; None where nobody did, or the note cannot be read."""
    try:
        note = json.loads((data_dir / _NOTE).read_text("utf-8"))
        return Owner(int(note["pid"]), str(note["what"]), note["address"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _taken(data_dir: Path) -> FileLock:
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A soft lock would outlive a killed process, so a file system without real locks is refused.
        lock = FileLock(
            data_dir / ".lock", timeout=0, thread_local=False, fallback_to_soft=False, preserve_lock_file=True
        )
        lock.acquire()
    except Timeout:
        raise OwnedElsewhereError(data_dir, owner_of(data_dir)) from None
    except (OSError, NotImplementedError) as fault:
        raise _unusable(data_dir, fault) from fault
    return lock


def _unusable(data_dir: Path, fault: Exception) -> DataDirError:
    if not isinstance(fault, OSError):
        return DataDirError(f"数据目录 {data_dir} 不能使用：所在的文件系统不支持文件锁")
    reason = _REASONS.get(fault.errno or 0, fault.strerror or type(fault).__name__)
    return DataDirError(f"数据目录 {data_dir} 不能使用：{reason}")
