"""A page of a PDF, or a picture, as a PNG to look at: drawn in a child as walled as the one that reads.

    png = page_image(path, 3)        # raises Refused; MISSING where the file has no such page

PDFium on somebody's file never runs in the service. Only PDF, PNG and JPEG have pages to look at.
"""

from __future__ import annotations

import struct
from dataclasses import asdict
from pathlib import Path

from rag.parsing.models import Limits, Reason, Refused
from rag.parsing.sandbox import check_name, opened, walled
from rag.parsing.wire import unpacked

DRAWN = "2"
"""Goes up when the same page would come out otherwise: what was kept of it is out of date then."""

ENDINGS = frozenset({".pdf", ".png", ".jpg", ".jpeg"})
PNG = b"\x89PNG\r\n\x1a\n"
A4_HEIGHT = 842  # points; a photograph or scan without pages is measured as if its longer side were this
LIMITS = Limits(cpu_seconds=12, wall_seconds=15.0, output_bytes=8_000_000)


def page_image(path: Path, page: int, limits: Limits = LIMITS) -> bytes:
    """A PNG of page `page` (from 1), at most PIXELS of rag.parsing.page_child. Raises Refused."""
    check_name(path.name)
    job = {"name": path.name, "limits": asdict(limits), "page": page}
    with opened(path, limits) as file:
        return walled("rag.parsing.page_child", file, job, limits.wall_seconds, _picture)


def size_of(picture: bytes) -> tuple[float, float]:
    """Width and height, in points, of the page that a picture of ours shows. ValueError for what is none of ours."""
    try:
        width, height = struct.unpack(">II", picture[16:24])
        at = picture.index(b"pHYs", 8, 200) + 4
        (metre,) = struct.unpack(">I", picture[at : at + 4])
    except struct.error as error:
        raise ValueError("no picture of a page") from error
    points = metre * 0.0254 / 72
    if not picture.startswith(PNG) or not points:
        raise ValueError("no picture of a page")
    return width / points, height / points


def _picture(out: Path) -> bytes:
    """What the child wrote: a PNG, or the line of a refusal. Raises Refused, ValueError for anything else."""
    written = out.read_bytes()
    if written.startswith(PNG):
        return written
    unpacked(written.splitlines()[:1])
    raise Refused(Reason.CRASHED, "no picture")
