"""A private chat on Telegram, over real HTTP: questions, clauses, forms, contacts, files, albums, odd contents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.channels.telegram_bot.store.tables import telegram_outgoing, telegram_updates
from bot.clock import FixedClock
from bot.messages import Message, Reply
from db.engine import reading
from tests.support.bot_api import Posted
from tests.support.telegram_rig import Rig, rig

QUESTION = "首次认定高新技术企业奖励多少钱"
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
JPG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x00" * 64


@pytest.fixture
def telegram(data_dir: Path, clock: FixedClock) -> Iterator[Rig]:
    with rig(data_dir, clock) as made:
        yield made


def last(telegram: Rig, user: int = 7) -> Posted:
    return telegram.api.to(user)[-1]


def to_the_phone(telegram: Rig, user: int = 7) -> Posted:
    """Fill in 简要登记 up to the step that asks for a number; the message that asks."""
    telegram.say("/brief", user)
    telegram.say("我们做海洋传感器，想找高校一起攻关耐腐蚀涂层，盐雾试验要超过1000小时", user)
    telegram.press(last(telegram, user), "崂山区")
    telegram.press(last(telegram, user), "同意")
    return telegram.say("张工", user)[0]


def to_the_card(telegram: Rig, user: int = 7) -> Posted:
    to_the_phone(telegram, user)
    telegram.say("13800138000", user)
    return until_the_card(telegram, user)


def until_the_card(telegram: Rig, user: int = 7) -> Posted:
    for _ in range(6):
        card = last(telegram, user)
        if any("提交" in label for label in card.labels):
            return card
        chosen = next(label for label in card.labels if label not in ("上一步", "暂存"))
        telegram.press(card, chosen)
    raise AssertionError(last(telegram, user).text)


def submitted(telegram: Rig, user: int = 7) -> Posted:
    """Submit the brief need; the receipt."""
    card = to_the_card(telegram, user)
    for _ in range(6):
        if telegram.house.needs().cases.find():
            return last(telegram, user)
        waiting = next((label for label in card.labels if label.startswith(("仅", "对接", "我承诺", "承诺"))), "提交")
        telegram.press(card, waiting)
        card = last(telegram, user)
    raise AssertionError(card.text)


# Questions and clauses


def test_an_answer_quotes_its_clauses_and_each_opens_by_a_button(telegram: Rig) -> None:
    (answer,) = telegram.say(QUESTION)
    assert answer.html is not None
    assert "<b>《青岛市高新技术企业培育若干措施》" in answer.html
    assert "<blockquote>" in answer.html
    assert "10万元" in answer.text
    assert '<a href="https://www.qingdao.gov.cn/qd-hitech-2025">' in answer.html
    (clause,) = telegram.press(answer, "条款1")
    assert "10万元" in clause.text
    assert clause.html is not None
    assert "<blockquote>" in clause.html


def test_the_clause_links_to_its_page_where_the_site_has_an_address(data_dir: Path, clock: FixedClock) -> None:
    with rig(data_dir, clock, public_url="https://kc.example.cn/") as telegram:
        (answer,) = telegram.say(QUESTION)
        (clause,) = telegram.press(answer, "条款1")
        (url,) = [button["url"] for row in clause.keyboard for button in row]
        assert url.startswith("https://kc.example.cn/policies/qd-hitech-2025?passage=")
        (welcome,) = telegram.say("/start")
        assert {"text": "打开网页版", "url": "https://kc.example.cn/"} in [b for row in welcome.keyboard for b in row]


def test_callback_data_says_nothing_and_fits(telegram: Rig) -> None:
    (answer,) = telegram.say(QUESTION)
    data = [button["callback_data"] for row in answer.keyboard for button in row if "callback_data" in button]
    assert data
    assert all(len(each.encode()) <= 64 and "qd-hitech" not in each for each in data)


def test_what_was_said_is_wiped_once_it_is_answered(telegram: Rig) -> None:
    telegram.say(QUESTION)
    with reading(telegram.house.engine) as connection:
        assert {row.raw for row in connection.execute(select(telegram_updates))} == {""}
        assert {row.payload for row in connection.execute(select(telegram_outgoing))} == {None}


def test_the_same_update_three_times_is_answered_once(telegram: Rig) -> None:
    update = {"update_id": 5, "message": telegram.api.message(QUESTION)}
    for _ in range(3):
        telegram.send(7, update)
    assert len(telegram.api.to(7)) == 1
    twice = {"update_id": 6, "message": update["message"]}  # the same message under another update id
    assert telegram.send(7, twice) == []


def test_a_slow_answer_is_announced_and_written_over_the_note(telegram: Rig) -> None:
    talk = telegram.door._hall.talk  # what answers is slowed down; all else is as it is
    stages: list[str] = []

    def slow(message: Message, on_stage: Callable[[str], None] | None = None) -> Reply:
        posted = len(telegram.api.posted)

        def noted() -> bool:
            telegram.loop.call_soon_threadsafe(telegram.time.advance, 0.5)
            return len(telegram.api.posted) > posted

        telegram.api.wait(noted)
        assert telegram.api.made("sendChatAction")
        stages.append(telegram.api.posted[-1].text)
        assert on_stage is not None
        on_stage("verifying")
        telegram.api.wait(lambda: telegram.api.posted[-1].history)
        stages.append(telegram.api.posted[-1].text)
        return talk.handle(message)

    class Slow:
        handle = staticmethod(slow)
        district = staticmethod(talk.district)
        set_district = staticmethod(talk.set_district)

    object.__setattr__(telegram.door._hall, "talk", Slow())
    (answer,) = telegram.say(QUESTION)
    assert stages == ["正在检索政策…", "正在核对引文…"]
    assert "10万元" in answer.text
    assert len(telegram.api.to(7)) == 1


def test_a_quick_answer_is_not_announced(telegram: Rig) -> None:
    telegram.say(QUESTION)
    assert telegram.api.made("sendChatAction") == []
    assert len(telegram.api.made("sendMessage")) == 1


def test_markup_that_telegram_refuses_is_sent_as_plain_text(telegram: Rig) -> None:
    telegram.api.fault("sendMessage", 400, description="Bad Request: can't parse entities: odd")
    (answer,) = telegram.say(QUESTION)
    assert "10万元" in answer.text
    assert answer.html is None
    assert answer.keyboard


def test_who_writes_english_is_spoken_to_in_english(telegram: Rig) -> None:
    (welcome,) = telegram.send(8, {"message": telegram.api.message("/start", 8, lang="en")})
    assert welcome.text.startswith("Hello!")
    telegram.send(8, {"message": telegram.api.message("你好", 8, lang="en")})
    (welcome,) = telegram.send(8, {"message": telegram.api.message("/start", 8, lang="en")})
    assert welcome.text.startswith("您好")


# Commands and links


def test_the_command_menu_is_there_in_both_languages(telegram: Rig) -> None:
    telegram.round()
    names = ["start", "ask", "need", "my", "brief", "district", "help", "privacy"]
    assert telegram.api.commands == {"": names, "en": names}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("/start", "提交需求"),
        ("/help", "/brief 简要登记"),
        ("/need", "请选择要办的事"),
        ("/my", "还没有"),
        ("/brief", "简要登记"),
        ("/ask", "请直接写下您的问题"),
        (f"/ask {QUESTION}", "10万元"),
        ("/district", "您在哪个区"),
        ("/district 崂山", "崂山区"),
        ("/district 火星", "没有认出"),
        ("/privacy", "个人信息处理告知书"),
        ("/start need_technology", "技术需求"),
        ("/start case_KC26-7K2M9-4", "KC26-7K2M9-4"),
        ("/start anything_else", "提交需求"),
        ("/human", "12345"),
    ],
)
def test_a_command_or_a_link_is_understood(telegram: Rig, said: str, expected: str) -> None:
    posted = telegram.say(said)
    assert expected in "".join(message.text for message in posted)


def test_a_district_is_chosen_by_a_button_and_cleared(telegram: Rig) -> None:
    (asked,) = telegram.say("/district")
    telegram.press(asked, "城阳区")
    account = telegram.house.accounts().of("telegram", "7").id
    assert telegram.house.conversation().district(account) == "城阳区"
    (asked,) = telegram.say("/district")
    assert "城阳区" in asked.text
    telegram.press(asked, "不限区市")
    assert telegram.house.conversation().district(account) is None


def test_where_needs_are_not_taken_in_only_questions_are_offered(data_dir: Path, clock: FixedClock) -> None:
    with rig(data_dir, clock, needs=False) as telegram:
        (welcome,) = telegram.say("/start")
        assert welcome.labels == ["所在区市"]
        assert "提交需求" not in welcome.text
        assert telegram.api.commands[""] == ["start", "ask", "district", "help"]
        (answer,) = telegram.say(QUESTION)
        assert "10万元" in answer.text
        (said,) = telegram.say(None, photo=[{"file_id": "x", "width": 1, "height": 1}])
        assert "附件" in said.text
        (pressed,) = telegram.press(answer, "条款1", data="gone.0")
        assert "失效" in pressed.text


# Forms


def test_a_form_is_filled_in_and_submitted_once(telegram: Rig) -> None:
    receipt = submitted(telegram)
    (case,) = telegram.house.needs().cases.find()
    assert case.reference in receipt.text
    assert case.channel == "telegram"
    before = len(telegram.api.to(7))
    telegram.press(receipt, "", data=_data_of(telegram, "提交"))
    assert len(telegram.house.needs().cases.find()) == 1
    assert case.reference in telegram.api.to(7)[before].text


def _data_of(telegram: Rig, label: str) -> str:
    """The callback data a button had that was pressed before."""
    for call in reversed(telegram.api.calls):
        for row in _keyboard(call.parameters.get("reply_markup", "")):
            for button in row:
                if label in button["text"] and "callback_data" in button and button["callback_data"] != "done":
                    return str(button["callback_data"])
    raise AssertionError(label)


def _keyboard(markup: str) -> list[list[dict[str, str]]]:
    import json

    return list(json.loads(markup or "{}").get("inline_keyboard", []))


def test_a_chosen_button_is_ticked_and_the_others_go(telegram: Rig) -> None:
    telegram.say("/brief")
    telegram.say("我们想找海洋工程方面的专家，看看传感器封装的问题，希望到现场来")
    asked = last(telegram)
    telegram.press(asked, "崂山区")
    assert asked.labels == ["✓ 崂山区"]


def test_ticks_of_a_multiple_choice_change_in_place(telegram: Rig) -> None:
    telegram.say("/start need_technology")
    telegram.press(last(telegram), "一项一项填")
    for _ in range(8):
        awaits = telegram.door.chats.get(7).awaits
        if awaits == "multi":
            break
        if awaits == "choice":
            telegram.press(last(telegram), last(telegram).labels[0])
        else:
            telegram.say(
                "海洋传感器外壳在盐雾环境下3个月就腐蚀，希望涂层耐盐雾超过1000小时，成本不超过每件20元，2027年6月前完成样机"
            )
    asked, count = last(telegram), len(telegram.api.to(7))
    chosen = asked.labels[0]
    telegram.press(asked, chosen)
    assert len(telegram.api.to(7)) == count
    assert chosen in asked.labels[0]
    assert asked.labels[0] != chosen


def test_a_stale_button_shows_the_step_at_hand(telegram: Rig) -> None:
    telegram.say("/brief")
    telegram.say("我们想找海洋工程方面的专家，看看传感器封装的问题，希望到现场来")
    asked = last(telegram)
    data = asked.data("崂山区")
    telegram.press(asked, "崂山区")
    (again,) = telegram.press(asked, "", data=data)
    assert "同意" in again.labels
    assert telegram.house.needs().drafts.active(person(telegram)) is not None


def person(telegram: Rig, user: int = 7) -> str:
    return telegram.house.accounts().of("telegram", str(user)).person


def test_somebody_elses_button_does_nothing_of_theirs(telegram: Rig) -> None:
    telegram.say("/brief")
    telegram.say("我们想找海洋工程方面的专家，看看传感器封装的问题，希望到现场来")
    asked = last(telegram)
    telegram.api.press(asked, "崂山区", user=8)  # pressed by another in the same chat
    telegram.round()
    assert telegram.api.answered[-1][1] == "这个按钮不是给您的。"
    draft = telegram.house.needs().drafts.active(person(telegram))
    assert draft is not None
    assert "district" not in draft.answers
    other = telegram.say("/start", 8)[0]
    (said,) = telegram.press(other, "", data=asked.data("崂山区"))  # in another chat
    assert "district" not in (telegram.house.needs().drafts.active(person(telegram)) or draft).answers
    assert "请选择要办的事" in said.text


def test_buttons_live_through_a_restart(telegram: Rig) -> None:
    telegram.say("/brief")
    telegram.say("我们想找海洋工程方面的专家，看看传感器封装的问题，希望到现场来")
    telegram.restart()
    telegram.press(last(telegram), "崂山区")
    assert "同意" in last(telegram).labels


def test_an_old_query_that_cannot_be_acknowledged_is_answered_all_the_same(telegram: Rig) -> None:
    (welcome,) = telegram.say("/start")
    telegram.api.fault("answerCallbackQuery", 400, description="Bad Request: query is too old")
    (menu,) = telegram.press(welcome, "提交需求")
    assert "请选择要办的事" in menu.text


# Contacts


def test_a_number_is_asked_for_with_a_button_that_shares_it(telegram: Rig) -> None:
    asked = to_the_phone(telegram)
    assert "电话" in asked.text
    hint = last(telegram)
    assert hint.markup["keyboard"] == [[{"text": "分享我的手机号", "request_contact": True}]]
    contact = {"phone_number": "+8613800138000", "first_name": "张", "user_id": 7}
    posted = telegram.say(None, contact=contact)
    assert posted[0].markup.get("remove_keyboard") is True
    draft = telegram.house.needs().drafts.active(person(telegram))
    assert draft is not None
    assert "contact_phone" in draft.answers


@pytest.mark.parametrize("whose", [{"user_id": 8}, {}])
def test_somebody_elses_contact_is_not_taken(telegram: Rig, whose: dict[str, int]) -> None:
    to_the_phone(telegram)
    telegram.say(None, contact={"phone_number": "+8613900139000", "first_name": "李", **whose})
    draft = telegram.house.needs().drafts.active(person(telegram))
    assert draft is not None
    assert "contact_phone" not in draft.answers


def test_the_contact_button_goes_when_the_number_is_typed(telegram: Rig) -> None:
    to_the_phone(telegram)
    posted = telegram.say("13800138000")
    assert posted[0].markup.get("remove_keyboard") is True
    assert posted[0].text == "好的。"
    assert posted[1].keyboard


# Files


def test_a_file_is_kept_at_any_step_and_the_question_stands(telegram: Rig) -> None:
    telegram.say("/brief")
    document = {"file_id": telegram.api.keep_file(PDF), "file_name": "方案.pdf", "file_size": len(PDF)}
    (said,) = telegram.say(None, document=document)
    assert "方案.pdf" in said.text
    draft = telegram.house.needs().drafts.active(person(telegram))
    assert draft is not None
    (kept,) = telegram.house.needs().drafts.attached(draft.id)
    assert (kept.name, kept.media_type, kept.size) == ("方案.pdf", "application/pdf", len(PDF))
    with telegram.house.needs().files.open(kept.digest) as content:
        assert content.read() == PDF


def test_a_photo_is_kept_under_a_name_of_its_type(telegram: Rig) -> None:
    telegram.say("/brief")
    sizes = [
        {"file_id": "small", "width": 90, "height": 90, "file_size": 10},
        {"file_id": telegram.api.keep_file(JPG), "width": 900, "height": 900, "file_size": len(JPG)},
    ]
    telegram.say(None, photo=sizes)
    draft = telegram.house.needs().drafts.active(person(telegram))
    assert draft is not None
    assert [each.media_type for each in telegram.house.needs().drafts.attached(draft.id)] == ["image/jpeg"]


@pytest.mark.parametrize(
    ("content", "document", "expected"),
    [
        (b"", {"file_name": "a.pdf", "file_size": 11 * 1024 * 1024}, "超过 10 MB"),
        (b"", {"file_name": "a.pdf", "file_size": 0}, "是空的"),
        (b"MZ\x90\x00" + b"\x00" * 100, {"file_name": "a.exe", "file_size": 104}, "类型不能保存"),
        (b"MZ\x90\x00" + b"\x00" * 100, {"file_name": "a.pdf", "file_size": 104}, "类型不能保存"),
        (b"PK\x03\x04" + b"\x00" * 100, {"file_name": "a.docx", "file_size": 104}, "打不开"),
        (b"x" * (10 * 1024 * 1024 + 1), {"file_name": "a.txt"}, "超过 10 MB"),
        (None, {"file_name": "a.pdf", "file_size": 10}, "请再发一次"),
    ],
)
def test_a_file_that_cannot_be_kept_is_refused_in_words(
    telegram: Rig, content: bytes | None, document: dict[str, object], expected: str
) -> None:
    telegram.say("/brief")
    name = telegram.api.keep_file(content) if content is not None else "no such file"
    (said,) = telegram.say(None, document={"file_id": name, **document})
    assert expected in said.text
    assert "帮助" in said.text  # and the step is asked again
    draft = telegram.house.needs().drafts.active(person(telegram))
    assert draft is not None
    assert telegram.house.needs().drafts.attached(draft.id) == []


def test_a_file_without_a_form_is_not_even_fetched(telegram: Rig) -> None:
    (said,) = telegram.say(None, document={"file_id": telegram.api.keep_file(PDF), "file_name": "a.pdf"})
    assert "填写需求时" in said.text
    assert telegram.api.made("getFile") == []


def test_a_picture_with_words_is_answered_by_its_words(telegram: Rig) -> None:
    sizes = [{"file_id": telegram.api.keep_file(JPG), "width": 9, "height": 9}]
    (said,) = telegram.say(None, photo=sizes, caption=QUESTION)
    assert said.text.startswith("这一步不收附件")
    assert "10万元" in said.text


def test_a_file_that_cannot_be_fetched_now_is_fetched_later(telegram: Rig) -> None:
    telegram.say("/brief")
    document = {"file_id": telegram.api.keep_file(PDF), "file_name": "方案.pdf", "file_size": len(PDF)}
    telegram.api.fault("getFile", 502)
    assert telegram.say(None, document=document) == []
    telegram.later(2)
    telegram.round()
    assert "方案.pdf" in last(telegram).text


def test_an_album_is_one_answer(telegram: Rig) -> None:
    telegram.say("/brief")
    count = len(telegram.api.to(7))
    for number in range(3):
        content = PDF + str(number).encode()
        document = {"file_id": telegram.api.keep_file(content), "file_name": f"图{number}.pdf", "file_size": 60}
        telegram.say(None, document=document, media_group_id="album")
    assert len(telegram.api.to(7)) == count  # more of it may come
    telegram.later(3)
    telegram.round()
    (said,) = telegram.api.to(7)[count:]
    assert all(f"图{number}.pdf" in said.text for number in range(3))
    draft = telegram.house.needs().drafts.active(person(telegram))
    assert draft is not None
    assert len(telegram.house.needs().drafts.attached(draft.id)) == 3


def test_what_is_said_after_an_album_waits_for_it(telegram: Rig) -> None:
    telegram.say("/brief")
    document = {"file_id": telegram.api.keep_file(PDF), "file_name": "图.pdf", "file_size": 60}
    telegram.say(None, document=document, media_group_id="album")
    assert telegram.say(QUESTION) == []
    telegram.later(3)
    telegram.round()
    texts = [posted.text for posted in telegram.api.to(7)]
    assert "图.pdf" in texts[-2]


def test_files_come_back(telegram: Rig) -> None:
    telegram.say("/brief")
    posted = telegram.say("/export")
    (file,) = [message for message in posted if message.document]
    assert file.document is not None
    assert file.document[0].endswith(".json")
    assert b"needs" in file.document[1]


# Everything else a message can be

ODD = {
    "voice": {"voice": {"file_id": "v", "duration": 3}},
    "audio": {"audio": {"file_id": "v", "duration": 3}},
    "video": {"video": {"file_id": "v", "duration": 3}},
    "round video": {"video_note": {"file_id": "v", "duration": 3}},
    "animation": {"animation": {"file_id": "v"}, "document": {"file_id": "v"}},
    "sticker": {"sticker": {"file_id": "s", "emoji": "😀"}},
    "dice": {"dice": {"emoji": "🎲", "value": 3}},
    "location": {"location": {"latitude": 36.1, "longitude": 120.4}},
    "venue": {"venue": {"title": "x"}, "location": {"latitude": 36.1, "longitude": 120.4}},
    "poll": {"poll": {"id": "1", "question": "?", "options": []}},
    "story": {"story": {"id": 1}},
    "unheard of": {"hologram": {"x": 1}},
    "contact": {"contact": {"phone_number": "+8613900139000", "first_name": "李"}},
    "photo": {"photo": [{"file_id": "p", "width": 1, "height": 1, "file_size": 11 * 1024 * 1024}]},
}


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_content_gets_a_sensible_reply_and_in_a_form_the_question_again(telegram: Rig, kind: str) -> None:
    posted = telegram.send(7, {"message": telegram.api.message(None, 7, **ODD[kind])})
    assert len(posted) == 1
    assert posted[0].text
    asked = to_the_phone(telegram)
    draft = telegram.house.needs().drafts.active(person(telegram))
    count = len(telegram.api.to(7))
    telegram.send(7, {"message": telegram.api.message(None, 7, **ODD[kind])})
    said = telegram.api.to(7)[count]
    assert "电话" in said.text, said.text
    after = telegram.house.needs().drafts.active(person(telegram))
    assert draft is not None
    assert after is not None
    assert after.answers == draft.answers
    assert asked.text.splitlines()[-1] in said.text


@pytest.mark.parametrize("said", ["\u200b\u2060", "/unheard_of", "/unheard_of 内容"])
def test_blank_words_and_unknown_commands_are_no_answers(telegram: Rig, said: str) -> None:
    telegram.say("/brief")
    (replied,) = telegram.say(said)
    assert "帮助" in replied.text
    draft = telegram.house.needs().drafts.active(person(telegram))
    assert draft is not None
    assert draft.answers == {}


def test_notes_of_telegrams_own_are_not_answered(telegram: Rig) -> None:
    for note in ({"pinned_message": {}}, {"new_chat_title": "x"}, {"message_auto_delete_timer_changed": {}}):
        assert telegram.send(7, {"message": telegram.api.message(None, 7, **note)}) == []


def test_too_many_messages_a_minute_are_told_so(data_dir: Path, clock: FixedClock) -> None:
    with rig(data_dir, clock, questions_per_minute=1) as telegram:
        for _ in range(4):
            telegram.say("你好")
        (said,) = telegram.say("你好")
        assert "太快" in said.text
        telegram.time.advance(61)
        (said,) = telegram.say("你好")
        assert "太快" not in said.text


def test_what_was_erased_is_gone_from_the_door_too(telegram: Rig) -> None:
    submitted(telegram)
    telegram.say("/erase")
    asked = last(telegram)
    telegram.press(asked, asked.labels[0])
    with reading(telegram.house.engine) as connection:
        kept = [str(row) for row in connection.execute(select(telegram_updates))]
        kept += [str(row) for row in connection.execute(select(telegram_outgoing))]
    assert not any("张工" in row or "13800138000" in row for row in kept)
    assert telegram.door.chats.given(7, 3) is None
