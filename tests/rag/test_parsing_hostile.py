"""Hostile files: each is refused with its reason, or read without what it hides. `make faults` tries all of them."""

from __future__ import annotations

import hashlib
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from rag.parsing import Limits, Parsed, Reason, Refused, as_markdown, parse_file
from rag.parsing.assembling import read
from tests.faults.mutants import mutants
from tests.support.hostile_files import HOSTILE, PLAIN, SECRET, Hostile, docx, paragraph

HIDING = sorted(key for key, hostile in HOSTILE.items() if hostile.hides)
IN_A_CHILD = [
    "docx: 100 MB of one letter",
    "docx: the directory lies about the size",
    "docx: billion laughs",
    "docx: 300 tables within tables",
    "html: 100,000 elements within elements",
    "pdf: pages that hold themselves",
    "pdf: 20,000 brackets",
    "pdf: cut in half",
    "pdf: encrypted",
    "docx: encrypted by Office",
    "docx: a part that climbs",
    "docx: the document twice",
    "a program called pdf",
    "txt: no encoding",
    "0 bytes",
    "a name that climbs",
]


def flat(text: str) -> str:
    return "".join(text.split())


def parsed(hostile: Hostile) -> Parsed:
    data = hostile.make()
    return read(data, hostile.name, hashlib.sha256(data).hexdigest(), Limits(), 0)


@pytest.mark.parametrize("key", HIDING)
def test_words_that_no_reader_sees_are_set_aside_and_the_others_are_read(key: str) -> None:
    found = parsed(HOSTILE[key])
    text = flat(as_markdown(found))
    assert flat(PLAIN) in text
    assert SECRET not in text
    assert any(SECRET in flat(hidden.text) for hidden in found.hidden)


@pytest.mark.parametrize("key", IN_A_CHILD)
def test_a_hostile_file_is_refused_with_a_reason_and_leaves_nothing(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    hostile = HOSTILE[key]
    stored = tmp_path / "stored"
    stored.write_bytes(hostile.make())
    with pytest.raises(Refused) as refusal:
        parse_file(stored, name=hostile.name)
    assert refusal.value.reason in hostile.reasons
    assert [path.name for path in tmp_path.iterdir()] == ["stored"]


def test_a_link_a_folder_and_a_file_that_is_not_there_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(PLAIN)
    (tmp_path / "link.txt").symlink_to(tmp_path / "a.txt")
    (tmp_path / "folder.txt").mkdir()
    reasons = []
    for name in ("link.txt", "folder.txt", "none.txt"):
        with pytest.raises(Refused) as refusal:
            parse_file(tmp_path / name)
        reasons.append(refusal.value.reason)
    assert reasons == [Reason.NOT_A_FILE, Reason.NOT_A_FILE, Reason.MISSING]


def test_a_child_that_takes_too_long_is_ended_and_its_folder_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.docx").write_bytes(docx(paragraph(PLAIN)))
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with pytest.raises(Refused) as refusal:
        parse_file(tmp_path / "a.docx", Limits(wall_seconds=0.01))
    assert refusal.value.reason == Reason.OUT_OF_TIME
    assert list(folder.iterdir()) == []


def test_a_child_with_too_little_memory_or_output_is_a_refusal_and_no_crash_of_ours(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(PLAIN * 20_000)
    with pytest.raises(Refused) as refusal:
        parse_file(tmp_path / "a.txt", Limits(memory_bytes=20_000_000))
    assert refusal.value.reason in {Reason.OUT_OF_MEMORY, Reason.CRASHED}
    with pytest.raises(Refused) as refusal:
        parse_file(tmp_path / "a.txt", Limits(output_bytes=10_000))
    assert refusal.value.reason == Reason.TOO_MUCH_TEXT


_TRIES = """
import ctypes, json, os, socket, subprocess, sys
from pathlib import Path
from rag.parsing.confinement import confine
folder, outside = Path(sys.argv[1]), Path(sys.argv[2])
confine(folder, memory=2_000_000_000, cpu_seconds=20, file_bytes=1_000_000)
def tried(what):
    try:
        what()
    except OSError as error:
        return type(error).__name__
    return "done"
libc = ctypes.CDLL(None, use_errno=True)
found = {
    "python socket": tried(lambda: socket.socket()),
    "raw socket": libc.socket(socket.AF_INET, socket.SOCK_STREAM, 0),
    "another program": tried(lambda: os.execv("/bin/true", ["true"])) if os.fork() == 0 else "parent",
    "outside": tried(lambda: outside.write_text("x")),
    "inside": tried(lambda: (folder / "a").write_text("x")),
    "too large": tried(lambda: (folder / "b").write_bytes(b"x" * 2_000_000)),
}
if found["another program"] == "parent":
    os.wait()
print(json.dumps(found))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part is Linux's")
def test_the_child_has_no_network_no_other_program_and_no_place_to_write_but_its_own(tmp_path: Path) -> None:
    import json
    import signal

    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    command = [sys.executable, "-c", _TRIES, str(inside), str(outside)]
    done = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": "."}, check=False)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode in {0, -signal.SIGXFSZ}, done.stderr
    assert found, done.stderr
    for tries in found:
        assert tries["python socket"] == "PermissionError"
        assert tries["raw socket"] == -1
        assert tries["another program"] in {"PermissionError", "parent"}
        assert tries["inside"] == "done"
        assert tries["too large"] == "OSError"
    assert {tries["another program"] for tries in found} == {"PermissionError", "parent"}
    assert not outside.exists() or outside.read_text() == "", "Landlock is missing here"
    assert socket.socket is not None


def test_files_with_something_broken_in_them_are_read_or_refused() -> None:
    assert mutants(12) == []
