"""Markup in a question, in an answer, in a policy: shown as typed, in every place it can get to."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from bot.channels.web_chat.layout import web_link
from bot.channels.web_chat.limits import Limits
from bot.channels.web_chat.ports import PolicyCard, PolicyPage, RelatedPolicy, Section
from rag.models import Category
from rag.policies import Application, Source
from tests.bot.fakes_web import CARDS, Door, FakeLibrary, events

PAYLOADS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert&#40;1&#41;</script>",
    "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    '"><script>alert(1)</script>',
    "'><script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "` onmouseover=alert(1) `",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    " javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "//evil.example/x",
    "http:evil.example",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</template><script>alert(1)</script>",
    "<!--<img src=x onerror=alert(1)>-->",
    "--><img src=x onerror=alert(1)>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<a href=javascript:alert(1)>政策</a>",
    "<form action=https://evil.example><input name=a>",
    "<meta http-equiv=refresh content=0;url=https://evil.example>",
    "<base href=https://evil.example>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>*{background:url(https://evil.example)}</style>",
    "<details open ontoggle=alert(1)>",
    "{{7*7}}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{x}}{% endfor %}",
    "${7*7}#{7*7}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#x3c;script&#x3e;alert(1)",
    "\\u003cscript\\u003ealert(1)",
    "＜script＞alert(1)＜/script＞",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "| <script>alert(1)</script> | <img src=x onerror=alert(1)> |",
    "<mark>1万元</mark><b onclick=alert(1)>2025年</b>",
]
HARMLESS_SCRIPTS = ("/static/",)


class Reading(HTMLParser):
    """What a browser would make of a page: the elements and attributes that could act, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.acting: list[str] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in {"iframe", "object", "embed", "base", "style", "math", "body onload"}:
            self.acting.append(tag)
        if tag == "script" and not given.get("src", "").startswith(HARMLESS_SCRIPTS):
            self.acting.append(tag)
        if tag == "meta" and "http-equiv" in given:
            self.acting.append(tag)
        self.acting += [f"{tag} {name}" for name in given if name.startswith("on") or name == "style"]
        for name in ("href", "src", "action", "formaction"):
            if name in given and not _leads_home(given[name]):
                self.acting.append(f"{tag} {name}={given[name]}")

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @property
    def all_text(self) -> str:
        return "".join(self.text)


def _leads_home(address: str) -> bool:
    return (address.startswith(("/", "?", "#")) and not address.startswith("//")) or address.startswith(
        ("http://hrss.qingdao.gov.cn/", "https://ok.example/")
    )


@pytest.fixture(scope="module")
def door() -> Door:
    return Door(limits=Limits(session_per_minute=10_000, address_per_minute=10_000))


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_reply_made_of_markup_is_shown_as_text(door: Door, payload: str) -> None:
    said = f"ECHO {payload}"
    told = dict(events(door.client.post("/api/chat/stream?html=true", json={"text": said}).text))
    reading = Reading(told["turn"]["html"])
    assert reading.acting == []
    assert squeezed(told["answer"]["citations"][0]["quote"]) == squeezed(said)
    shown = "".join(squeezed(cell) for cell in said.split("|")) if said.startswith("|") else squeezed(said)
    assert shown in squeezed(reading.all_text)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_whole_page_shows_the_record_and_the_form_as_text(door: Door, payload: str) -> None:
    visitor = door.visitor()
    asked = visitor.post("/", data={"text": f"ECHO {payload}", "id": "k"})
    again = visitor.get("/")
    for page in (asked, again):
        assert page.status_code == 200
        assert Reading(page.text).acting == []
    assert squeezed(payload) in squeezed(Reading(again.text).all_text)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_json_is_never_sent_as_a_page(door: Door, payload: str) -> None:
    fields = {"text": f"ECHO {payload}", "user": payload, "district": payload, "choice": None}
    response = door.client.post("/api/chat", json=fields)
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("payload", PAYLOADS)
def test_addresses_made_of_markup_are_shown_as_text(door: Door, payload: str) -> None:
    for path in (
        "/policies",
        "/policies/qd-startup-2025",
        "/changes/qd-startup-2025",
        "/fragments/policies/qd-startup-2025",
        "/docs",
        "/",
    ):
        names = ("q", "level", "place", "category", "state", "page", "quote", "passage", "start", "end", "lang")
        response = door.client.get(path, params=dict.fromkeys(names, payload))
        assert response.status_code == 200
        assert Reading(response.text).acting == []
    missing = door.client.get("/policies/" + payload.replace("\n", ""))
    assert missing.status_code in {404, 200}
    assert Reading(missing.text).acting == []


class HostileLibrary(FakeLibrary):
    """Every text of its one policy is markup."""

    def __init__(self, payload: str) -> None:
        card = PolicyCard(
            payload, payload, payload, payload, CARDS[0].level, payload, (Category.TALENT,), CARDS[0].state,
            payload, payload, "medium",
        )  # fmt: skip
        super().__init__([card])
        self.payload = payload

    def policy(self, id: str) -> PolicyPage | None:  # noqa: A002 (the port's word)
        text = self.payload
        sections = (
            Section(text, text, text, text, text, "article", "high", 1),
            Section("row", text, "", f"{text}｜{text}", f"| {text} | 1 |", "row", "medium", 2),
        )
        source = Source(title="s", kind="k", coverage="full", official=True, url="https://ok.example/a")
        sources = (source.model_copy(update={"title": text, "url": text}), source)
        return PolicyPage(
            self.cards[0], sections, sources, (RelatedPolicy(text, text, text),),
            Application().model_copy(update={"where": text, "window": text, "materials": (text,)}),
            text, None, None, text, text,
        )  # fmt: skip

    def places(self) -> list[str]:
        return [self.payload]

    def examples(self) -> dict[str, list[str]]:
        return {"science": [self.payload], self.payload: [self.payload]}


@pytest.fixture(scope="module")
def hostile() -> Door:
    return Door(library=HostileLibrary(""), contact="")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_policy_made_of_markup_is_shown_as_text(hostile: Door, payload: str) -> None:
    hostile.library.__init__(payload)  # type: ignore[misc]  # the same app over the next policy
    for path in (
        "/",
        "/policies",
        "/policies/x",
        "/changes/x",
        "/policies/x?passage=row",
        "/fragments/policies/x?quote=alert",
    ):
        page = hostile.client.get(path)
        assert page.status_code == 200
        reading = Reading(page.text)
        assert reading.acting == []
        if path != "/" or "\n" not in payload:
            assert squeezed(payload) in squeezed(reading.all_text)


def test_a_link_is_made_of_web_addresses_only(door: Door) -> None:
    assert [payload for payload in PAYLOADS if web_link(payload)] == []
    assert web_link("https://ok.example/a") == "https://ok.example/a"
    assert web_link("http://[") is None


def test_the_reading_sees_what_it_should() -> None:
    acted = [payload for payload in PAYLOADS if payload.startswith(("<script", "<img", "<svg on", "<base", "<a href"))]
    assert all(Reading(payload).acting for payload in acted)
