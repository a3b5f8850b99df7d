"""Edited messages on Telegram: the answer they gave can be changed, the form never moves on by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.channels.telegram_bot.store.chats import KEEP_OFFERS
from bot.clock import FixedClock
from intake.store.drafts import Draft
from tests.support.telegram_rig import Rig, rig

STORY = "我们做海洋传感器，想找高校一起攻关耐腐蚀涂层，盐雾试验要超过1000小时"
OTHER = "我们做海洋传感器，想找高校一起攻关耐腐蚀涂层，盐雾试验要超过2000小时"


@pytest.fixture
def telegram(data_dir: Path, clock: FixedClock) -> Iterator[Rig]:
    with rig(data_dir, clock) as made:
        yield made


def draft(telegram: Rig) -> Draft:
    found = telegram.house.needs().drafts.active(telegram.house.accounts().of("telegram", "7").person)
    assert found is not None
    return found


def told(telegram: Rig) -> int:
    """Tell the need of a brief registration; the id of the message that told it."""
    telegram.say("/brief")
    body = telegram.api.message(STORY)
    telegram.send(7, {"message": body})
    return int(body["message_id"])


def test_an_edit_offers_to_change_the_answer_it_gave_and_moves_nothing(telegram: Rig) -> None:
    message, before = told(telegram), draft(telegram)
    (offer,) = telegram.edit(message, OTHER)
    assert "内容" in offer.text
    assert offer.reply_to == message
    assert offer.labels == ["更新这一项", "不用改"]
    assert draft(telegram) == before


def test_yes_changes_that_answer_and_the_form_goes_on_where_it_was(telegram: Rig) -> None:
    message = told(telegram)
    asked = telegram.api.to(7)[-1].text
    (offer,) = telegram.edit(message, OTHER)
    (said,) = telegram.press(offer, "更新")
    assert draft(telegram).answers["content"].value == OTHER
    assert asked.splitlines()[-2] in said.text  # the district is asked, as before
    telegram.press(said, "崂山区")
    assert draft(telegram).answers["district"].value is not None


def test_no_leaves_everything_and_the_question_is_asked_again(telegram: Rig) -> None:
    message, before = told(telegram), draft(telegram)
    (offer,) = telegram.edit(message, OTHER)
    (said,) = telegram.press(offer, "不用改")
    assert "没有改" in said.text
    assert "区（市）" in said.text
    assert draft(telegram).answers == before.answers


def test_an_offer_cannot_be_taken_up_twice(telegram: Rig) -> None:
    message = told(telegram)
    (offer,) = telegram.edit(message, OTHER)
    data = offer.data("更新")
    telegram.press(offer, "更新")
    (said,) = telegram.press(offer, "", data=data)
    assert "改不了" in said.text


def test_new_words_are_not_kept_for_long(telegram: Rig) -> None:
    message = told(telegram)
    (offer,) = telegram.edit(message, OTHER)
    telegram.later(KEEP_OFFERS.total_seconds() + 1)
    telegram.door.chats.clean(telegram.now.now())
    (said,) = telegram.press(offer, "更新")
    assert "改不了" in said.text
    assert draft(telegram).answers["content"].value == STORY


def test_an_edit_of_what_was_dropped_changes_nothing(telegram: Rig) -> None:
    message = told(telegram)
    telegram.say("/cancel")
    telegram.press(telegram.api.to(7)[-1], "确定放弃")
    (said,) = telegram.edit(message, OTHER)
    assert "改不了" in said.text


def test_an_edited_question_can_be_answered_anew(telegram: Rig) -> None:
    body = telegram.api.message("首次认定高新技术企业奖励多少钱")
    telegram.send(7, {"message": body})
    (offer,) = telegram.edit(int(body["message_id"]), "新认定的省瞪羚企业奖励多少")
    (answer,) = telegram.press(offer, "按新的问题回答")
    assert "50万元" in answer.text


def test_an_edited_old_question_does_not_break_into_a_form(telegram: Rig) -> None:
    body = telegram.api.message("首次认定高新技术企业奖励多少钱")
    telegram.send(7, {"message": body})
    told(telegram)
    before = draft(telegram)
    (said,) = telegram.edit(int(body["message_id"]), "新认定的省瞪羚企业奖励多少")
    assert said.labels == []
    assert "修改不会改变" in said.text
    assert draft(telegram) == before


@pytest.mark.parametrize("body", [{"location": {"latitude": 1, "longitude": 2}}, {"text": "/start"}, {"text": ""}])
def test_edits_without_words_are_passed_over(telegram: Rig, body: dict[str, object]) -> None:
    message = told(telegram)
    edited = {**telegram.api.message(None), "message_id": message, **body}
    assert telegram.send(7, {"edited_message": edited}) == []


def test_an_edit_of_an_unknown_message_is_only_remarked_on_in_a_form(telegram: Rig) -> None:
    assert telegram.edit(99999, "改了") == []
    told(telegram)
    (said,) = telegram.edit(99999, "改了")
    assert "修改不会改变" in said.text
