"""All routes of the needs side of the web door. Start here: one line a page."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter

from bot.channels.web_chat.needs_case_pages import case_page_routes
from bot.channels.web_chat.needs_check_page import check_page_routes
from bot.channels.web_chat.needs_door import NeedsDoor
from bot.channels.web_chat.needs_form_page import form_page_routes
from bot.channels.web_chat.needs_notices import notice_routes
from bot.channels.web_chat.needs_privacy_page import privacy_routes
from bot.channels.web_chat.needs_track_page import track_routes
from bot.channels.web_chat.needs_upload import upload_routes


def needs_routes(door: NeedsDoor) -> Iterator[APIRouter]:
    yield form_page_routes(door)  # /needs, /needs/form/{kind}
    yield check_page_routes(door)  # /needs/check, /needs/submit, /needs/receipt
    yield case_page_routes(door)  # /needs/mine, /needs/case
    yield track_routes(door)  # /needs/track
    yield privacy_routes(door)  # /needs/privacy
    yield upload_routes(door)  # /api/files
    if door.notices is not None:
        yield notice_routes(door, door.notices)  # /api/notices
