"""The parent's side of the walled child: one file, one process, its limits, and what becomes of it.

`parse_file` reads a file; `page_image` (beside this) has a page of it drawn, in a child of the same kind.
"""

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
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import rag
from rag.parsing.models import Limits, Parsed, Reason, Refused
from rag.parsing.wire import unpacked

_ROOT = Path(rag.__file__).resolve().parent.parent
_OUT = "out"
_SIGNALS = {
    "SIGXCPU": Reason.OUT_OF_TIME,
    "SIGKILL": Reason.OUT_OF_TIME,  # how the system ends a process at its hard limit of CPU time
    "SIGXFSZ": Reason.TOO_MUCH_TEXT,
}

T = TypeVar("T")


def parse_file(path: Path, limits: Limits | None = None, *, name: str | None = None) -> Parsed:
    """Read a file in a child process without network. Raises Refused; nothing is left behind either way.

    `name` is what the file was called where it came from (an upload is stored under another); its ending must fit the
    content. The file is opened once, here, and never followed through a link.
    """
    limits = limits or Limits()
    called = path.name if name is None else name
    check_name(called)
    with opened(path, limits) as file:
        found = _in_child(file, called, limits, ocr_pages=0)
        if isinstance(found, int):
            found = _in_child(file, called, limits, ocr_pages=min(found, limits.ocr_pages))
    if isinstance(found, int):
        raise Refused(Reason.CRASHED, "asked for OCR twice")
    return found


def check_name(name: str) -> None:
    """Raises Refused: a name that steers something, or is none."""
    unseen = any(unicodedata.category(c) in {"Cc", "Cf", "Cs"} for c in name)
    if not name.strip(". ") or unseen or "/" in name or "\\" in name or len(name.encode(errors="replace")) > 255:
        raise Refused(Reason.BAD_NAME, ascii(name)[:100])


@contextlib.contextmanager
def opened(path: Path, limits: Limits) -> Iterator[int]:
    """A regular file's descriptor, no larger than allowed. Raises Refused. O_NONBLOCK: a pipe with nobody at its other
    end must not hold us up."""
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
    job = {"name": name, "limits": asdict(limits), "ocr_pages": ocr_pages}
    wall = limits.wall_seconds + ocr_pages * limits.ocr_seconds_a_page
    return walled("rag.parsing.child", file, job, wall, _answer)


def walled(module: str, file: int, job: Mapping[str, Any], wall: float, answer: Callable[[Path], T]) -> T:
    """Run a child once over an open file. `answer` reads what it wrote, a file in a folder that is gone afterwards.

    Raises Refused: out of time (`wall` seconds), ended by the system, no answer that can be read.
    """
    os.lseek(file, 0, os.SEEK_SET)
    with tempfile.TemporaryDirectory(prefix="parsing-", ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(  # noqa: S603  # a module of ours, without a shell
            [sys.executable, "-P", "-m", module],
            stdin=file,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=_environment(folder, job),
            start_new_session=True,
        )
        try:
            code = process.wait(wall)
        except subprocess.TimeoutExpired as error:
            raise Refused(Reason.OUT_OF_TIME, f"{wall:.0f} s") from error
        finally:
            _end(process)
        return _read(Path(folder, _OUT), code, answer)


def _environment(folder: str, job: Mapping[str, Any]) -> dict[str, str]:
    """All of the child's environment: no setting of ours, no token, no proxy."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {
        **threads,
        "PYTHONPATH": str(_ROOT),
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": folder,
        "TMPDIR": folder,
        "ORT_DISABLE_TELEMETRY": "1",
        "KECHUANG_PARSING_JOB": json.dumps({**job, "out": str(Path(folder, _OUT))}),
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    """The child and whatever it started; harmless where it has ended."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _read(out: Path, code: int, answer: Callable[[Path], T]) -> T:
    if code < 0:
        raise Refused(_SIGNALS.get(signal.Signals(-code).name, Reason.CRASHED), f"signal {-code}")
    try:
        return answer(out)
    except (OSError, ValueError) as error:
        raise Refused(Reason.CRASHED, f"exit code {code}") from error


def _answer(out: Path) -> Parsed | int:
    """What the child wrote; no more than its own limit on the size of a file."""
    with out.open("rb") as written:
        return unpacked(written)
