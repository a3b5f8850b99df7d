"""The HTTP API: the shape of a reply, who is who, choices and keys, history, district."""

from __future__ import annotations

import pytest

from tests.bot.fakes_web import RELEASE, Door


@pytest.fixture
def door() -> Door:
    return Door()


def test_an_answer_carries_every_field_that_was_promised(door: Door) -> None:
    reply = door.ask("创业补贴怎么领", user="demo")
    assert reply["status"] == "answered"
    assert {"status", "text", "claims", "citations", "nearest", "choices", "release", "form", "files"} <= reply.keys()
    assert reply["release"] == RELEASE
    assert reply["form"] is None
    assert reply["files"] == []


def test_a_citation_names_its_policy_and_how_sure_it_is(door: Door) -> None:
    city, district, _ = door.ask("创业补贴怎么领")["citations"]
    assert city["policy"] == "qd-startup-2025"
    assert city["provision"] == 1
    assert city["doc_no"] == "青人社规〔2025〕2号"
    assert city["policy_status"] == "现行有效"
    assert city["level"] == "city"
    assert city["judged"] == "2026-11-22"
    assert district["confidence"] == "medium"
    assert district["doc_no"] is None
    assert district["url"] is None


def test_every_claim_stands_on_a_quote_of_a_cited_passage(door: Door) -> None:
    reply = door.ask("创业补贴怎么领")
    cited = {citation["passage"]: citation["quote"] for citation in reply["citations"]}
    quotes = [quote for claim in reply["claims"] for quote in claim["quotes"]]
    assert len(quotes) == 3
    assert all(cited[quote["passage"]] == quote["quote"] for quote in quotes)


def test_a_refusal_shows_the_nearest_clauses_apart_from_citations(door: Door) -> None:
    reply = door.ask("火星移民有补助吗")
    assert reply["status"] == "unanswerable_not_found"
    assert reply["citations"] == []
    assert [near["policy"] for near in reply["nearest"]] == ["qd-startup-2022", "ls-startup-2024"]
    assert reply["nearest"][0]["successor"] == "qd-startup-2025"


def test_a_listing_says_that_it_is_one(door: Door) -> None:
    reply = door.ask("我这种公司能享受什么")
    assert reply["listing"] is True
    assert len(reply["nearest"]) == 3


def test_a_choice_goes_back_by_its_id(door: Door) -> None:
    choice = door.ask("在哪个区")["choices"][0]
    door.client.post("/api/chat", json={"choice": choice["id"]})
    message = door.assistant.messages[-1]
    assert (message.choice, message.text) == (choice["id"], None)


def test_the_message_carries_district_day_and_language(door: Door) -> None:
    door.client.post("/api/chat?lang=en", json={"text": "hello", "district": "崂山区", "as_of": "2023-05-01"})
    message = door.assistant.messages[-1]
    assert message.district == "崂山区"
    assert message.as_of is not None
    assert message.as_of.isoformat() == "2023-05-01"
    assert message.lang == "en"
    assert message.received_at.tzinfo is not None


def test_a_caller_without_a_cookie_is_given_one_and_keeps_the_account(door: Door) -> None:
    first = door.client.post("/api/chat", json={"text": "您好"})
    assert "HttpOnly" in first.headers["set-cookie"]
    assert "SameSite=Lax" in first.headers["set-cookie"]
    second = door.client.post("/api/chat", json={"text": "您好"})
    assert "set-cookie" not in second.headers
    assert len({message.account for message in door.assistant.messages}) == 1


def test_a_cookie_that_stands_for_nothing_is_replaced(door: Door) -> None:
    door.client.cookies.set("kc_session", "somebody-elses")
    response = door.client.post("/api/chat", json={"text": "您好"})
    assert "kc_session=token-1" in response.headers["set-cookie"]


