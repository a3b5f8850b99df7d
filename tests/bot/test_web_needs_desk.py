"""The web door's port over the real parts, on both databases: whose things are whose, the receipt, the look-up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from bot.accounts import Account
from bot.channels.web_chat.needs_ports import NeedRefusal, NotReady
from bot.clock import FixedClock
from bot.commands.serve_needs import NeedsDesk, WebNotices
from bot.dialogs.pending import Pending, Proposed
from bot.history import History
from bot.messages import Message, Reply
from bot.settings import Settings
from intake.cases import CaseState
from intake.store.drafts import Attachment, Draft, StaleDraftError
from intake.values import Answered
from tests.support.bureau import Bureau
from tests.support.needs import complete


@pytest.fixture
def bureau(engine: Engine, clock: FixedClock, settings: Settings) -> Bureau:
    return Bureau(engine, clock, settings)


@pytest.fixture
def desk(bureau: Bureau) -> NeedsDesk:
    return NeedsDesk(bureau.needs, bureau.accounts)


@pytest.fixture
def wang(bureau: Bureau) -> Account:
    return bureau.somebody("wang")


def whole(desk: NeedsDesk, who: Account, kind: str = "technology") -> Draft:
    """A draft that lacks nothing, of somebody who consented."""
    desk.consent(who.id, True, "zh")
    draft = desk.begin(who.id, kind)
    answers = complete(desk.formbook.form(kind), (), district="370212")
    return desk.save(replace(draft, answers=answers))


def test_a_stranger_owns_nothing(desk: NeedsDesk) -> None:
    assert list(desk.drafts("nobody")) == []
    assert list(desk.cases("nobody")) == []
    assert not desk.consented("nobody")
    assert dict(desk.profile("nobody")) == {}
    with pytest.raises(NeedRefusal):
        desk.begin("nobody", "technology")


def test_a_draft_is_one_and_the_same_for_form_and_chat(desk: NeedsDesk, bureau: Bureau, wang: Account) -> None:
    draft = desk.begin(wang.id, "technology")
    assert bureau.needs.drafts.active(wang.person) == draft
    saved = desk.save(draft)
    with pytest.raises(StaleDraftError):
        desk.save(draft)
    assert desk.begin(wang.id, "technology").id == saved.id


def test_what_was_read_from_a_story_is_offered_to_the_form(desk: NeedsDesk, wang: Account) -> None:
    draft = desk.begin(wang.id, "technology")
    title = Answered(value="高盐废水反渗透膜", text="我们的高盐废水反渗透膜老是堵")
    pending = Pending(doing="proposed", proposals=(Proposed(step="title", answered=title),))
    assert dict(desk.offered(desk.save(pending.on(draft)))) == {"title": title}


def test_submitting_twice_is_submitting_once(desk: NeedsDesk, wang: Account) -> None:
    draft = whole(desk, wang)
    first, second = desk.submit(draft, "zh"), desk.submit(draft, "zh")
    assert first.reference == second.reference
    assert first.query_code == second.query_code
    assert [case.reference for case in desk.cases(wang.id)] == [first.reference]
    assert desk.submitted(wang.id, draft.id) == first.reference
    assert desk.receipt(wang.id, first.reference) == second


def test_what_is_missing_is_named(desk: NeedsDesk, wang: Account) -> None:
    draft = whole(desk, wang)
    lacking = desk.save(replace(draft, answers={k: v for k, v in draft.answers.items() if k != "title"}))
    with pytest.raises(NotReady) as refusal:
        desk.submit(lacking, "zh")
    assert refusal.value.missing == ("title",)


def test_another_person_sees_neither_draft_nor_case(desk: NeedsDesk, bureau: Bureau, wang: Account) -> None:
    draft = whole(desk, wang)
    other = bureau.somebody("li")
    desk.drop(other.id, draft.id)
    assert [each.id for each in desk.drafts(wang.id)] == [draft.id]
    reference = desk.submit(draft, "zh").reference
    assert desk.case(other.id, reference) is None
    assert desk.receipt(other.id, reference) is None
    assert desk.submitted(other.id, draft.id) is None
    with pytest.raises(NeedRefusal):
        desk.act(other.id, reference, "withdraw")
    page = desk.case(wang.id, reference)
    assert page is not None
    assert page.row.state is CaseState.SUBMITTED


def test_the_receipt_on_the_page_need_not_be_told_again(desk: NeedsDesk, bureau: Bureau, wang: Account) -> None:
    assert bureau.needs.inbox is not None
    notices = WebNotices(bureau.needs.inbox, bureau.clock)
    receipt = desk.submit(whole(desk, wang), "zh")
    assert list(notices.unread(wang.id, "zh")) == []
    case = bureau.needs.cases.get(receipt.reference)
    assert case is not None
    bureau.act("clerk", case, "accept")
    (news,) = notices.unread(wang.id, "zh")
    assert news.reference == receipt.reference
    notices.seen(wang.id, [news.id])
    assert list(notices.unread(wang.id, "zh")) == []


def test_what_staff_ask_is_shown_and_answered(desk: NeedsDesk, bureau: Bureau, wang: Account) -> None:
    receipt = desk.submit(whole(desk, wang), "zh")
    case = bureau.needs.cases.get(receipt.reference)
    assert case is not None
    case = bureau.act("clerk", case, "accept")
    bureau.act("clerk", case, "ask", steps=("tried",), text="请补充已经试过的办法。")
    page = desk.case(wang.id, receipt.reference)
    assert page is not None
    assert page.asked == ("tried",)
    assert page.asked_text == "请补充已经试过的办法。"
    assert page.reply_due is not None
    assert "reply" in page.actions
    desk.act(wang.id, receipt.reference, "reply", text="试过两种清洗剂", answers={}, files=())
    after = desk.case(wang.id, receipt.reference)
    assert after is not None
    assert after.row.state is CaseState.ACCEPTED
    assert after.events[-1].by_owner


def test_number_and_code_open_what_is_public_and_nothing_personal(
    desk: NeedsDesk, bureau: Bureau, wang: Account
) -> None:
    receipt = desk.submit(whole(desk, wang), "zh")
    assert receipt.query_code is not None
    assert desk.unlock(receipt.reference.lower(), receipt.query_code.lower()) == receipt.reference
    assert desk.unlock(receipt.reference, "AAAAAA") is None
    assert desk.unlock("KC26-22222-2", receipt.query_code) is None
    assert desk.unlock("91370200264574251E", receipt.query_code) is None
    assert desk.unlock("", "") is None
    assert desk.unlock("x", "-") is None
    desk.act(wang.id, receipt.reference, "note", text="我的电话改成了 13911112222")
    page = desk.followed(receipt.reference)
    assert page is not None
    assert (page.lines, page.files, dict(page.answers)) == ((), (), {})
    assert "13911112222" not in repr(page)
    assert "13800138000" not in repr(page)
    assert page.actions == ("note",)


def test_words_by_code_answer_what_was_asked(desk: NeedsDesk, bureau: Bureau, wang: Account) -> None:
    receipt = desk.submit(whole(desk, wang), "zh")
    desk.reply_by_code(receipt.reference, "补充一句话")
    case = bureau.needs.cases.get(receipt.reference)
    assert case is not None
    bureau.act("clerk", bureau.act("clerk", case, "accept"), "ask", steps=(), text="水量多少？")
    desk.reply_by_code(receipt.reference, "每天两百吨")
    after = bureau.needs.cases.get(receipt.reference)
    assert after is not None
    assert after.state is CaseState.ACCEPTED
    with pytest.raises(NeedRefusal):
        desk.reply_by_code(receipt.reference, "")


def test_erasing_ends_the_look_up_and_takes_the_files(desk: NeedsDesk, bureau: Bureau, wang: Account) -> None:
    draft = whole(desk, wang)
    stored = desk.keep_file([b"%PDF-1.7"])
    desk.attach(draft.id, Attachment(stored.digest, "a.pdf", "application/pdf", stored.size))
    receipt = desk.submit(draft, "zh")
    assert receipt.query_code is not None
    assert desk.export(wang.id)["needs"]["cases"]
    desk.erase(wang.id)
    assert desk.unlock(receipt.reference, receipt.query_code) is None
    assert desk.followed(receipt.reference) is None
    assert not bureau.settings.data_dir.joinpath("files", stored.digest[:2], stored.digest[2:4], stored.digest).exists()
    assert not desk.consented(wang.id)


def test_a_file_that_was_taken_off_is_gone_unless_somebody_else_has_it(
    desk: NeedsDesk, bureau: Bureau, wang: Account
) -> None:
    mine, theirs = desk.begin(wang.id, "technology"), desk.begin(bureau.somebody("li").id, "technology")
    stored = desk.keep_file([b"%PDF-1.7"])
    file = Attachment(stored.digest, "a.pdf", "application/pdf", stored.size)
    desk.attach(mine.id, file)
    desk.attach(theirs.id, file)
    desk.detach(mine.id, file.digest)
    with desk.open_file(file.digest) as content:
        assert content.read() == b"%PDF-1.7"
    desk.drop(theirs.account, theirs.id)
    path = bureau.settings.data_dir / "files" / file.digest[:2] / file.digest[2:4] / file.digest
    assert not path.exists()


def test_a_like_need_of_ones_own_is_offered(desk: NeedsDesk, bureau: Bureau, wang: Account) -> None:
    receipt = desk.submit(whole(desk, wang), "zh")
    bureau.clock.advance(timedelta(hours=1))
    (like,) = desk.similar(whole(desk, wang))
    assert (like.reference, like.mine) == (receipt.reference, True)


def test_withdrawing_consent_withdraws_open_needs(desk: NeedsDesk, wang: Account) -> None:
    receipt = desk.submit(whole(desk, wang), "zh")
    desk.consent(wang.id, False, "zh")
    page = desk.case(wang.id, receipt.reference)
    assert page is not None
    assert page.row.state is CaseState.WITHDRAWN
    assert not desk.consented(wang.id)


def test_the_page_exports_and_erases_the_talk_as_well(desk: NeedsDesk, bureau: Bureau, wang: Account) -> None:
    history = History(bureau.needs.cases.engine, bureau.needs.clock)
    asked = Message("m1", wang.id, "main", bureau.needs.clock.now(), text="高企奖励多少")
    history.record(asked, Reply("answered", "10万元"), '{"status":"answered"}')
    (turn,) = desk.export(wang.id)["conversation"]
    assert turn["question"] == "高企奖励多少"
    desk.erase(wang.id)
    assert desk.export(wang.id)["conversation"] == []
