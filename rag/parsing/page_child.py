"""What runs in the child that draws a page: confine itself, draw one page from its standard input, end."""

from __future__ import annotations

import io
import json
import os
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

from rag.parsing.confinement import confine
from rag.parsing.models import Limits, Reason, Refused
from rag.parsing.page_image import A4_HEIGHT, PNG
from rag.parsing.wire import packed_refusal

PIXELS = 1_800_000
"""Of the picture; a page is drawn smaller rather than larger."""

_DPI = 130  # at which 五号 characters of an A4 page are easily read
_PICTURE_PIXELS = 60_000_000


def main() -> None:
    job: dict[str, Any] = json.loads(os.environ.pop("KECHUANG_PARSING_JOB"))
    limits, out = Limits(**job["limits"]), Path(job["out"])
    confine(
        out.parent,
        memory=limits.memory_bytes,
        cpu_seconds=limits.cpu_seconds,
        file_bytes=limits.output_bytes,
    )
    part = out.with_suffix(".part")
    part.write_bytes(_answer(job["name"], job["page"], limits))
    part.rename(out)  # so a parent never reads half a picture


def _answer(name: str, page: int, limits: Limits) -> bytes:
    """The picture or the packed refusal. Whatever a library raises is one: a document must not be able to choose."""
    try:
        picture = _drawn(sys.stdin.buffer.read(limits.file_bytes + 1), name, page, limits)
        if len(picture) > limits.output_bytes:
            raise Refused(Reason.TOO_BIG, f"{len(picture)} bytes of picture")
        return picture
    except Refused as refused:
        return packed_refusal(refused.reason, refused.detail)
    except MemoryError:
        return packed_refusal(Reason.OUT_OF_MEMORY, "")
    except Exception as error:  # as in `child`: a library that trips over a file has no other word
        return packed_refusal(Reason.DAMAGED, type(error).__name__)


def _drawn(data: bytes, name: str, page: int, limits: Limits) -> bytes:
    from rag.parsing.kinds import Kind, kind_of

    if len(data) > limits.file_bytes:
        raise Refused(Reason.TOO_BIG, "it grew while it was read")
    kind = kind_of(data, name)
    if kind == Kind.PDF:
        return _of_pdf(data, page)
    if kind in {Kind.PNG, Kind.JPEG} and page == 1:
        return _of_picture(data)
    raise Refused(Reason.MISSING if kind in {Kind.PNG, Kind.JPEG} else Reason.UNKNOWN_TYPE, f"page {page}")


def _of_pdf(data: bytes, number: int) -> bytes:
    import pypdfium2 as pdf

    document = pdf.PdfDocument(data)
    if not 1 <= number <= len(document):
        raise Refused(Reason.MISSING, f"page {number} of {len(document)}")
    page = document[number - 1]
    width, height = page.get_size()
    scale = min(_DPI / 72, (PIXELS / max(width * height, 1)) ** 0.5)
    return png(page.render(scale=scale, rev_byteorder=True).to_numpy(), scale)


def _of_picture(data: bytes) -> bytes:
    """Upright as its camera says, and no larger than a page is drawn."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = _PICTURE_PIXELS
    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as opened:
        if opened.width * opened.height > _PICTURE_PIXELS:
            raise Refused(Reason.BOMB, f"{opened.width} x {opened.height} pixels")
        upright = ImageOps.exif_transpose(opened).convert("RGB")
        share = min(1.0, (PIXELS / (upright.width * upright.height)) ** 0.5)
        drawn = upright.resize((max(1, int(upright.width * share)), max(1, int(upright.height * share))))
        dpi = 72 * max(drawn.size) / A4_HEIGHT
        written = io.BytesIO()
        drawn.save(written, "PNG", dpi=(dpi, dpi))
        return written.getvalue()


def png(pixels: Any, scale: float = 1) -> bytes:
    """Rows of grey (h, w[, 1]), RGB (h, w, 3) or RGBX (h, w, 4) bytes as a PNG of four chunks (W3C PNG, 5 and 11).

    `scale` is pixels a point; the picture says it (pHYs), so that a place on the page can be found on it.
    """
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else min(pixels.shape[2], 3)
    rows = pixels.reshape(height, width, -1)[:, :, :channels].reshape(height, width * channels)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    head = struct.pack(">IIBBBBB", width, height, 8, 0 if channels == 1 else 2, 0, 0, 0)
    metre = round(scale * 72 / 0.0254)
    physical = struct.pack(">IIB", metre, metre, 1)
    chunks = ((b"IHDR", head), (b"pHYs", physical), (b"IDAT", zlib.compress(raw, 6)), (b"IEND", b""))
    return PNG + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


if __name__ == "__main__":
    main()
