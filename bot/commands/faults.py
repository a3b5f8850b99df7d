"""Faults of the command line in words: one clear line on standard error and what to do, never a trace."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Ended:
    """How the command ended."""

    code: int = 0


class CommandError(Exception):
    """Something the person at the command line can mend; the message says what and how."""


@contextmanager
def in_words() -> Iterator[Ended]:
    """Run a command in this block."""
    ended = Ended()
    try:
        yield ended
    except KeyboardInterrupt:
        ended.code = 130
    except Exception as fault:
        line = _line(fault)
        if line is None:
            raise
        print(line, file=sys.stderr)  # noqa: T201  # a command's words to the person who typed it
        ended.code = getattr(fault, "exit_code", 1)


def _line(fault: Exception) -> str | None:
    from bot.ownership import DataDirError
    from bot.settings import SettingsError
    from rag.ports import EmbedderError, ReleaseStoreError, VectorStoreError
    from rag.segments import SegmentError

    if isinstance(fault, (CommandError, SettingsError, DataDirError)) or type(fault).__name__ == "SchemaTooNewError":
        return str(fault)
    if isinstance(fault, (ReleaseStoreError, SegmentError)):
        return (
            f"政策索引读写失败：{fault}。请检查磁盘空间与数据目录权限；"
            "删除数据目录下的 index 文件夹后重新运行可以重建索引。"
        )
    if isinstance(fault, (EmbedderError, VectorStoreError)):
        return f"向量检索不可用：{fault}。可加 --no-vectors 或设置 EMBED_MODEL=none，按词语检索。"
    if isinstance(fault, OSError) and fault.errno == errno.ENOSPC:
        return "磁盘已满，没有写入任何不完整的内容。请清理空间后重试。"
    if isinstance(fault, BrokenPipeError):
        return ""
    return _database_line(fault)


def _database_line(fault: Exception) -> str | None:
    """A database that cannot be reached or written, told by its words alone: SQLAlchemy is not imported for this."""
    if type(fault).__module__.startswith("sqlalchemy") and type(fault).__name__ in {
        "OperationalError",
        "DatabaseError",
    }:
        reason = str(getattr(fault, "orig", fault)).splitlines()[0][:200]
        return f"数据库不可用：{reason}。请检查 DATABASE_URL、磁盘空间和数据目录权限。"
    return None
