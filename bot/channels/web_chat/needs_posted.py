"""A posted form of the needs pages: many fields, several values each, files by field; cleaned, never interpreted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO
from urllib.parse import parse_qs

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from bot.channels.web_chat.body import MULTIPART
from bot.channels.web_chat.hygiene import UncleanError, clean
from bot.channels.web_chat.limits import Limits
from bot.channels.web_chat.refusals import DoorStatus, Refusal

URLENCODED = "application/x-www-form-urlencoded"
FIELDS_MAX = 500
FILES_MAX = 2
FILE, LICENCE = "file", "licence"
"""The attachment, and the picture of a licence to be read and not kept."""


@dataclass(frozen=True, slots=True)
class PostedFile:
    """A file as it came: in memory or in a nameless temporary file, which is gone when it is closed."""

    name: str
    size: int
    content: BinaryIO


@dataclass(frozen=True, slots=True)
class Posted:
    """Values by name, in their order. `close` gives a file's place back."""

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, PostedFile] = field(default_factory=dict)

    @property
    def file(self) -> PostedFile | None:
        """The attachment, where one came along."""
        return self.files.get(FILE)

    def one(self, name: str) -> str:
        """The first value of that name, "" where there is none."""
        return next(iter(self.values.get(name, ())), "")

    def close(self) -> None:
        for file in self.files.values():
            file.content.close()


async def read_posted(request: Request, limits: Limits) -> Posted:
    """The form of a request, urlencoded or multipart. A Refusal where it cannot be read."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == MULTIPART:
        return await _multipart(request, limits)
    if kind == URLENCODED:
        return Posted(_cleaned(_urlencoded(await request.body())))
    raise Refusal(DoorStatus.MEDIA_TYPE)


def _urlencoded(body: bytes) -> Mapping[str, Sequence[str]]:
    try:
        return parse_qs(body.decode("utf-8"), True, encoding="utf-8", errors="strict", max_num_fields=FIELDS_MAX)
    except ValueError as error:
        raise Refusal(DoorStatus.UNCLEAN) from error


async def _multipart(request: Request, limits: Limits) -> Posted:
    parser = MultiPartParser(
        request.headers, request.stream(), max_files=FILES_MAX, max_fields=FIELDS_MAX, max_part_size=limits.body_bytes
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError) as error:  # KeyError: a part without a name, a type without a boundary
        raise Refusal(DoorStatus.REFUSED) from error
    try:
        return _sorted(form, limits)
    except Refusal:
        await form.close()
        raise


def _sorted(form: FormData, limits: Limits) -> Posted:
    """The form's words apart from its files; one that stands in the page's licence field is no attachment."""
    values: dict[str, list[str]] = {}
    files: dict[str, PostedFile] = {}
    for name, value in form.multi_items():
        if not isinstance(value, UploadFile):
            values.setdefault(name, []).append(value)
        elif file := _file(value, limits):
            field_name = LICENCE if name == LICENCE else FILE
            if field_name in files:
                raise Refusal(DoorStatus.REFUSED)
            files[field_name] = file
    return Posted(_cleaned(values), files)


def _file(upload: UploadFile, limits: Limits) -> PostedFile | None:
    """A file field that was left empty comes as a file without name and content."""
    size = upload.size or 0
    if size > limits.file_bytes:
        raise Refusal(DoorStatus.FILE_TOO_LARGE, limit=limits.file_bytes // 2**20)
    if not size and not upload.filename:
        upload.file.close()
        return None
    return PostedFile(upload.filename or "", size, upload.file)


def _cleaned(values: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    """Without fuss: whoever fills in a form cannot see what a paste brought along."""
    try:
        return {name: [clean(value, lenient=True) for value in found] for name, found in values.items()}
    except UncleanError as error:
        raise Refusal(DoorStatus.UNCLEAN) from error
