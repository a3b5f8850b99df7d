"""What the Telegram door keeps, on both databases: the inbox, messages to send, buttons, chats, links of staff."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from bot.channels.telegram_bot.arriving import arrival_of
from bot.channels.telegram_bot.outcome import Given, Outcome
from bot.channels.telegram_bot.parts import Attached, Button, Part, Payload
from bot.channels.telegram_bot.store.chats import KEEP_ANSWERS, Chats
from bot.channels.telegram_bot.store.inbox import ALBUM_WAIT, KEEP_DONE, KEEP_UNREAD, Arrival, Inbox
from bot.channels.telegram_bot.store.ledger import Ledger
from bot.channels.telegram_bot.store.outgoing import KEEP_BUTTONS, KEEP_SENT, Outgoing
from bot.channels.telegram_bot.store.staff import CODE_LIFE, Posting, StaffLinks
from bot.channels.telegram_bot.store.tables import telegram_outgoing, telegram_updates
from bot.clock import FixedClock
from db.engine import reading

BOT = 42


def arrival(update: int, chat: int = 7, text: str = "x", message: int | None = None, **more: object) -> Arrival:
    body = {"message_id": message or update, "chat": {"id": chat, "type": "private"}, "text": text, **more}
    return arrival_of({"update_id": update, "message": body})


def test_an_update_is_kept_once_whatever_order_and_company_it_comes_in(engine: Engine, clock: FixedClock) -> None:
    inbox = Inbox(engine, BOT)
    assert inbox.add([arrival(3), arrival(1)], clock.now()) == 2
    assert inbox.add([arrival(1), arrival(2), arrival(3)], clock.now()) == 1
    assert inbox.add([arrival(1), arrival(2)], clock.now()) == 0
    (head,) = inbox.heads()
    assert [taken.update_id for taken in inbox.take(head)] == [1]
    assert inbox.counts() == {"waiting": 3}


def test_one_message_under_two_update_ids_is_one(engine: Engine, clock: FixedClock) -> None:
    inbox = Inbox(engine, BOT)
    inbox.add([arrival(1, message=5), arrival(2, message=5)], clock.now())
    inbox.add([arrival(3, message=5)], clock.now())
    assert inbox.counts() == {"waiting": 1}


def test_ids_that_begin_anew_are_new_updates(engine: Engine, clock: FixedClock) -> None:
    inbox, ledger = Inbox(engine, BOT), Ledger(engine, BOT)
    inbox.add([arrival(1, text="一月")], clock.now())
    (first,) = inbox.take(inbox.heads()[0])
    ledger.finish([first], Outcome(), clock.now())
    assert inbox.add([arrival(1, text="二月")], clock.now()) == 1
    (second,) = inbox.take(inbox.heads()[0])
    assert ledger.key(first) != ledger.key(second)


def test_another_bots_updates_are_another_sequence(engine: Engine, clock: FixedClock) -> None:
    one, other = Inbox(engine, BOT), Inbox(engine, 43)
    one.add([arrival(1)], clock.now())
    assert other.heads() == []
    assert other.add([arrival(1)], clock.now()) == 1
    assert len(one.heads()) == len(other.heads()) == 1


def test_each_chat_has_one_head_and_a_later_try_keeps_the_order(engine: Engine, clock: FixedClock) -> None:
    inbox, ledger = Inbox(engine, BOT), Ledger(engine, BOT)
    inbox.add([arrival(1, 7), arrival(2, 8), arrival(3, 7)], clock.now())
    first, second = inbox.heads()
    assert {first.chat, second.chat} == {7, 8}
    taken = inbox.take(next(head for head in inbox.heads() if head.chat == 7))
    inbox.later([taken[0].id], clock.now() + timedelta(seconds=5), "OSError")
    again = next(head for head in inbox.heads() if head.chat == 7)
    assert (again.id, again.due) == (taken[0].id, clock.now() + timedelta(seconds=5))
    (retaken,) = inbox.take(again)
    assert retaken.attempts == 2
    ledger.finish([retaken], Outcome(), clock.now())
    assert next(head for head in inbox.heads() if head.chat == 7).id != retaken.id


def test_an_album_is_taken_whole_once_nothing_more_of_it_comes(engine: Engine, clock: FixedClock) -> None:
    inbox = Inbox(engine, BOT)
    inbox.add([arrival(1, media_group_id="g"), arrival(2, media_group_id="g")], clock.now())
    clock.advance(timedelta(seconds=1))
    inbox.add([arrival(3, media_group_id="g")], clock.now())
    (head,) = inbox.heads()
    assert head.due == clock.now() + ALBUM_WAIT
    assert [taken.update_id for taken in inbox.take(head)] == [1, 2, 3]


def test_what_was_answered_is_wiped_and_what_was_not_is_kept_for_a_while(engine: Engine, clock: FixedClock) -> None:
    inbox, ledger = Inbox(engine, BOT), Ledger(engine, BOT)
    inbox.add([arrival(1, 7, "秘密"), arrival(2, 8, "秘密")], clock.now())
    for head, ending in zip(inbox.heads(), ("done", "failed"), strict=True):
        ledger.finish(inbox.take(head), Outcome(ending=ending, error=None), clock.now())  # type: ignore[arg-type]
    with reading(engine) as connection:
        raws = {row.state: row.raw for row in connection.execute(select(telegram_updates))}
    assert raws["done"] == ""
    assert "\\u79d8" in raws["failed"]
    clock.advance(KEEP_DONE + timedelta(days=1))
    assert inbox.clean(clock.now()) == 1
    assert inbox.add([arrival(2, 8, "秘密")], clock.now()) == 0
    clock.advance(KEEP_UNREAD)
    assert inbox.clean(clock.now()) == 1


def test_replies_and_the_end_of_an_update_are_one_transaction(engine: Engine, clock: FixedClock) -> None:
    inbox, ledger, outgoing = Inbox(engine, BOT), Ledger(engine, BOT), Outgoing(engine)
    inbox.add([arrival(1)], clock.now())
    taken = inbox.take(inbox.heads()[0])
    outcome = Outcome(
        (Part("甲", rows=((Button("一", {"choice": "c1"}), Button("网", url="https://x.cn")),), owner=7), Part("乙")),
        given=Given(1, "d", ("title",)),
        chat={"awaits": "text"},
    )
    ledger.finish(taken, outcome, clock.now())
    ledger.finish(taken, outcome, clock.now())  # the same again, as after a crash
    assert outgoing.chats(clock.now()) == [7]
    first = outgoing.next(7, clock.now())
    assert first is not None
    assert (first.key, first.payload.text) == (f"tg:42:1.{taken[0].id}#0", "甲")
    pressed = outgoing.pressed(first.payload.keys[0][0].data or "")
    assert pressed is not None
    assert (dict(pressed.action), pressed.label, pressed.owner, pressed.chat) == ({"choice": "c1"}, "一", 7, 7)
    assert first.payload.keys[0][1].url == "https://x.cn"
    given_ = Chats(engine).given(7, 1)
    assert given_ is not None
    assert (given_.draft, given_.step) == ("d", "title")
    assert Chats(engine).get(7).awaits == "text"
    assert inbox.heads() == []
    outgoing.mark_sent(first.id, 99, clock.now())
    second = outgoing.next(7, clock.now())
    assert second is not None
    assert second.payload.text == "乙"


def test_buttons_nobody_made_stand_for_nothing(engine: Engine, clock: FixedClock) -> None:
    outgoing = Outgoing(engine)
    part = Part("甲", rows=((Button("一", {"choice": "c"}),),))
    outgoing.enqueue("k", 7, [part], clock.now())
    queued = outgoing.next(7, clock.now())
    assert queued is not None
    data = queued.payload.keys[0][0].data or ""
    nonce = data.partition(".")[0]
    for forged in (
        "",
        ".",
        nonce,
        f"{nonce}.1",
        f"{nonce}.-1",
        f"{nonce}.１",
        f"{nonce}.x",
        "x.0",
        "'; DROP TABLE x;--.0",
    ):
        assert outgoing.pressed(forged) is None
    clock.advance(KEEP_BUTTONS + timedelta(days=1))
    outgoing.clean(clock.now())
    assert outgoing.pressed(data) is None


def test_sent_messages_are_wiped_at_once_and_forgotten_later(engine: Engine, clock: FixedClock) -> None:
    outgoing = Outgoing(engine)
    outgoing.enqueue("k", 7, [Part("秘密")], clock.now())
    queued = outgoing.next(7, clock.now())
    assert queued is not None
    outgoing.mark_sent(queued.id, 1, clock.now())
    with reading(engine) as connection:
        assert [row.payload for row in connection.execute(select(telegram_outgoing))] == [None]
    clock.advance(KEEP_SENT + timedelta(days=1))
    assert outgoing.clean(clock.now()) == 1


def test_the_ids_of_messages_in_private_chats_are_known(engine: Engine, clock: FixedClock) -> None:
    inbox, outgoing = Inbox(engine, BOT), Outgoing(engine)
    odd = [arrival_of({"update_id": 9, "edited_message": {"chat": {"id": 7}}}), arrival_of("no update")]
    inbox.add(
        [arrival(1, message=10), arrival(2, chat=8, message=12), arrival(3, chat=-5, message=13), *odd], clock.now()
    )
    first = next(head.id for head in inbox.heads() if head.chat == 7)
    inbox.note_placeholder(first, 11)
    for number, chat in ((14, 7), (15, -5), (30, 7)):
        outgoing.enqueue(str(number), chat, [Part("x")], clock.now())
        queued = outgoing.next(chat, clock.now())
        assert queued is not None
        outgoing.mark_sent(queued.id, number, clock.now())
    assert inbox.messages_since(first) == {10, 11, 12}
    assert inbox.messages_since(first + 1) == {12}
    assert outgoing.messages_between(11, 30) == {14}


def test_an_erasure_takes_what_the_door_kept_of_the_chat(engine: Engine, clock: FixedClock) -> None:
    inbox, ledger, outgoing = Inbox(engine, BOT), Ledger(engine, BOT), Outgoing(engine)
    inbox.add([arrival(1, 7, "a"), arrival(2, 7, "b")], clock.now())
    ledger.finish(inbox.take(inbox.heads()[0]), Outcome((Part("x"),), ending="failed"), clock.now())
    queued = outgoing.next(7, clock.now())
    assert queued is not None
    outgoing.mark_sent(queued.id, 1, clock.now())
    ledger.finish(inbox.take(inbox.heads()[0]), Outcome((Part("已删除"),), forget=True), clock.now())
    with reading(engine) as connection:
        assert {row.raw for row in connection.execute(select(telegram_updates))} == {""}
    left = outgoing.next(7, clock.now())
    assert left is not None
    assert left.payload.text == "已删除"
    assert inbox.add([arrival(1, 7, "a"), arrival(2, 7, "b")], clock.now()) == 0  # known still


def test_a_chat_remembers_its_language_and_its_newest_message(engine: Engine) -> None:
    chats = Chats(engine)
    chats.seen(7, 5, "zh")
    chats.seen(7, 3, None)
    assert (chats.get(7).lang, chats.get(7).last_message) == ("zh", 5)
    assert chats.get(8).lang is None


def test_old_answers_and_offers_are_forgotten(engine: Engine, clock: FixedClock) -> None:
    inbox, chats = Inbox(engine, BOT), Chats(engine)
    inbox.add([arrival(1)], clock.now())
    Ledger(engine, BOT).finish(inbox.take(inbox.heads()[0]), Outcome(given=Given(1)), clock.now())
    chats.offer(7, 1, "新的")
    clock.advance(KEEP_ANSWERS + timedelta(days=1))
    assert chats.clean(clock.now()) == 1
    assert chats.given(7, 1) is None


def test_a_code_links_one_account_once_and_in_time(engine: Engine, clock: FixedClock) -> None:
    links = StaffLinks(engine)
    code = links.issue("zhang", "admin", clock.now())
    assert links.redeem("AAAAAAAAAA", 7, clock.now()) is None
    assert links.redeem(f" {code.code.lower()} ", 7, clock.now()) == "zhang"
    assert links.redeem(code.code, 8, clock.now()) is None
    assert (links.staff_of(7), links.user_of("zhang"), links.everybody()) == ("zhang", 7, {"zhang": 7})
    late = links.issue("zhang", "admin", clock.now())
    clock.advance(CODE_LIFE)
    assert links.redeem(late.code, 8, clock.now()) is None
    again = links.issue("zhang", "admin", clock.now())
    first = links.issue("zhang", "admin", clock.now())
    assert links.redeem(again.code, 8, clock.now()) is None  # a newer one was asked for
    assert links.redeem(first.code, 8, clock.now()) == "zhang"
    assert links.staff_of(7) is None
    assert links.unlink(8)
    assert not links.unlink(8)


def test_a_code_is_not_stored(engine: Engine, clock: FixedClock) -> None:
    from bot.channels.telegram_bot.store.tables import telegram_link_codes

    code = StaffLinks(engine).issue("zhang", "admin", clock.now()).code
    with reading(engine) as connection:
        assert code not in str(connection.execute(select(telegram_link_codes)).all())


def test_a_notice_is_put_before_a_chat_once(engine: Engine, clock: FixedClock) -> None:
    links, outgoing = StaffLinks(engine), Outgoing(engine)
    posting = Posting(1, -5, "KC26-7K2M9-4", Part("新需求"), clock.now())
    links.post(posting, clock.now())
    links.post(posting, clock.now())
    assert links.carded([1, 2]) == {(1, -5)}
    assert links.cards_of("KC26-7K2M9-4") == [(1, -5)]
    assert len(outgoing.delivery(posting.key)) == 1


_texts = st.text(max_size=40)
_parts = st.builds(
    Part,
    text=_texts,
    html=st.none() | _texts,
    edit=st.none() | st.integers(1, 2**40),
    remove=st.none() | st.integers(1, 2**40),
    reply_to=st.none() | st.integers(1, 2**40),
    contact=st.none() | _texts,
    drop_contact=st.booleans(),
    file=st.none() | st.builds(Attached, name=_texts, digest=st.none() | _texts, content=st.none() | _texts),
)


@given(_parts)
def test_a_part_is_the_same_after_it_was_kept(part: Part) -> None:
    import json

    payload = Payload.of(part, ())
    kept = Payload.load(json.loads(json.dumps(payload.dump())))
    assert (kept.text or None, kept.html or None) == (payload.text or None, payload.html or None)
    assert (kept.edit, kept.remove, kept.reply_to, kept.drop_contact, kept.file) == (
        payload.edit, payload.remove, payload.reply_to, payload.drop_contact, payload.file,
    )  # fmt: skip
