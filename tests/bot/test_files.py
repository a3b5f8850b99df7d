"""Files are kept under the digest of their content, whole or not at all, and never under a name somebody sent."""

from __future__ import annotations

import hashlib
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.files import FileStoreError, FileTooLargeError, FolderFileStore, Stored, shown_name


@pytest.fixture
def folder(data_dir: Path) -> Path:
    return data_dir / "files"


@pytest.fixture
def store(folder: Path) -> FolderFileStore:
    return FolderFileStore(folder, most_bytes=100)


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_content_comes_back_under_its_digest(store: FolderFileStore, folder: Path) -> None:
    digest = hashlib.sha256("营业执照".encode()).hexdigest()
    assert store.put(["营业".encode(), "执照".encode()]) == Stored(digest, 12)
    with store.open(digest) as file:
        assert file.read() == "营业执照".encode()
    assert files_in(folder) == [folder / digest[:2] / digest[2:4] / digest]


def test_the_same_content_is_kept_once(store: FolderFileStore, folder: Path) -> None:
    assert store.put([b"same"]) == store.put([b"sa", b"me"])
    assert len(files_in(folder)) == 1


def test_an_empty_file_is_a_file(store: FolderFileStore) -> None:
    stored = store.put([])
    with store.open(stored.digest) as file:
        assert file.read() == b""


def test_content_at_the_limit_is_taken_and_above_it_refused_without_a_trace(
    store: FolderFileStore, folder: Path
) -> None:
    assert store.put([b"x" * 100]).size == 100
    before = files_in(folder)
    with pytest.raises(FileTooLargeError):
        store.put([b"y" * 60, b"y" * 41])
    assert files_in(folder) == before


def test_an_endless_sender_is_cut_off(store: FolderFileStore) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"z" * 10

    with pytest.raises(FileTooLargeError):
        store.put(endless())


def test_a_sender_that_breaks_off_leaves_nothing(store: FolderFileStore, folder: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        store.put(broken())
    assert files_in(folder) == []


def test_what_a_crash_left_half_written_is_cleared(store: FolderFileStore, folder: Path) -> None:
    kept = store.put([b"kept"])
    (folder / ".0123456789abcdef.part").write_bytes(b"half")
    assert store.clear_unfinished() == 1
    assert [path.name for path in files_in(folder)] == [kept.digest]


def test_deleted_content_is_gone_and_deleting_again_is_fine(store: FolderFileStore) -> None:
    digest = store.put([b"gone"]).digest
    store.delete(digest)
    store.delete(digest)
    with pytest.raises(FileStoreError):
        store.open(digest)


@pytest.mark.parametrize(
    "path", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n", "/" + "a" * 63, "０" * 64]
)
def test_only_a_digest_is_looked_up(store: FolderFileStore, path: str) -> None:
    with pytest.raises(FileStoreError):
        store.open(path)
    with pytest.raises(FileStoreError):
        store.delete(path)


def test_a_folder_that_cannot_be_written_is_the_stores_error(data_dir: Path) -> None:
    (data_dir / "files").write_text("a file in the way")
    with pytest.raises(FileStoreError):
        FolderFileStore(data_dir / "files").put([b"x"])


def test_a_disk_that_takes_no_more_is_the_stores_error_and_leaves_nothing(folder: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(FileStoreError, match="kept"):
            FolderFileStore(folder).put([b"x" * 60_000] * 3)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert files_in(folder) == []


def test_others_on_the_machine_may_not_read(store: FolderFileStore, folder: Path) -> None:
    digest = store.put([b"x"]).digest
    for path in [folder, *folder.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path
    assert os.access(folder / digest[:2] / digest[2:4] / digest, os.R_OK)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("营业执照.pdf", "营业执照.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\简介.docx", "简介.docx"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("a\x00b\r\n.txt", "ab.txt"),
        ("...", "未命名"),
        ("", "未命名"),
        ("字" * 200 + ".pdf", "字" * 96 + ".pdf"),
    ],
)
def test_a_senders_name_is_made_safe_to_show(sent: str, shown: str) -> None:
    assert shown_name(sent) == shown


@given(st.text(max_size=300))
def test_no_name_escapes_or_outgrows_its_line(sent: str) -> None:
    shown = shown_name(sent)
    assert 1 <= len(shown) <= 100
    assert not set(shown) & set("/\\\n\r\x00\u202e")
    assert shown not in {".", ".."}
