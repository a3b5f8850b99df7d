"""Bad input of every kind: cleaned, or refused with a sentence; never a trace, never a 5xx, nothing repeated."""

from __future__ import annotations

import json

import pytest

from bot.channels.web_chat.limits import Limits
from tests.bot.fakes_web import Door

JSON = {"Content-Type": "application/json"}
BODIES: dict[str, bytes] = {
    "nothing": b"",
    "not json": b"{",
    "json with a comma too many": b'{"text": "a",}',
    "two documents": b'{"text": "a"}{"text": "b"}',
    "bare words": b"text=hello",
    "null": b"null",
    "a list": b'["text"]',
    "a string": b'"text"',
    "a number": b"42",
    "not a number": b"NaN",
    "gb18030": '{"text": "您好"}'.encode("gb18030"),
    "broken utf-8": b'{"text": "\xe4\xbd"}',
    "overlong utf-8": b'{"text": "\xc0\xae"}',
    "a raw control character": b'{"text": "a\x01b"}',
    "a raw nul": b'{"text": "a\x00b"}',
    "too deep": b"[" * 30_000,
    "too deep in a field": b'{"text": ' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"}",
    "a huge integer": b'{"text": ' + b"9" * 6_000 + b"}",
    "no text": b"{}",
    "null text": b'{"text": null}',
    "a number for text": b'{"text": 5}',
    "a list for text": b'{"text": ["a"]}',
    "an object for text": b'{"text": {"$ne": ""}}',
    "true for text": b'{"text": true}',
    "an empty text": b'{"text": ""}',
    "white space": '{"text": " \\n\\t\u3000 "}'.encode(),
    "zero-width characters alone": '{"text": "\u200b\u200d\ufeff\u2060"}'.encode(),
    "a lone surrogate": b'{"text": "a\\ud800b"}',
    "an escaped nul": b'{"text": "a\\u0000b"}',
    "an escape sequence": b'{"text": "\\u001b[31mred"}',
    "a c1 control": b'{"text": "a\\u0090b"}',
    "a direction override": b'{"text": "a\\u202eb"}',
    "a direction isolate": b'{"text": "a\\u2066b"}',
    "text and choice": b'{"text": "a", "choice": "b"}',
    "a choice of no kind": b'{"choice": {}}',
    "a choice too long": json.dumps({"choice": "x" * 101}).encode(),
    "a text too long": json.dumps({"text": "x" * 20_001}).encode(),
    "a user too long": json.dumps({"text": "a", "user": "x" * 101}).encode(),
    "a user of no kind": b'{"text": "a", "user": 7}',
    "a user with a control": b'{"text": "a", "user": "x\\u0007"}',
    "a district too long": json.dumps({"text": "a", "district": "x" * 41}).encode(),
    "a district with a surrogate": b'{"text": "a", "district": "\\udfff"}',
    "a day in words": b'{"text": "a", "as_of": "soon"}',
    "a day that is none": b'{"text": "a", "as_of": "2025-02-30"}',
    "a day as a number": b'{"text": "a", "as_of": 1700000000}',
    "a day in full-width figures": '{"text": "a", "as_of": "２０２５-01-01"}'.encode(),
    "a day with a line feed": b'{"text": "a", "as_of": "2025-01-01\\n"}',
    "a day without hyphens": b'{"text": "a", "as_of": "20250101"}',
    "a moment for a day": b'{"text": "a", "as_of": "2025-01-01T00:00:00"}',
    "a key with spaces": b'{"text": "a", "id": "a b"}',
    "a key with a line feed": b'{"text": "a", "id": "ab\\n"}',
    "an empty key": b'{"text": "a", "id": ""}',
    "a key too long": json.dumps({"text": "a", "id": "x" * 101}).encode(),
}


@pytest.fixture(scope="module")
def door() -> Door:
    return Door(limits=Limits(session_per_minute=10_000, address_per_minute=10_000))


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_bad_body_is_refused_in_words(door: Door, body: bytes) -> None:
    asked = len(door.assistant.messages)
    for path in ("/api/chat", "/api/chat/stream"):
        response = door.client.post(path, content=body, headers=JSON)
        error = response.json()
        assert 400 <= response.status_code < 500
        assert error["status"].startswith("error_")
        assert error["text"].endswith(("。", "）"))
        assert "Traceback" not in response.text
        assert "pydantic" not in response.text
    assert len(door.assistant.messages) == asked


def test_what_was_sent_is_not_repeated(door: Door) -> None:
    body = {"text": "a", "as_of": "<img src=x>", "secret-field": "13800138000"}
    error = door.client.post("/api/chat", json=body).text
    assert "img" not in error
    assert "13800138000" not in error
    assert "as_of" in error