def test_a_user_label_means_nobody_outside_its_own_session(door: Door) -> None:
    door.ask("创业补贴怎么领", user="alice")
    mine = door.client.get("/api/history", params={"user": "alice"}).json()
    stranger = door.visitor()
    stranger.post("/api/chat", json={"text": "您好", "user": "bob"})
    theirs = stranger.get("/api/history", params={"user": "alice"}).json()
    assert [turn["question"] for turn in mine["turns"]] == ["创业补贴怎么领"]
    assert theirs == {"turns": []}


def test_the_same_key_is_one_message_and_another_session_may_use_it_too(door: Door) -> None:
    for _ in range(2):
        door.ask("您好", id="k1")
    door.visitor().post("/api/chat", json={"text": "您好", "id": "k1"})
    same, again, other = [(message.account, message.id) for message in door.assistant.messages]
    assert same == again
    assert other[0] != same[0]


def test_without_a_key_every_message_is_a_new_one(door: Door) -> None:
    door.ask("您好")
    door.ask("您好")
    assert len({message.id for message in door.assistant.messages}) == 2


def test_history_comes_back_in_order_as_the_same_json(door: Door) -> None:
    replies = [door.ask("创业补贴怎么领", id="k1"), door.ask("火星", id="k2")]
    turns = door.client.get("/api/history").json()["turns"]
    assert [turn["question"] for turn in turns] == ["创业补贴怎么领", "火星"]
    assert [turn["id"] for turn in turns] == ["k1", "k2"]
    assert [turn["reply"] for turn in turns] == [{**reply, "id": None} for reply in replies]


def test_history_of_a_stranger_is_empty_and_opens_no_session(door: Door) -> None:
    response = door.client.get("/api/history")
    assert response.json() == {"turns": []}
    assert "set-cookie" not in response.headers
    assert door.sessions.accounts == {}


def test_a_forgotten_conversation_is_gone(door: Door) -> None:
    door.ask("创业补贴怎么领")
    assert door.client.delete("/api/history").status_code == 204
    assert door.client.get("/api/history").json() == {"turns": []}


def test_a_district_is_kept_until_it_is_taken_back(door: Door) -> None:
    assert door.client.put("/api/district", json={"district": "崂山区"}).json() == {"district": "崂山区"}
    assert door.client.get("/api/district").json() == {"district": "崂山区"}
    assert door.client.put("/api/district", json={"district": None}).json() == {"district": None}
    assert door.client.get("/api/district").json() == {"district": None}


def test_a_district_that_the_library_does_not_know_is_refused(door: Door) -> None:
    response = door.client.put("/api/district", json={"district": "浦东新区"})
    assert response.status_code == 422
    assert response.json()["status"] == "error_invalid_field"


@pytest.mark.parametrize(("text", "code", "status"), [("长" * 301, 422, "error_too_long"), ("您好", 200, "smalltalk")])
def test_a_reply_that_is_an_error_has_the_code_of_one(door: Door, text: str, code: int, status: str) -> None:
    response = door.client.post("/api/chat", json={"text": text})
    assert response.status_code == code
    assert response.json()["status"] == status


def test_a_fault_of_ours_is_told_with_a_reference_and_nothing_else(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    response = door.client.post("/api/chat", json={"text": "坏了 13800138000"})
    error = response.json()
    assert response.status_code == 500
    assert error["status"] == "error_internal"
    assert error["reference"] in error["text"]
    assert error["reference"] in caplog.text
    for secret in ("RuntimeError", "Traceback", "locked"):
        assert secret not in response.text
    assert "13800138000" not in caplog.text


def test_the_description_lists_every_route_of_the_api(door: Door) -> None:
    paths = door.client.get("/openapi.json").json()["paths"]
    chat = {"/api/chat", "/api/chat/stream", "/api/history", "/api/district", "/health", "/metrics"}
    assert chat | {"/api/files", "/api/notices", "/api/notices/seen"} == paths.keys()
    schema = paths["/api/chat"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/ChatReply"}
