"""Broken, hostile and endless bodies at the needs pages: a sentence each time, never a fault, never beyond a limit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.web_chat.limits import Limits
from tests.bot.fakes_web import REFERENCES, Door
from tests.bot.test_web_needs import MANY, hidden, send
from tests.bot.test_web_needs_files import PDF

POSTS = [
    "/needs/form/technology",
    "/needs/form/talent",
    "/needs/form/none",
    "/needs/submit",
    "/needs/mine",
    f"/needs/case/{REFERENCES[0]}",
    "/needs/track",
    f"/needs/track/{REFERENCES[0]}",
    "/needs/privacy",
    "/needs/privacy/export",
    "/notices/seen",
    "/files",
    "/api/files",
]
MULTIPART = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
FILE = b'--b\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n%s\r\n'
END = b"--b--\r\n"
BODIES: dict[str, tuple[str, bytes]] = {
    "nothing": (MULTIPART, b""),
    "no boundary": ("multipart/form-data", PART % (b"_do", b"save") + END),
    "an empty boundary": ("multipart/form-data; boundary=", PART % (b"_do", b"save") + END),
    "another boundary": ("multipart/form-data; boundary=c", PART % (b"_do", b"save") + END),
    "no end": (MULTIPART, PART % (b"_do", b"save")),
    "half a part": (MULTIPART, b"--b\r\nContent-Disposition: form-data; na"),
    "a part without a name": (MULTIPART, b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n" + END),
    "a part without a disposition": (MULTIPART, b"--b\r\nX: y\r\n\r\nx\r\n" + END),
    "two files": (MULTIPART, FILE % (b"a.pdf", PDF) + FILE % (b"b.pdf", PDF) + END),
    "too many fields": (MULTIPART, b"".join(PART % (b"a%d" % n, b"x") for n in range(600)) + END),
    "bytes that are no text": (MULTIPART, PART % (b"title", b"\xff\xfe\x00") + END),
    "controls": (MULTIPART, PART % (b"title", b"a\x00b\x1bc") + END),
    "a field too large": (MULTIPART, PART % (b"title", b"x" * 70_000) + END),
    "headers without end": (MULTIPART, b"--b\r\n" + b"X-A: b\r\n" * 3_000 + b"\r\nx\r\n" + END),
    "an empty file name": (MULTIPART, FILE % (b"", b"x") + END),
    "a hostile file name": (MULTIPART, FILE % (b"../../../etc/passwd\x00.pdf", PDF) + END),
    "urlencoded rubbish": ("application/x-www-form-urlencoded", b"%ff%fe=%zz&&&==&_do=save"),
    "too many urlencoded": ("application/x-www-form-urlencoded", b"&".join(b"a=b" for _ in range(600))),
    "json": ("application/json", b'{"_do": "save"}'),
    "no type": ("", b"_do=save"),
    "a charset with half characters": (
        MULTIPART + "; charset=utf-7",
        PART % (b"title", b"+2AA-") + FILE % (b"a.pdf", PDF) + END,
    ),
    "a strange charset": (MULTIPART + "; charset=utf-7", PART % (b"title", b"+ADw-") + END),
}


@pytest.fixture(scope="module")
def door() -> Door:
    return Door(limits=MANY)


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("name", BODIES)
def test_a_bad_body_is_answered_in_words(door: Door, path: str, name: str) -> None:
    kind, body = BODIES[name]
    response = door.visitor().post(path, content=body, headers={"Content-Type": kind} if kind else {})
    assert response.status_code < 500, response.text
    assert "Traceback" not in response.text


NAMES = st.sampled_from(
    ["_do", "_rev", "_steps", "_draft", "title", "coop_modes", "uscc.way_out", "district", "zone", "privacy_consent"]
)
OTHER_NAMES = st.sampled_from(["text", "score", "ref", "code", "confirm", "id", "contact_phone", "deadline", "amount"])
VALUES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["yes", "no", "save", "check", "chat", "upload", "detach:", "detach:x", "erase", "withdraw", "reply"]
    ),
    st.sampled_from(["370212", "9" * 5_000, "-1", "1e400", "２０２６", "半年内", "title coop_modes privacy_consent"]),
)


@given(st.sampled_from(POSTS), st.lists(st.tuples(NAMES | OTHER_NAMES, VALUES), max_size=12))
@settings(max_examples=60)
def test_no_fields_make_a_page_fail(path: str, fields: list[tuple[str, str]]) -> None:
    door = Door(limits=MANY)
    send(door)
    data: dict[str, list[str]] = {}
    for name, value in fields:
        data.setdefault(name, []).append(value.encode("utf-8", "replace").decode())
    response = door.client.post(path, data=data)
    assert response.status_code < 500, response.text


@given(st.text(max_size=40))
@settings(max_examples=40)
def test_no_address_makes_a_page_fail(text: str) -> None:
    door = Door(limits=MANY)
    name = quote(text.encode("utf-8", "replace"), safe="") or "x"
    for path in ("form", "check", "receipt", "case", "track"):
        assert door.client.get(f"/needs/{path}/{name}").status_code < 500
    for path in ("track", "mine", "privacy", "form/technology"):
        assert door.client.get(f"/needs/{path}", params={"ref": text.encode("utf-8", "replace")}).status_code < 500
    assert door.client.get(f"/files/{name}").status_code < 500


async def _raw(door: Door, headers: list[tuple[bytes, bytes]], incoming: Any) -> tuple[list[Any], int]:
    """One upload by hand: what was sent back, and how many bytes were asked for."""
    sent: list[Any] = []
    taken = 0

    async def receive() -> Any:
        nonlocal taken
        message = await incoming()
        taken += len(message.get("body", b""))
        return message

    async def respond(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/api/files", "raw_path": b"/api/files", "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", MULTIPART.encode()), *headers], "root_path": "",
        "client": ("127.0.0.1", 1), "server": ("localhost", 80), "scheme": "http", "http_version": "1.1",
    }  # fmt: skip
    await door.app(scope, receive, respond)
    return sent, taken


def endless() -> Any:
    """A file that goes on and on, in parts of 64 kB."""

    def parts() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        while True:
            yield b"a" * 65_536

    coming = parts()

    async def more() -> Any:
        return {"type": "http.request", "body": next(coming), "more_body": True}

    return more


def test_an_upload_that_is_announced_as_too_large_is_refused_unread() -> None:
    async def never() -> Any:
        raise AssertionError("the body was read")

    door = Door(limits=Limits(drain_bytes=0))
    sent, taken = asyncio.run(_raw(door, [(b"content-length", b"99000000")], never))
    assert (sent[0]["status"], taken) == (413, 0)


def test_an_upload_without_a_length_is_read_to_its_limit_and_no_further() -> None:
    door = Door(limits=Limits(file_bytes=500_000, form_bytes=100_000, drain_bytes=0))
    sent, taken = asyncio.run(_raw(door, [(b"transfer-encoding", b"chunked")], endless()))
    assert sent[0]["status"] == 413
    assert taken <= 600_000 + 2 * 65_536
    assert door.needs.contents == {}


def test_what_is_refused_in_mid_upload_is_drained_within_bounds() -> None:
    door = Door(limits=Limits(file_bytes=500_000, form_bytes=100_000, drain_bytes=300_000))
    _, taken = asyncio.run(_raw(door, [(b"transfer-encoding", b"chunked")], endless()))
    assert taken <= 900_000 + 3 * 65_536


def test_an_upload_that_does_not_come_is_not_waited_for_without_end() -> None:
    async def stalled() -> Any:
        await asyncio.Event().wait()

    limits = Limits(upload_seconds=0.01, drain_seconds=0.01)
    sent, _ = asyncio.run(_raw(Door(limits=limits), [(b"content-length", b"5000")], stalled))
    assert sent[0]["status"] == 408


def test_a_caller_who_hangs_up_in_mid_upload_leaves_nothing() -> None:
    door = Door()
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nabc'
    parts = iter([{"type": "http.request", "body": head, "more_body": True}])

    async def cut() -> Any:
        return next(parts, {"type": "http.disconnect"})

    asyncio.run(_raw(door, [(b"content-length", b"4000")], cut))
    assert door.needs.contents == {}
    assert door.assistant.messages == []
    assert door.client.post("/api/files", files={"file": ("a.txt", b"abc")}).status_code == 200


def test_a_page_that_is_not_ours_names_no_step_of_another_form() -> None:
    door = Door(limits=MANY)
    page = door.client.get("/needs/form/brief").text
    steps = hidden(page, "_steps") + " no_state_secret content nonsense __class__"
    data = {"_steps": steps, "_rev": "", "no_state_secret": "yes", "nonsense": "x", "content": "想找专家看看污水处理"}
    assert door.client.post("/needs/form/brief", data=data).status_code == 303
    (draft,) = door.needs.kept.values()
    assert set(draft.answers) == {"content"}
