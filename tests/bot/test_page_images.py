"""Pages to look at: drawn in a walled child, kept by digest, and what cannot be drawn says so once."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import pytest

from bot import page_images
from bot.page_images import CrowdedError, NoPageError, PageImages
from rag.parsing import Reason, Refused
from rag.parsing.page_child import PIXELS, png
from rag.parsing.page_image import PNG, page_image
from tests.support.hostile_files import HOSTILE, lines, pdf


def size_of(picture: bytes) -> tuple[int, int]:
    assert picture.startswith(PNG)
    return struct.unpack(">II", picture[16:24])


def original(folder: Path, content: bytes, ending: str = ".pdf") -> str:
    digest = hashlib.sha256(content).hexdigest()
    folder.mkdir(exist_ok=True)
    (folder / f"{digest}{ending}").write_bytes(content)
    return digest


class Pen:
    """Draws one byte a page, and counts."""

    def __init__(self, refuse: Reason | None = None) -> None:
        self.drawn: list[int] = []
        self.refuse = refuse

    def __call__(self, path: Path, page: int) -> bytes:
        self.drawn.append(page)
        if self.refuse:
            raise Refused(self.refuse)
        return PNG + bytes([page])


def test_a_page_of_a_pdf_is_drawn_in_a_child_and_a_page_it_has_not_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(lines("第一条 甲。")))
    width, height = size_of(page_image(path, 1))
    assert 0 < width * height <= PIXELS
    with pytest.raises(Refused) as refused:
        page_image(path, 2)
    assert refused.value.reason is Reason.MISSING


@pytest.mark.parametrize("key", ["pdf: encrypted", "a program called pdf"])
def test_a_hostile_file_is_not_drawn_and_says_why(key: str, tmp_path: Path) -> None:
    path = tmp_path / HOSTILE[key].name
    path.write_bytes(HOSTILE[key].make())
    with pytest.raises(Refused):
        page_image(path, 1)


def test_other_formats_have_no_pages_to_look_at(tmp_path: Path) -> None:
    digest = original(tmp_path, b"words", ".txt")
    images = PageImages(tmp_path / "pages", tmp_path)
    assert not images.has_pages(digest)
    with pytest.raises(NoPageError):
        images.image(digest, 1)


def test_a_page_is_drawn_once_and_kept(tmp_path: Path) -> None:
    digest, pen = original(tmp_path, b"a file"), Pen()
    images = PageImages(tmp_path / "pages", tmp_path, pen)
    assert images.image(digest, 2) == images.image(digest, 2) == PNG + b"\x02"
    assert PageImages(tmp_path / "pages", tmp_path, pen).image(digest, 2) == PNG + b"\x02"
    assert pen.drawn == [2]


def test_what_cannot_be_drawn_is_tried_once(tmp_path: Path) -> None:
    digest, pen = original(tmp_path, b"a file"), Pen(Reason.OUT_OF_TIME)
    images = PageImages(tmp_path / "pages", tmp_path, pen)
    for _ in range(2):
        with pytest.raises(NoPageError) as refused:
            images.image(digest, 1)
        assert refused.value.reason is Reason.OUT_OF_TIME
    assert pen.drawn == [1]


@pytest.mark.parametrize("digest", ["../../etc/passwd", "", "0" * 63, "0" * 64, "0" * 64 + "\n"])
def test_only_the_digest_of_an_original_names_one(digest: str, tmp_path: Path) -> None:
    with pytest.raises(NoPageError):
        PageImages(tmp_path / "pages", tmp_path, Pen()).image(digest, 1)


def test_who_comes_when_all_places_are_taken_is_told_to_come_again(tmp_path: Path) -> None:
    digest = original(tmp_path, b"a file")
    with pytest.raises(CrowdedError):
        PageImages(tmp_path / "pages", tmp_path, Pen(), at_once=0, wait=0).image(digest, 1)


def test_the_oldest_pages_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_images, "MOST", 3)
    digest = original(tmp_path, b"a file")
    images = PageImages(tmp_path / "pages", tmp_path, Pen())
    for page in range(1, 6):
        images.image(digest, page)
    assert len(list((tmp_path / "pages").iterdir())) == 3


def test_a_picture_keeps_its_colours_and_drops_what_is_behind_them() -> None:
    import numpy as np

    grey, colours = np.zeros((2, 3), np.uint8), np.zeros((2, 3, 4), np.uint8)
    assert size_of(png(grey)) == size_of(png(colours)) == (3, 2)
