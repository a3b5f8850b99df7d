"""What runs in the child: confine itself, read one file from its standard input, write the answer, end."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from rag.parsing.confinement import confine
from rag.parsing.models import Limits, Reason, Refused
from rag.parsing.wire import packed, packed_refusal, packed_scan


def main() -> None:
    job: dict[str, Any] = json.loads(os.environ.pop("KECHUANG_PARSING_JOB"))
    limits = Limits(**job["limits"])
    out = Path(job["out"])
    pages: int = job["ocr_pages"]
    _confine(out.parent, limits, pages)
    part = out.with_suffix(".part")
    part.write_bytes(_answer(job["name"], limits, pages))
    part.rename(out)  # so a parent never reads half an answer


def _confine(folder: Path, limits: Limits, ocr_pages: int) -> None:
    confine(
        folder,
        memory=limits.ocr_memory_bytes if ocr_pages else limits.memory_bytes,
        cpu_seconds=limits.cpu_seconds + ocr_pages * limits.ocr_seconds_a_page,
        file_bytes=limits.output_bytes,
    )


def _answer(name: str, limits: Limits, ocr_pages: int) -> bytes:
    """The packed outcome. Whatever a parser raises is a refusal: a document must not be able to choose."""
    from rag.parsing.assembling import ScanFound, read

    try:
        data = sys.stdin.buffer.read(limits.file_bytes + 1)
        if len(data) > limits.file_bytes:
            raise Refused(Reason.TOO_BIG, "it grew while it was read")
        answer = packed(read(data, name, hashlib.sha256(data).hexdigest(), limits, ocr_pages))
        if len(answer) > limits.output_bytes:
            raise Refused(Reason.TOO_MUCH_TEXT, f"{len(answer)} bytes of answer")
        return answer
    except Refused as refused:
        return packed_refusal(refused.reason, refused.detail)
    except ScanFound as scan:
        return packed_scan(scan.pages)
    except MemoryError:
        return packed_refusal(Reason.OUT_OF_MEMORY, "")
    except ImportError as error:  # of the installation, not of the file
        return packed_refusal(Reason.CRASHED, str(error))
    except RecursionError:
        return packed_refusal(Reason.TOO_DEEP, "")
    except Exception as error:  # the one catch-all of this door: a parser that trips over a file has no other word
        return packed_refusal(Reason.DAMAGED, type(error).__name__)


if __name__ == "__main__":
    main()
