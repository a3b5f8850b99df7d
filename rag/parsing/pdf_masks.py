"""What of the words under a picture can still be seen: a seal over a date is a ring of ink and nothing between it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pypdfium2 as pdf
import pypdfium2.raw as pdfium

from rag.parsing.pdf_objects import Area, Rect

_MOST = 40  # pictures of a page that are looked at; under further ones nothing is seen
_PIXELS = 4_000_000
_CLEAR, _SHARE = 128, 0.4  # of 255; of the character's place


class Masks:
    """The masks of the pictures of one page, drawn when words lie under them."""

    def __init__(self, page: pdf.PdfPage) -> None:
        self._page = page
        self._alphas: dict[int, Any] = {}

    def shows(self, area: Area, raw: Rect) -> bool:
        """Whether enough of a character can be seen through a picture drawn over it. Shapes are never seen through."""
        if area.handle is None:
            return False
        if area.order not in self._alphas:
            self._alphas[area.order] = self._alpha(area) if len(self._alphas) < _MOST else None
        alpha = self._alphas[area.order]
        piece = _piece(alpha, area.rect, raw) if alpha is not None else None
        return piece is not None and piece.size > 0 and float((piece < _CLEAR).mean()) >= _SHARE

    def _alpha(self, area: Area) -> Any:
        """Rows of opacity, 0 to 255, over the picture's rectangle; None for a picture without a mask."""
        left, bottom, right, top = area.rect
        if (right - left) * (top - bottom) > _PIXELS:
            return None
        with suppress(pdf.PdfiumError, ValueError):
            raw = pdfium.FPDFImageObj_GetRenderedBitmap(self._page.pdf.raw, self._page.raw, area.handle)
            if raw:
                pixels = pdf.PdfBitmap.from_raw(raw).to_numpy()
                return pixels[:, :, 3].copy() if pixels.ndim == 3 and pixels.shape[2] == 4 else None
        return None


def _piece(alpha: Any, rect: Rect, raw: Rect) -> Any:
    high, wide = alpha.shape
    across, down = wide / max(rect[2] - rect[0], 1), high / max(rect[3] - rect[1], 1)
    beside = 1.2 * (raw[2] - raw[0])  # a ring may hide one character of a line; a bar hides its neighbours too
    left, right = int((raw[0] - beside - rect[0]) * across), round((raw[2] + beside - rect[0]) * across)
    top, bottom = int((rect[3] - raw[3]) * down), round((rect[3] - raw[1]) * down)
    return alpha[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
