"""A picture of a 营业执照 sent where the organisation is asked: proposed, confirmed by the person, never kept."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.bootstrap import House
from bot.clock import FixedClock
from bot.commands.serve_needs import NeedsDesk
from bot.files import FileStoreError
from bot.licence_photos import LicencePhotos
from bot.messages import FileIn, Reply
from rag.parsing import Block, BlockKind, Parsed, Reason, Refused
from rag.parsing.scan import is_installed
from tests.support.houses import a_house
from tests.support.talking import CODE, Talker

NAME = "青岛海弘反渗透科技有限公司"
LICENCE = f"营业执照\n统一社会信用代码\n{CODE}\n名称 {NAME}"
JPEG = b"\xff\xd8\xff\xe0 picture"


def parsed(text: str) -> Parsed:
    blocks = tuple(Block(BlockKind.PARAGRAPH, line) for line in text.splitlines())
    return Parsed("", blocks, None, (), (), "test", "1", "0" * 64, "image/jpeg")


@pytest.fixture
def house(sqlite_engine: Engine, data_dir: Path, clock: FixedClock) -> Iterator[House]:
    made = a_house(data_dir, clock)
    yield made
    made.engine.dispose()


def reading(house: House, text: str | None) -> Talker:
    """Somebody who is asked for the organisation's name, where pictures are read as this text (None: refused)."""

    def parse(_path: Path) -> Parsed:
        if text is None:
            raise Refused(Reason.SCAN)
        return parsed(text)

    needs = house.needs()
    photos = LicencePhotos(needs.files, set, pictures=True, parse=parse)
    house.__dict__["_needs"] = replace(needs, licences=photos)  # where the house keeps what it wired
    talker = Talker(house)
    talker.tell_technology()
    talker.press("同意")
    assert talker.asked == "org_name"
    return talker


def send(talker: Talker, media_type: str = "image/jpeg", name: str = "照片.jpg") -> tuple[Reply, str]:
    stored = talker.house.needs().files.put([JPEG])
    return talker.say(file=FileIn(stored.digest, name, media_type, stored.size)), stored.digest


def test_name_and_code_are_offered_and_count_once_they_are_pressed(house: House) -> None:
    talker = reading(house, LICENCE)
    reply, _ = send(talker)
    assert NAME in reply.text
    assert CODE in reply.text
    assert "org_name" not in talker.draft.answers
    talker.press(next(label for label in talker.labels() if NAME in label))
    assert talker.draft.answers["org_name"].value == NAME
    assert "uscc" not in talker.draft.answers
    talker.press(next(label for label in talker.labels() if CODE in label))
    assert talker.draft.answers["uscc"].value == CODE


def test_the_picture_is_neither_kept_nor_attached(house: House) -> None:
    talker = reading(house, LICENCE)
    reply, digest = send(talker)
    assert "照片没有保存" in reply.text
    with pytest.raises(FileStoreError):
        house.needs().files.open(digest)
    assert house.needs().drafts.attached(talker.draft.id) == []


@pytest.mark.parametrize("text", ["会议纪要", None])
def test_a_picture_that_is_no_licence_is_said_to_be_unread_and_not_kept(house: House, text: str | None) -> None:
    talker = reading(house, text)
    reply, digest = send(talker)
    assert reply.status == "form_invalid"
    assert "没有从照片上认出" in reply.text
    assert talker.asked == "org_name"
    with pytest.raises(FileStoreError):
        house.needs().files.open(digest)


def test_a_pdf_that_is_no_licence_is_attached_like_any_other_file(house: House) -> None:
    talker = reading(house, "产品说明")
    reply, _ = send(talker, "application/pdf", "说明.pdf")
    assert "已收到附件" in reply.text
    assert [file.name for file in house.needs().drafts.attached(talker.draft.id)] == ["说明.pdf"]


def test_elsewhere_a_picture_is_an_attachment(house: House) -> None:
    talker = reading(house, LICENCE)
    talker.say(NAME)
    talker.say(CODE)
    send(talker)
    assert [file.name for file in house.needs().drafts.attached(talker.draft.id)] == ["照片.jpg"]


def test_a_picture_that_a_draft_names_already_stays_when_it_is_sent_as_a_licence(house: House) -> None:
    needs = house.needs()
    stored = needs.files.put([JPEG])
    LicencePhotos(needs.files, lambda _digests: set(), pictures=True).forget([stored.digest])
    needs.files.open(stored.digest).close()


def test_a_picture_that_was_looked_at_before_is_read_from_its_beginning(house: House) -> None:
    seen: list[bytes] = []

    def parse(path: Path) -> Parsed:
        seen.append(path.read_bytes())
        return parsed(LICENCE)

    content = io.BytesIO(JPEG)
    content.read()
    LicencePhotos(house.needs().files, set, pictures=True, parse=parse).read(content, "image/jpeg")
    assert seen == [JPEG]


def test_who_waits_for_others_pictures_too_long_is_told_it_was_not_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.licence_photos.WAIT_SECONDS", 0.01)
    held = threading.Lock()
    photos = LicencePhotos(house.needs().files, set, pictures=True, parse=lambda _path: parsed(LICENCE), _turn=held)
    with held:
        assert photos.read(io.BytesIO(JPEG), "image/jpeg") is None
    assert photos.read(io.BytesIO(JPEG), "image/jpeg") is not None


def test_the_web_form_offers_what_was_read_and_keeps_no_picture(house: House) -> None:
    talker = reading(house, LICENCE)
    desk = NeedsDesk(house.needs(), house.accounts())
    read = desk.read_licence(talker.draft, io.BytesIO(JPEG), "image/jpeg")
    assert read is not None
    offered = desk.offered(read)
    assert (offered["org_name"].value, offered["uscc"].value) == (NAME, CODE)
    assert "org_name" not in read.answers
    assert desk.read_licence(read, io.BytesIO(b"x"), "text/plain") is None


@pytest.mark.skipif(not is_installed(), reason="the OCR is an extra: make ocr")
def test_a_drawn_licence_is_read_through_the_ocr(house: House, tmp_path: Path) -> None:
    from tests.support.licence_picture import licence_picture

    photos = LicencePhotos(house.needs().files, set, pictures=True)
    found = photos.read(io.BytesIO(licence_picture(NAME, CODE, turned=2)), "image/jpeg")
    assert found is not None
    assert (found.name, found.code) == (NAME, CODE)
