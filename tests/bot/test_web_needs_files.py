"""What a file is, by its bytes: the seven kinds that are taken, and why others are not."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.web_chat.needs_files import ENTRIES_MOST, MEDIA_TYPES, FileRefused, judge

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
JPG = b"\xff\xd8\xff\xe0\0\x10JFIF\0" + b"\0" * 40
MAIN = "application/vnd.openxmlformats-officedocument."
TYPES = {
    "docx": MAIN + "wordprocessingml.document.main+xml",
    "xlsx": MAIN + "spreadsheetml.sheet.main+xml",
    "pptx": MAIN + "presentationml.presentation.main+xml",
}


def office(kind: str = "docx", parts: Mapping[str, bytes] | None = None, types: str = "") -> bytes:
    """An Office document as far as its directory and its content types go."""
    listed = f'<?xml version="1.0"?><Types><Override ContentType="{types or TYPES[kind]}"/></Types>'
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", listed)
        for name, content in (parts or {"word/document.xml": b"<w/>"}).items():
            archive.writestr(name, content)
    return made.getvalue()


def why(content: bytes, name: str = "a.docx") -> str:
    with pytest.raises(FileRefused) as refused:
        judge(BytesIO(content), name)
    return refused.value.key


TAKEN = {
    "a.pdf": PDF,
    "a.png": PNG,
    "照片.JPEG": JPG,
    "a.jpg": JPG,
    "说明.txt": "反渗透膜说明，第一行\n第二行\t制表".encode(),
    "gbk.txt": "反渗透膜说明".encode("gb18030"),
    "bom.txt": "\ufeff说明".encode(),
    "a.docx": office("docx"),
    "a.xlsx": office("xlsx"),
    "a.pptx": office("pptx"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_these_are_taken_by_what_they_are(name: str) -> None:
    judged = judge(BytesIO(TAKEN[name]), name)
    assert judged.name == name
    ending = name.rpartition(".")[2].lower().replace("jpeg", "jpg")
    assert judged.media_type == MEDIA_TYPES[ending]


def test_a_name_without_an_ending_gets_the_right_one() -> None:
    assert judge(BytesIO(PDF), "技术方案").name == "技术方案.pdf"
    assert judge(BytesIO(PDF), "../../etc/passwd").name == "passwd.pdf"
    assert judge(BytesIO(PDF), "").name == "未命名.pdf"


REFUSED = {
    "empty": (b"", "a.txt"),
    "type": (b"MZ\x90\0" + b"\0" * 100, "a.exe"),
    "name": (b"<script>alert(1)</script>", "page.html"),
    "mismatch": (PDF, "a.docx"),
    "old_office": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "a.doc"),
    "damaged": (office()[:-30], "a.docx"),
    "macros": (office(parts={"word/vbaProject.bin": b"x"}), "a.docx"),
}


@pytest.mark.parametrize("key", REFUSED)
def test_these_are_refused_in_words(key: str) -> None:
    assert why(*REFUSED[key]) == key


def test_a_document_that_calls_itself_macro_free_but_is_typed_otherwise_is_refused() -> None:
    types = "application/vnd.ms-word.document.macroEnabled.main+xml"
    assert why(office(types=types)) == "macros"


def test_an_archive_that_is_no_office_document_is_refused() -> None:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert why(made.getvalue(), "a.zip") == "type"
    assert why(office(types="text/plain")) == "type"


def test_a_directory_of_too_many_entries_is_refused() -> None:
    assert why(office(parts={f"x/{n}": b"" for n in range(ENTRIES_MOST + 1)})) == "too_many_parts"


def test_a_directory_that_says_it_is_huge_is_refused_before_it_is_read() -> None:
    content = bytearray(office())
    at = content.rfind(b"PK\x05\x06")
    content[at + 12 : at + 16] = struct.pack("<I", 50 * 1024 * 1024)
    assert why(bytes(content)) == "too_many_parts"


def test_a_bomb_is_refused_unpacked() -> None:
    assert why(office(parts={"word/document.xml": b"a" * (30 * 1024 * 1024)})) == "too_many_parts"


def test_an_encrypted_part_is_refused() -> None:
    content = bytearray(office())
    at = content.find(b"PK\x01\x02")
    content[at + 8] |= 1
    assert why(bytes(content)) == "encrypted"


def test_a_type_list_with_a_doctype_is_refused() -> None:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("[Content_Types].xml", f'<!DOCTYPE x [<!ENTITY y "z">]><a>{TYPES["docx"]}</a>')
    assert why(made.getvalue()) == "damaged"


@given(st.binary(max_size=400), st.sampled_from([b"", b"PK\x03\x04", b"%PDF-", b"\xff\xd8\xff", office()[:120]]))
@settings(max_examples=150)
def test_no_bytes_make_it_fail_otherwise(content: bytes, head: bytes) -> None:
    try:
        judged = judge(BytesIO(head + content), "a")
    except FileRefused:
        return
    assert judged.media_type in MEDIA_TYPES.values()


@given(st.integers(0, 400), st.integers(0, 255))
@settings(max_examples=150)
def test_a_changed_byte_makes_a_document_at_most_refused(at: int, value: int) -> None:
    content = bytearray(office())
    content[at % len(content)] = value
    with suppress(FileRefused):
        judge(BytesIO(bytes(content)), "a.docx")
