"""A backup is one file: a gzipped tar of tables as JSON lines, people's files, index segments, and a manifest.

    tables/<table>.jsonl      every row of every table but those in LEFT_OUT, as one moment saw them
    files/<sha256>            what people sent, under the digest of its content
    segments/<id>.npz         the published index, so that answers keep their release
    originals/<sha256>.<end>  official files as they were taken in, under the digest of their content
    manifest.json             the last member: format, schema, moment, counts, and the SHA-256 of every other member

The digests tell of damage, and a case's own chain of hashes of tampering with its history. Neither is a signature.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import tarfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import JSON, Connection, DateTime, LargeBinary, MetaData, Table, event

from db.schema import UtcDateTime

FORMAT = 2
FORMATS = frozenset({1, FORMAT})
"""What is understood: 1 had no originals, and restoring one leaves those that are there alone."""

LEFT_OUT = frozenset({"passage_vectors"})
"""Vectors are computed anew from the passages."""

MANIFEST = "manifest.json"
ORIGINALS = "originals"
_MEMBER = re.compile(
    r"tables/[a-z][a-z0-9_]*\.jsonl|files/[0-9a-f]{64}|segments/[A-Za-z0-9_-]{1,100}\.npz"
    r"|originals/[0-9a-f]{64}(?:\.[a-z0-9]{1,8})?|manifest\.json"
)
_CHUNK = 1 << 20
_DAMAGE = (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, ValueError)


class BackupError(Exception):
    """A backup cannot be made, or not be restored. The message is one line for the operator; nothing was changed."""


class Member(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str
    size: int


class Manifest(BaseModel):
    """`counts`: rows by table. `missing`: files that rows name and that were gone when the backup came to them.
    `left_out`: tables that are not in it, and "originals" where they were to be left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    schema_revision: str
    created_at: datetime
    database: str
    counts: Mapping[str, int]
    missing: tuple[str, ...] = ()
    left_out: tuple[str, ...] = tuple(sorted(LEFT_OUT))
    members: Mapping[str, Member]

    def of(self, folder: str) -> list[str]:
        """The members of a folder ("tables", "files", "segments", "originals"), in order."""
        return sorted(name for name in self.members if name.startswith(f"{folder}/"))

    def size_of(self, folder: str) -> int:
        """Bytes of the members of a folder, before they were packed."""
        return sum(self.members[name].size for name in self.of(folder))

    @property
    def holds_originals(self) -> bool:
        return self.format > 1 and ORIGINALS not in self.left_out


def tables_of(connection: Connection, names: Collection[str]) -> list[Table]:
    """These tables as they stand in the database, parents before children; moments aware, JSON without surprises."""
    found = MetaData()
    event.listen(found, "column_reflect", _typed)
    found.reflect(connection, only=sorted(names))
    return [table for table in found.sorted_tables if table.name in names]


def _typed(_inspector: Any, _table: Table, column: Any) -> None:
    if isinstance(column["type"], DateTime):
        column["type"] = UtcDateTime()
    elif isinstance(column["type"], JSON):
        # None is SQL's NULL where the column may be empty, JSON's null where it may not.
        column["type"] = JSON(none_as_null=bool(column["nullable"]))


def row_line(row: Mapping[str, Any]) -> bytes:
    """A row as a line of JSON, in ASCII: whatever people typed survives."""
    return json.dumps(dict(row), default=_plain, separators=(",", ":")).encode() + b"\n"


def row_of(table: Table, line: bytes) -> dict[str, Any]:
    """The row again, with the types of its table. ValueError or KeyError where the line is none of this table's."""
    row = json.loads(line)
    return {name: _value(table.c[name].type, value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(type(value).__name__)


def _value(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, UtcDateTime):
        return datetime.fromisoformat(value)
    return base64.b64decode(value) if isinstance(kind, LargeBinary) else value


def unpack(file: Path, folder: Path) -> Manifest:
    """Lay a backup out in an empty folder, checked member by member. Raises BackupError where anything is amiss."""
    try:
        with gzip.open(file) as unzipped, tarfile.open(fileobj=unzipped, mode="r:") as archive:
            found = dict(_laid_out(archive, folder))
            while unzipped.read(_CHUNK):  # to the end, where gzip's own checksum is
                pass
    except FileNotFoundError as fault:
        raise BackupError(f"没有找到备份文件 {file}。") from fault
    except IsADirectoryError as fault:
        raise BackupError(f"{file} 是文件夹，不是备份文件。") from fault
    except _DAMAGE as fault:
        raise _broken(file, "不是完整的备份文件，可能没有传完或已损坏") from fault
    return _checked(file, folder, found)


def _laid_out(archive: tarfile.TarFile, folder: Path) -> Iterator[tuple[str, Member]]:
    for entry in archive:
        stream = archive.extractfile(entry) if entry.isreg() and _MEMBER.fullmatch(entry.name) else None
        target = folder / entry.name
        if stream is None or target.exists():
            raise tarfile.TarError("a member that does not belong here")
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with target.open("xb") as out:
            target.chmod(0o600)
            member = copied(stream, out)
        yield entry.name, member


def copied(source: IO[bytes], target: IO[bytes]) -> Member:
    """Copy a stream; its digest and length."""
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        target.write(chunk)
        size += len(chunk)
    return Member(sha256=digest.hexdigest(), size=size)


def _checked(file: Path, folder: Path, found: dict[str, Member]) -> Manifest:
    if found.pop(MANIFEST, None) is None:
        raise _broken(file, "没有清单，可能没有传完")
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (ValidationError, ValueError) as fault:
        raise _broken(file, "清单读不出，或来自不认识的版本") from fault
    if manifest.format not in FORMATS:
        raise BackupError(f"{file} 的备份格式是 {manifest.format}，本程序只认得到 {FORMAT}：请使用相应版本的程序。")
    if wrong := sorted(name for name in {*found, *manifest.members} if found.get(name) != manifest.members.get(name)):
        raise _broken(file, f"{wrong[0]} 与清单不符")
    named = {name: Path(name).stem for folder in ("files", ORIGINALS) for name in manifest.of(folder)}
    if wrong := [name for name, digest in named.items() if digest != found[name].sha256]:
        raise _broken(file, f"{wrong[0]} 的内容与名称不符")
    return manifest


def _broken(file: Path, why: str) -> BackupError:
    return BackupError(f"{file} {why}。没有改动任何数据，请换一份备份。")
