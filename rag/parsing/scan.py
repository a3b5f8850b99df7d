"""Pages that are pictures, read by RapidOCR where it is installed (`make ocr`); its models are in its package."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

from rag.parsing.drafts import Drafted
from rag.parsing.models import Limits, Notice, Reason, Refused
from rag.parsing.page_image import A4_HEIGHT
from rag.parsing.page_lines import Segment, lines_of
from rag.parsing.page_paragraphs import PageSize, drafts_of, without_running

_DPI = 200
_PIXELS = 12_000_000  # a page is drawn smaller rather than larger than this
_PICTURE_PIXELS = 60_000_000
_UNEVEN = 0.15  # of the size that most words of a page have
_SURE = 0.85  # lines with a lower score are counted for the admin


def is_installed() -> bool:
    return find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None


def read_pictures(document: Any, pages: Sequence[int]) -> Iterator[tuple[int, list[Segment], int]]:
    """(page from 0, its words, how many lines are unsure) of a pypdfium2.PdfDocument, one page in memory at a time."""
    engine = _engine()
    for number in pages:
        page = document[number]
        width, height = page.get_size()
        scale = min(_DPI / 72, (_PIXELS / max(width * height, 1)) ** 0.5)
        picture = page.render(scale=scale, grayscale=False).to_numpy()
        page.close()
        yield number, *_words(engine, picture, scale)


def read_image(data: bytes, limits: Limits, ocr_pages: int = 0) -> Drafted:
    """A photograph or scan. Raises Refused, ScanFound."""
    from rag.parsing.assembling import ScanFound

    if not (limits.ocr and is_installed()):
        raise Refused(Reason.SCAN)
    if not ocr_pages:
        raise ScanFound(1)
    picture = _decoded(data)
    height, width = picture.shape[:2]
    scale = max(width, height) / A4_HEIGHT
    segments, unsure = _words(_engine(), picture, scale)
    kept, dropped = without_running([lines_of(segments, 1)], [PageSize(width / scale, height / scale)])
    drafted = Drafted("image", _version(), drafts_of(kept[0]), pages=1, unread_pages=[] if segments else [1])
    for draft in drafted.drafts:
        draft.text = mended(draft.text)
    drafted.notices.update({Notice.OCR: 1, Notice.OCR_UNSURE: unsure, Notice.RUNNING_LINES: dropped})
    return drafted


_CHINESE = r"[\u3001-\u303f\u3400-\u9fff\uff01-\uff5e“”‘’—]"
_HALF = str.maketrans(",:;?!()", "，：；？！（）")
_BY_CHINESE = re.compile(rf"(?<={_CHINESE})\s*[,:;?!()]+\s*|\s*[,:;?!()]+\s*(?={_CHINESE})")
_DASH = re.compile("(?<=[0-9年月日万元%）)])一(?=[0-9])")
_TORTOISE = re.compile(r"([〔［\[])([^〔〕［］\[\]\n]{1,40})([〕］\]])")
_PER_MILLE = re.compile("(?<=[0-9])%[0oO](?![0-9.])")
_PAIR = re.compile(r"[（(]([^（）()]*)[）)]")


def mended(text: str) -> str:
    """Marks that the engine takes for others: 「(」 beside Chinese is 「（」, 「一」 between figures 「—」, 「2%0」 2‰.

    A whole paragraph at a time: the mark's neighbour may stand on the line before.
    """
    text = _TORTOISE.sub(lambda found: f"〔{found[2]}〕" if "〔" in found[0] or "〕" in found[0] else found[0], text)
    text = _PER_MILLE.sub("‰", _DASH.sub("—", text))
    text = _BY_CHINESE.sub(lambda found: found[0].strip().translate(_HALF), text)
    return _PAIR.sub(
        lambda found: found[0] if found[0][0] + found[0][-1] in {"()", "（）"} else f"（{found[1]}）", text
    )


def _decoded(data: bytes) -> Any:
    import numpy as np
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = _PICTURE_PIXELS
    try:
        with Image.open(io.BytesIO(data)) as opened:
            if opened.width * opened.height > _PICTURE_PIXELS:
                raise Refused(Reason.BOMB, f"{opened.width} x {opened.height} pixels")
            upright = ImageOps.exif_transpose(opened).convert("RGB")  # as its page is shown (page_child)
            return np.asarray(upright)[:, :, ::-1]
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Refused(Reason.DAMAGED, "picture") from error


def _version() -> str:
    from importlib.metadata import version

    return f"rapidocr {version('rapidocr')}"


def _engine() -> Any:
    logging.disable(logging.WARNING)  # it tells of every model it loads
    from rapidocr import RapidOCR

    return RapidOCR(params={"Global.log_level": "error", "EngineConfig.onnxruntime.intra_op_num_threads": 1})


def _words(engine: Any, picture: Any, scale: float) -> tuple[list[Segment], int]:
    """Segments in points, and how many of them the engine was not sure of."""
    found = engine(picture, use_cls=False)  # it turned whole lines of upright pages upside down
    if found is None or found.boxes is None:
        return [], 0
    segments = []
    for box, text, score in zip(found.boxes, found.txts, found.scores, strict=True):
        xs, ys = [float(x) / scale for x, _ in box], [float(y) / scale for _, y in box]
        if text.strip():
            size = _size(text.strip(), max(xs) - min(xs), max(ys) - min(ys))
            segments.append((Segment(text.strip(), min(xs), min(ys), max(xs), max(ys), size), float(score)))
    return _evened([segment for segment, _ in segments]), sum(score < _SURE for _, score in segments)


def _size(text: str, wide: float, high: float) -> float:
    """Of the font, in points: by the width of its characters, since the engine's boxes are the taller the shorter they
    are; by the height of the box for a word of few characters."""
    characters = sum(0.5 if character.isascii() else 1.0 for character in text)
    return max(min(wide / characters, high) if characters >= 2 else high * 0.8, 1)


def _evened(segments: list[Segment]) -> list[Segment]:
    """Sizes near that of most words made that one: figures and marks are narrower in some fonts than in others."""
    if not segments:
        return segments
    heights = sorted(size for s in segments for size in [s.size] * len(s.text))
    most = heights[len(heights) // 2]
    return [replace(s, size=most) if abs(s.size - most) <= _UNEVEN * most else s for s in segments]