CLEANED = {
    "zero-width space": ("崂山\u200b区", "崂山区"),
    "byte order mark": ("\ufeff创业", "创业"),
    "soft hyphen": ("创\u00ad业", "创业"),
    "word joiner": ("创\u2060业", "创业"),
    "left-to-right mark": ("创业\u200e", "创业"),
    "tag characters": ("创业\U000e0041\U000e0042", "创业"),
    "variation selector": ("创\ufe0f业\U000e0100", "创业"),
    "hangul filler": ("创\u3164业", "创业"),
    "windows line feeds": ("一\r\n二\r三", "一\n二\n三"),
    "vertical tab and form feed": ("一\v二\f三", "一\n二\n三"),
    "line and paragraph separator": ("一\u2028二\u2029三", "一\n二\n三"),
    "tab": ("一\t二", "一 二"),
    "decomposed letters": ("cafe\u0301", "café"),
    "white space around": ("  创业\n ", "创业"),
}


@pytest.mark.parametrize(("sent", "asked"), CLEANED.values(), ids=CLEANED.keys())
def test_what_a_paste_brings_along_is_dropped_without_a_word(door: Door, sent: str, asked: str) -> None:
    assert door.client.post("/api/chat", json={"text": sent}).status_code == 200
    assert door.assistant.messages[-1].text == asked


def test_ordinary_text_is_left_as_it_is(door: Door) -> None:
    text = "《关于…的通知》（青人社规〔2025〕2号）“最高”50%？ 𠮷 😀 ﹏ ＜script＞"
    door.client.post("/api/chat", json={"text": text})
    assert door.assistant.messages[-1].text == text


FORMS: dict[str, bytes] = {
    "nothing": b"",
    "no fields": b"&&&",
    "empty": b"text=&id=",
    "not utf-8": b"text=%C4%E3",
    "raw bytes": b"text=\xc4\xe3",
    "a surrogate": b"text=%ED%A0%80",
    "too many fields": b"&".join(b"a%d=1" % number for number in range(50)),
    "an odd key": b"text=a&id=%3Cscript%3E",
    "both": b"text=a&choice=b",
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_a_bad_form_is_refused_on_a_page(door: Door, form: bytes) -> None:
    response = door.client.post("/", content=form, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert response.status_code in {400, 422}
    assert "text/html" in response.headers["content-type"]
    assert "<script>" not in response.text.replace('<script type="module"', "")


def test_a_form_with_unseen_characters_is_simply_cleaned(door: Door) -> None:
    response = door.client.post("/", data={"text": "创业\u202e补贴\x00怎么领"})
    assert response.status_code == 200
    assert door.assistant.messages[-1].text == "创业补贴怎么领"


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "text/plain", "application/json"])
def test_only_a_plain_form_is_taken_as_a_form(door: Door, kind: str) -> None:
    assert door.client.post("/", content=b"text=a", headers={"Content-Type": kind}).status_code == 415


ADDRESSES = [
    "/policies?level=%00&state=x&category=../../etc&place=%F0%9F%92%A9&q=%E4",
    "/policies?page=0", "/policies?page=-1", "/policies?page=99999999999999999999", "/policies?page=１",
    "/policies?q=" + "长" * 500,
    "/policies/qd-startup-2025?passage=x&start=-1&end=5", "/policies/qd-startup-2025?quote=" + "a" * 5_000,
    "/policies/qd-startup-2025?passage=%00&quote=%00%ED%A0%80",
    "/policies/qd-startup-2025?start=１&end=２&quote=x",
    "/?lang=xx", "/?lang=zh&lang=en",
]  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_odd_addresses_are_read_as_well_as_can_be(door: Door, address: str) -> None:
    assert door.client.get(address).status_code == 200


NOWHERE = [
    "/policies/..%2f..%2fetc%2fpasswd",
    "/policies/%00",
    "/policies/%ED%A0%80",
    "/static/../bot/web.py",
    "/static/x/..%2fpages.py",
    "/" + "a" * 8_000,
]


@pytest.mark.parametrize("address", NOWHERE)
def test_addresses_that_lead_nowhere_are_not_found(door: Door, address: str) -> None:
    response = door.client.get(address)
    assert response.status_code == 404
    assert "import" not in response.text


@pytest.mark.parametrize("label", ["%00", "a%E2%80%AEb", "x" * 101])
def test_a_bad_user_label_is_refused(door: Door, label: str) -> None:
    assert door.client.get(f"/api/history?user={label}").status_code == 422
