"""The parent's side of parsing: one file, one child process, its limits, and what becomes of it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import rag
from rag.parsing.models import Limits, Parsed, Reason, Refused
from rag.parsing.wire import unpacked

_ROOT = Path(rag.__file__).resolve().parent.parent
_OUT = "out.json"
_SIGNALS = {
    "SIGXCPU": Reason.OUT_OF_TIME,
    "SIGKILL": Reason.OUT_OF_TIME,  # how the system ends a process at its hard limit of CPU time
    "SIGXFSZ": Reason.TOO_MUCH_TEXT,
}


def parse_file(path: Path, limits: Limits | None = None, *, name: str | None = None) -> Parsed:
    """Read a file in a child process without network. Raises Refused; nothing is left behind either way.

    `name` is what the file was called where it came from (an upload is stored under another); its ending must fit the
    content. The file is opened once, here, and never followed through a link.
    """
    limits = limits or Limits()
    called = path.name if name is None else name
    _check_name(called)
    with _opened(path, limits) as file:
        found = _in_child(file, called, limits, ocr_pages=0)
        if isinstance(found, int):
            found = _in_child(file, called, limits, ocr_pages=min(found, limits.ocr_pages))
    if isinstance(found, int):
        raise Refused(Reason.CRASHED, "asked for OCR twice")
    return found


def _check_name(name: str) -> None:
    unseen = any(unicodedata.category(c) in {"Cc", "Cf", "Cs"} for c in name)
    if not name.strip(". ") or unseen or "/" in name or "\\" in name or len(name.encode(errors="replace")) > 255:
        raise Refused(Reason.BAD_NAME, ascii(name)[:100])


@contextlib.contextmanager
def _opened(path: Path, limits: Limits) -> Iterator[int]:
    """A regular file's descriptor. O_NONBLOCK: a pipe with nobody at its other end must not hold us up."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        file = os.open(path, flags)
    except FileNotFoundError as error:
        raise Refused(Reason.MISSING) from error
    except (OSError, ValueError) as error:
        raise Refused(Reason.NOT_A_FILE, getattr(error, "strerror", None) or "") from error
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            raise Refused(Reason.NOT_A_FILE)
        if found.st_size == 0:
            raise Refused(Reason.EMPTY)
        if found.st_size > limits.file_bytes:
            raise Refused(Reason.TOO_BIG, f"{found.st_size} > {limits.file_bytes} bytes")
        yield file
    finally:
        os.close(file)


def _in_child(file: int, name: str, limits: Limits, ocr_pages: int) -> Parsed | int:
    """Run the child once. Its answer is a file in a folder that is gone afterwards."""
    os.lseek(file, 0, os.SEEK_SET)
    wall = limits.wall_seconds + ocr_pages * limits.ocr_seconds_a_page
    with tempfile.TemporaryDirectory(prefix="parsing-", ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "rag.parsing.child"],
            stdin=file,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=_environment(folder, name, limits, ocr_pages),
            start_new_session=True,
        )
        try:
            code = process.wait(wall)
        except subprocess.TimeoutExpired as error:
            raise Refused(Reason.OUT_OF_TIME, f"{wall:.0f} s") from error
        finally:
            _end(process)
        return _answer(Path(folder, _OUT), code)


def _environment(folder: str, name: str, limits: Limits, ocr_pages: int) -> dict[str, str]:
    """All of the child's environment: no setting of ours, no token, no proxy."""
    job = {"name": name, "limits": asdict(limits), "ocr_pages": ocr_pages, "out": str(Path(folder, _OUT))}
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {
        **threads,
        "PYTHONPATH": str(_ROOT),
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": folder,
        "TMPDIR": folder,
        "ORT_DISABLE_TELEMETRY": "1",
        "KECHUANG_PARSING_JOB": json.dumps(job),
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    """The child and whatever it started; harmless where it has ended."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answer(out: Path, code: int) -> Parsed | int:
    """What the child wrote; no more than its own limit on the size of a file."""
    if code < 0:
        raise Refused(_SIGNALS.get(signal.Signals(-code).name, Reason.CRASHED), f"signal {-code}")
    try:
        with out.open("rb") as written:
            return unpacked(written)
    except (OSError, ValueError) as error:
        raise Refused(Reason.CRASHED, f"exit code {code}") from error
