"""The outermost layer: headers on every response, hosts, other sites' pages, methods, cookies, faults."""

from __future__ import annotations

import pytest

from bot.channels.web_chat.door import SECURITY_HEADERS
from tests.bot.fakes_web import Door

CSP = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; object-src 'none'"
REQUESTS = [
    ("GET", "/", 200),
    ("GET", "/policies", 200),
    ("GET", "/policies/qd-startup-2025", 200),
    ("GET", "/policies/none-such", 404),
    ("GET", "/fragments/policies/qd-startup-2025", 200),
    ("GET", "/docs", 200),
    ("GET", "/openapi.json", 200),
    ("GET", "/health", 200),
    ("GET", "/metrics", 200),
    ("GET", "/static/x/base.css", 200),
    ("GET", "/static/x/none.css", 404),
    ("GET", "/api/history", 200),
    ("GET", "/api/district", 200),
    ("GET", "/api/chat/stream?text=hi", 200),
    ("GET", "/api/chat", 405),
    ("POST", "/api/chat", 415),
    ("POST", "/new", 303),
    ("POST", "/api/files", 415),
    ("GET", "/api/notices", 200),
    ("POST", "/api/notices/seen", 415),
    ("GET", "/needs", 200),
    ("GET", "/needs/form/technology", 200),
    ("GET", "/needs/form/none", 404),
    ("POST", "/needs/form/technology", 415),
    ("GET", "/needs/check", 303),
    ("GET", "/needs/mine", 200),
    ("GET", "/needs/case/KC26-22222-2", 303),
    ("GET", "/needs/receipt/KC26-22222-2", 303),
    ("GET", "/needs/track", 200),
    ("POST", "/needs/track", 415),
    ("GET", "/needs/privacy", 200),
    ("DELETE", "/api/history", 204),
    ("GET", "/no/such/page", 404),
    ("HEAD", "/", 200),
    ("OPTIONS", "/api/chat", 405),
    ("TRACE", "/", 405),
]


@pytest.fixture(scope="module")
def door() -> Door:
    return Door()


@pytest.mark.parametrize(("method", "path", "code"), REQUESTS)
def test_every_response_carries_the_security_headers(door: Door, method: str, path: str, code: int) -> None:
    response = door.visitor().request(method, path)
    assert response.status_code == code
    assert response.headers["content-security-policy"] == CSP
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert SECURITY_HEADERS.keys() <= {name.title().replace("Csp", "CSP") for name in response.headers}
    assert "cache-control" in response.headers


def test_every_route_is_in_the_list_above(door: Door) -> None:
    known = {path.partition("?")[0] for _, path, _ in REQUESTS} | {"/district"}
    shapes = {"/policies/{policy:path}": "/policies/qd-startup-2025", "/static/{version}/{name}": "/static/x/base.css"}
    shapes["/fragments/policies/{policy:path}"] = "/fragments/policies/qd-startup-2025"
    for path in door.app.openapi()["paths"]:
        assert shapes.get(path, path) in known


def test_a_fault_carries_them_as_well(door: Door) -> None:
    response = door.visitor().post("/api/chat", json={"text": "坏了"})
    assert response.status_code == 500
    assert response.headers["content-security-policy"] == CSP


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "kc.example.cn", "kc.example.cn:8443"]
)
def test_our_own_hosts_are_answered(host: str) -> None:
    door = Door(hosts=["kc.example.cn"])
    assert door.client.get("/health", headers={"Host": host}).status_code == 200


OTHER_HOSTS = [
    "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "a@localhost", "localhost/x", "[",
    "localhost:port",
]  # fmt: skip


@pytest.mark.parametrize("host", OTHER_HOSTS)
def test_other_hosts_are_refused_in_words(door: Door, host: str) -> None:
    response = door.client.get("/health", headers={"Host": host})
    assert response.status_code == 400
    assert response.json()["status"] == "error_unknown_host"


@pytest.mark.parametrize(("host", "code"), [("192.0.2.7:8000", 200), ("[2001:db8::1]", 200), ("evil.example", 400)])
def test_a_server_that_listens_everywhere_is_met_under_its_addresses_only(host: str, code: int) -> None:
    door = Door(hosts=["0.0.0.0"])  # noqa: S104 (a setting, nothing listens)
    assert door.client.get("/health", headers={"Host": host}).status_code == code


def test_any_host_can_be_allowed() -> None:
    assert Door(hosts=["*"]).client.get("/health", headers={"Host": "10.1.2.3:8000"}).status_code == 200


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:9999"},
    {"Origin": "http://["},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/chat"), ("POST", "/"), ("POST", "/new"), ("POST", "/district"), ("PUT", "/api/district"),
     ("DELETE", "/api/history"), ("GET", "/api/chat/stream?text=a"), ("POST", "/api/chat/stream")],
)  # fmt: skip
def test_what_another_sites_page_sets_off_is_not_done(
    door: Door, headers: dict[str, str], method: str, path: str
) -> None:
    opened = len(door.sessions.accounts)
    response = door.visitor().request(method, path, headers={"Content-Type": "application/json", **headers})
    assert response.status_code == 403
    assert len(door.sessions.accounts) == opened
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin", "Origin": "null"}]
)
def test_our_own_page_and_callers_that_are_no_browser_are_served(door: Door, headers: dict[str, str]) -> None:
    assert door.client.post("/api/chat", json={"text": "您好"}, headers=headers).status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_only_json_is_taken_as_json(door: Door, kind: str) -> None:
    response = door.client.post("/api/chat", content=b'{"text": "a"}', headers={"Content-Type": kind})
    assert response.status_code == 415
    assert "application/json" in response.json()["text"]


def test_looking_around_opens_no_session(door: Door) -> None:
    visitor = door.visitor()
    opened = len(door.sessions.accounts)
    for path in ("/", "/policies", "/policies/qd-startup-2025", "/docs", "/health"):
        assert "set-cookie" not in visitor.get(path).headers
    assert len(door.sessions.accounts) == opened


def test_over_tls_the_cookie_is_secure_and_bound_to_the_host() -> None:
    door = Door(https=True)
    response = door.client.post("/api/chat", json={"text": "您好"})
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("__Host-kc_session=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert response.headers["strict-transport-security"].startswith("max-age=")
    assert "set-cookie" not in door.client.post("/api/chat", json={"text": "您好"}).headers


def test_a_head_request_has_headers_and_no_body(door: Door) -> None:
    response = door.client.head("/policies")
    assert response.status_code == 200
    assert response.text == ""


def test_faults_are_pages_for_people_and_json_for_programs(door: Door) -> None:
    page, program = door.client.get("/nope"), door.client.get("/api/nope")
    assert page.headers["content-type"].startswith("text/html")
    assert "没有找到这个页面" in page.text
    assert program.json() == {
        "status": "error_not_found",
        "text": "没有找到这个页面或政策，可能已移除或网址有误。",
        "reference": None,
        "retry_after": None,
    }


def test_a_fault_on_a_page_shows_its_reference(caplog: pytest.LogCaptureFixture) -> None:
    door = Door()

    def lost(name: str) -> None:
        raise OSError(f"no row for {name}")

    door.library.policy = lost  # type: ignore[assignment]  # a library whose disk is gone
    response = door.client.get("/fragments/policies/13800138000")
    assert response.status_code == 500
    reference = caplog.records[-1].getMessage().split()[1]
    assert reference in response.text
    assert "no row for 138" not in response.text + caplog.text
