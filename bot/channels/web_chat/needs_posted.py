"""A posted form of the needs pages: many fields, several values each, perhaps one file; cleaned, never interpreted."""

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
    file: PostedFile | None = None

    def one(self, name: str) -> str:
        """The first value of that name, "" where there is none."""
        return next(iter(self.values.get(name, ())), "")

    def close(self) -> None:
        if self.file is not None:
            self.file.content.close()


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
        request.headers, request.stream(), max_files=1, max_fields=FIELDS_MAX, max_part_size=limits.body_bytes
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
    """The form's words apart from its file; the parser lets at most one through."""
    values: dict[str, list[str]] = {}
    file: PostedFile | None = None
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            file = _file(value, limits)
        else:
            values.setdefault(name, []).append(value)
    return Posted(_cleaned(values), file)


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
