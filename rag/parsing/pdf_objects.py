"""What is drawn on a page of a PDF besides words, in the order of drawing: lines for tables, what may cover words."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pypdfium2.raw as pdfium

Matrix = tuple[float, float, float, float, float, float]
Rect = tuple[float, float, float, float]  # left, bottom, right, top in the page's own coordinates
_IDENTITY: Matrix = (1, 0, 0, 1, 0, 0)
_DEPTH = 8  # of forms within forms
_OBJECTS = 200_000
_THIN = 3.0  # points; a filled shape no thicker is a line


@dataclass(frozen=True, slots=True)
class Area:
    """An opaque shape or picture: where, and its place in the order of drawing. `light` is a fill near white; `handle`
    is that of a picture, which may have a mask to be seen through (a seal)."""

    rect: Rect
    order: int
    light: bool
    image: bool
    handle: Any = None


@dataclass(frozen=True, slots=True)
class Ink:
    """How a text object is drawn."""

    order: int
    mode: int
    bold: bool
    marked: bool  # belongs to an optional layer
    clip: Rect | None  # outside it nothing of the words is drawn


@dataclass(slots=True)
class Drawn:
    """Of one page."""

    texts: dict[int, Ink] = field(default_factory=dict)
    areas: list[Area] = field(default_factory=list)
    rules: list[Rect] = field(default_factory=list)
    paths: int = 0
    images: float = 0  # the largest picture's share of the page


def drawn_on(page: Any, width: float, height: float) -> Drawn:
    """`page` is a raw FPDF_PAGE."""
    drawn = Drawn()
    for order, (handle, matrix) in enumerate(_objects(page)):
        if order > _OBJECTS:
            break
        kind = pdfium.FPDFPageObj_GetType(handle)
        if kind == pdfium.FPDF_PAGEOBJ_TEXT:
            drawn.texts[_address(handle)] = _ink(handle, order, matrix)
            continue
        rect = _bounds(handle, matrix)
        if rect is None:
            continue
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            share = (rect[2] - rect[0]) * (rect[3] - rect[1]) / max(width * height, 1)
            drawn.images = max(drawn.images, share)
            drawn.areas.append(Area(rect, order, False, True, handle))
        elif kind == pdfium.FPDF_PAGEOBJ_PATH:
            drawn.paths += 1
            _take_path(handle, rect, matrix, order, drawn)
    return drawn


def _objects(page: Any) -> Iterator[tuple[Any, Matrix]]:
    for number in range(pdfium.FPDFPage_CountObjects(page)):
        yield from _within(pdfium.FPDFPage_GetObject(page, number), _IDENTITY, 0)


def _within(handle: Any, matrix: Matrix, depth: int) -> Iterator[tuple[Any, Matrix]]:
    if not handle:
        return
    if pdfium.FPDFPageObj_GetType(handle) != pdfium.FPDF_PAGEOBJ_FORM:
        yield handle, matrix
        return
    if depth >= _DEPTH:
        return
    own = pdfium.FS_MATRIX()
    inner = matrix
    if pdfium.FPDFPageObj_GetMatrix(handle, own):
        inner = _times((own.a, own.b, own.c, own.d, own.e, own.f), matrix)
    for number in range(pdfium.FPDFFormObj_CountObjects(handle)):
        yield from _within(pdfium.FPDFFormObj_GetObject(handle, number), inner, depth + 1)


def _times(m: Matrix, n: Matrix) -> Matrix:
    a, b, c, d, e, f = m
    p, q, r, s, t, u = n
    return a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u


def _bounds(handle: Any, matrix: Matrix) -> Rect | None:
    sides = [ctypes.c_float() for _ in range(4)]
    if not pdfium.FPDFPageObj_GetBounds(handle, *sides):
        return None
    left, bottom, right, top = (side.value for side in sides)
    return _moved((left, bottom, right, top), matrix)


def _moved(rect: Rect, matrix: Matrix) -> Rect:
    if matrix == _IDENTITY:
        return rect
    a, b, c, d, e, f = matrix
    corners = [(rect[i], rect[j]) for i in (0, 2) for j in (1, 3)]
    xs = [a * x + c * y + e for x, y in corners]
    ys = [b * x + d * y + f for x, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _address(handle: Any) -> int:
    return ctypes.cast(handle, ctypes.c_void_p).value or 0


def _ink(handle: Any, order: int, matrix: Matrix) -> Ink:
    font = pdfium.FPDFTextObj_GetFont(handle)
    bold = bool(font) and pdfium.FPDFFont_GetWeight(font) >= 600
    marked = pdfium.FPDFPageObj_CountMarks(handle) > 0
    clip = _clip(handle) if matrix == _IDENTITY else None  # a form's clip is in the form's own coordinates
    return Ink(order, pdfium.FPDFTextObj_GetTextRenderMode(handle), bold, marked, clip)


def _clip(handle: Any) -> Rect | None:
    """The rectangle around what clips an object; None where nothing does."""
    path = pdfium.FPDFPageObj_GetClipPath(handle)
    found: Rect | None = None
    for number in range(max(pdfium.FPDFClipPath_CountPaths(path), 0)) if path else ():
        points = [
            _point(path, number, at) for at in range(min(pdfium.FPDFClipPath_CountPathSegments(path, number), 200))
        ]
        if not points:
            continue
        xs, ys = [x for x, _ in points], [y for _, y in points]
        around = (min(xs), min(ys), max(xs), max(ys))
        found = around if found is None else _overlap(found, around)
    return found


def _point(path: Any, number: int, at: int) -> tuple[float, float]:
    x, y = ctypes.c_float(), ctypes.c_float()
    pdfium.FPDFPathSegment_GetPoint(pdfium.FPDFClipPath_GetPathSegment(path, number, at), x, y)
    return x.value, y.value


def _overlap(one: Rect, other: Rect) -> Rect:
    return max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])


def _take_path(handle: Any, rect: Rect, matrix: Matrix, order: int, drawn: Drawn) -> None:
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(handle, fill, stroke)
    wide, high = rect[2] - rect[0], rect[3] - rect[1]
    if fill.value:
        colour = [ctypes.c_uint() for _ in range(4)]
        read = pdfium.FPDFPageObj_GetFillColor(handle, *colour)
        red, green, blue, alpha = (part.value for part in colour)
        if min(wide, high) <= _THIN:
            drawn.rules.append(rect)
        elif read and alpha > 200:
            drawn.areas.append(Area(rect, order, min(red, green, blue) > 200, False))
    if stroke.value:
        drawn.rules += _strokes(handle, matrix)


def _strokes(handle: Any, matrix: Matrix) -> Iterator[Rect]:
    """The straight pieces of a stroked path that run along an axis."""
    start = last = None
    for number in range(min(pdfium.FPDFPath_CountSegments(handle), 2_000)):
        segment = pdfium.FPDFPath_GetPathSegment(handle, number)
        x, y = ctypes.c_float(), ctypes.c_float()
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        point = _moved((x.value, y.value, x.value, y.value), matrix)[:2]
        kind = pdfium.FPDFPathSegment_GetType(segment)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            start = point
        elif kind == pdfium.FPDF_SEGMENT_LINETO and last is not None:
            yield from _along(last, point)
        if pdfium.FPDFPathSegment_GetClose(segment) and start is not None:
            yield from _along(point, start)
        last = point


def _along(one: tuple[float, ...], other: tuple[float, ...]) -> Iterator[Rect]:
    rect = min(one[0], other[0]), min(one[1], other[1]), max(one[0], other[0]), max(one[1], other[1])
    if min(rect[2] - rect[0], rect[3] - rect[1]) < 1 and max(rect[2] - rect[0], rect[3] - rect[1]) > 2:
        yield rect
