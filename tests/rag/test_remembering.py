"""A corpus read again: what has not changed is not parsed, and whatever changed is seen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rag import corpus as reading
from rag.corpus import Corpus, read_corpus
from rag.remembering import SETTLED, Memory
from rag.versions import version_of


class Counted:
    """`read_corpus` with a memory, and which files were opened for it. The clock is years ahead: all is settled."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self.memory = Memory(lambda: 10**19)
        self.opened: list[str] = []
        known = reading._text

        def text(path: Path, name: str) -> object:
            self.opened.append(name)
            return known(path, name)

        monkeypatch.setattr(reading, "_text", text)

    def read(self) -> Corpus:
        self.opened.clear()
        return read_corpus(self._folder, self.memory)


@pytest.fixture
def counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counted:
    for name in ("a.md", "b.txt", "sub/c.md"):
        write(tmp_path / name, f"须知 {name}\n每年检验一次。")
    return Counted(tmp_path, monkeypatch)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")


def test_what_has_not_changed_is_not_opened_and_comes_back_the_same(counted: Counted) -> None:
    first = counted.read()
    assert counted.opened == ["a.md", "b.txt", "sub/c.md"]
    again = counted.read()
    assert counted.opened == []
    assert again == first == read_corpus(counted._folder)
    assert again.versions == {document.id: version_of(document) for document in again.documents}


def test_a_change_is_seen_though_size_and_date_say_nothing(counted: Counted, tmp_path: Path) -> None:
    """Somebody copies an older file over it and keeps its date: the system still notes that it was changed."""
    counted.read()
    before = os.stat(tmp_path / "a.md")
    write(tmp_path / "a.md", "须知 a.md\n每月检验一次。")
    os.utime(tmp_path / "a.md", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert os.stat(tmp_path / "a.md").st_size == before.st_size
    assert "每月" in counted.read().documents[0].text
    assert counted.opened == ["a.md"]


def test_another_file_put_in_its_place_is_seen(counted: Counted, tmp_path: Path) -> None:
    counted.read()
    write(tmp_path / "new", "须知 a.md\n每季检验一次。")
    (tmp_path / "new").replace(tmp_path / "a.md")
    assert "每季" in counted.read().documents[0].text


def test_a_file_that_goes_is_gone_and_is_read_when_it_comes_back(counted: Counted, tmp_path: Path) -> None:
    counted.read()
    (tmp_path / "a.md").rename(tmp_path.with_suffix(".elsewhere"))
    assert [document.id for document in counted.read().documents] == ["b", "c"]
    tmp_path.with_suffix(".elsewhere").rename(tmp_path / "a.md")
    assert [document.id for document in counted.read().documents] == ["a", "b", "c"]


def test_a_file_takes_another_id_when_a_second_one_has_its_name(counted: Counted, tmp_path: Path) -> None:
    counted.read()
    write(tmp_path / "sub" / "a.md", "另一份须知")
    found = counted.read()
    assert set(found.versions) == {"a", "b", "c", "sub/a"}
    assert found == read_corpus(tmp_path)
    (tmp_path / "sub" / "a.md").unlink()
    assert counted.read() == read_corpus(tmp_path)


def test_faults_are_told_each_time(counted: Counted, tmp_path: Path) -> None:
    write(tmp_path / "d.md", "---\nid: D\n---\n")
    first = counted.read()
    assert first.faults
    assert counted.read().faults == first.faults
    assert counted.read().skipped == {"d.md"}


@pytest.mark.parametrize("since", [0, SETTLED])
def test_what_was_changed_a_moment_ago_is_read_again(tmp_path: Path, since: int) -> None:
    """A second change in the same tick of the clock would leave no trace."""
    write(tmp_path / "a.md", "须知\n每年检验一次。")
    changed = max(os.stat(tmp_path / "a.md").st_mtime_ns, os.stat(tmp_path / "a.md").st_ctime_ns)
    memory = Memory(lambda: changed + since)
    read_corpus(tmp_path, memory)
    assert not memory._files
    memory = Memory(lambda: changed + SETTLED + 1)
    read_corpus(tmp_path, memory)
    assert memory._files
