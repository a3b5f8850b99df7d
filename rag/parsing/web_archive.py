"""MHTML, a web page saved with its pictures in one file: the page in it is read, the rest is not opened."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message

from rag.parsing.drafts import Drafted
from rag.parsing.models import Limits, Reason, Refused
from rag.parsing.web_page import read_html


def read_archive(data: bytes, limits: Limits, _ocr_pages: int = 0) -> Drafted:
    """Raises Refused where there is no page in it, and as `read_html`."""
    for count, part in enumerate(message_from_bytes(data).walk()):
        if count > limits.parts:
            raise Refused(Reason.BOMB, f"more than {limits.parts} parts")
        if part.get_content_type() == "text/html" and (page := _content(part)).strip():
            return read_html(page, limits)
    raise Refused(Reason.NO_TEXT)


def _content(part: Message) -> bytes:
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""
