"""Pages of the official files behind the published policies, with what was quoted marked on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from bot.channels.web_chat.marking import locate
from bot.channels.web_chat.ports import Sheet
from bot.corpus_drafts import Draft, Drafts, Read
from bot.page_images import NoPageError, PageImages
from rag.page_anchors import pages_said
from rag.parsing.models import Box
from rag.parsing.page_image import size_of
from rag.policies import Original, Policy

Mark = tuple[float, float, float, float]


class OriginalPages:
    """`taken_in` gives the draft of a file by its digest: where each of its lines is printed is known from there."""

    def __init__(self, images: PageImages, taken_in: Callable[[str], Draft | None]) -> None:
        self._images = images
        self._taken_in = taken_in

    @classmethod
    def of(cls, images: PageImages, drafts: Drafts) -> OriginalPages:
        return cls(images, drafts.of_file)

    def shown(self, policy: Policy | None) -> bool:
        """Whether pages of the policy's official file can be looked at here."""
        original = policy.original if policy else None
        return original is not None and self._images.has_pages(original.file)

    def sheet(self, policy: Policy, page: int, quote: str) -> Sheet | None:
        """The page with a quote marked. None where its text was not read from such a page. Raises CrowdedError."""
        original = policy.original
        pages = pages_said(original.pages) if original else ()
        if original is None or page not in pages:
            return None
        bare = Sheet(policy.id, policy.title, page, pages, self._images.has_pages(original.file), quoted=bool(quote))
        picture = self.image(original, page)
        if picture is None:
            return bare
        draft = self._taken_in(original.file) if quote else None
        marks = tuple(marks_of(draft.read, quote, page)) if draft else ()
        return Sheet(policy.id, policy.title, page, pages, bare.kept, size_of(picture), marks, bool(quote))

    def image(self, original: Original, page: int) -> bytes | None:
        try:
            return self._images.image(original.file, page)
        except NoPageError:
            return None


def marks_of(read: Read, quote: str, page: int) -> Iterator[Mark]:
    """Where the words of a quote are printed on a page, line by line; nothing where the file has no such words."""
    found = locate(read.text, quote)
    if found is None:
        return
    ends = [start for start, _, _ in read.places[1:]] + [len(read.text)]
    for (start, on, box), end in zip(read.places, ends, strict=True):
        if on == page and start < found[1] and end > found[0]:
            yield _part(box, _share(read.text, start, end, found))


def _share(text: str, start: int, end: int, found: tuple[int, int]) -> tuple[float, float]:
    """The part of a line that a span covers: from and to, in [0, 1]. A row of a table is marked whole."""
    words = text[start:end].rstrip()
    if words.startswith("|") or not words:
        return 0.0, 1.0
    inside = [min(max(at - start, 0), len(words)) for at in found]
    width = max(_wide(words), 1)
    return _wide(words[: inside[0]]) / width, _wide(words[: inside[1]]) / width


def _wide(words: str) -> float:
    """Widths as they are set: a Chinese character twice that of a letter."""
    return sum(1 if character.isascii() else 2 for character in words)


def _part(box: Box, share: Sequence[float]) -> Mark:
    left, top, right, bottom = box
    wide = right - left
    return round(left + share[0] * wide, 1), top, round((share[1] - share[0]) * wide, 1), round(bottom - top, 1)
