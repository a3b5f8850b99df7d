"""Accounts are made on demand, sessions are known by a token that is not stored, labels stay inside their session."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select, text

from bot.accounts import SESSION_LIFE, Accounts, persons, web_sessions
from bot.clock import FixedClock
from db.engine import reading


@pytest.fixture
def accounts(engine: Engine, clock: FixedClock) -> Accounts:
    return Accounts(engine, clock)


def test_an_account_is_made_once_for_a_channel_and_key(accounts: Accounts) -> None:
    first = accounts.of("telegram", "42")
    assert accounts.of("telegram", "42") == first
    assert accounts.get(first.id) == first
    assert accounts.of("telegram", "43").person != first.person
    assert accounts.of("web", "42").id != first.id


def test_an_unknown_account_is_none(accounts: Accounts) -> None:
    assert accounts.get("nobody") is None


def test_many_messages_of_a_newcomer_at_once_make_one_account(accounts: Accounts, engine: Engine) -> None:
    start, made = threading.Barrier(8), []

    def arrive() -> None:
        start.wait()
        made.append(accounts.of("telegram", "42").id)

    threads = [threading.Thread(target=arrive) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1
    with reading(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(persons)) == 1


def test_a_key_from_outside_may_hold_anything(accounts: Accounts) -> None:
    session = accounts.open_session()[1]
    odd = accounts.labelled(session, "a\x00b\ud800'; DROP TABLE accounts; --")
    assert accounts.get(odd.id) == accounts.labelled(session, "a\x00b\ud800'; DROP TABLE accounts; --")


def test_a_session_is_found_by_its_token_alone(accounts: Accounts) -> None:
    token, account = accounts.open_session()
    assert accounts.resolve_session(token) == account
    for wrong in ["", token[:-1], account.id, account.key, "\ud800"]:
        assert accounts.resolve_session(wrong) is None


def test_the_token_is_not_in_the_database(accounts: Accounts, engine: Engine) -> None:
    token, _ = accounts.open_session()
    with reading(engine) as connection:
        stored = [str(value) for row in connection.execute(select(web_sessions)) for value in row]
    assert len(stored) > 0
    assert token not in " ".join(stored)


def test_two_sessions_are_two_people(accounts: Accounts) -> None:
    (first_token, first), (second_token, second) = accounts.open_session(), accounts.open_session()
    assert first_token != second_token
    assert first.person != second.person


def test_a_session_lives_on_while_it_is_used_and_ends_when_it_is_not(accounts: Accounts, clock: FixedClock) -> None:
    token, account = accounts.open_session()
    clock.advance(SESSION_LIFE - timedelta(days=1))
    assert accounts.resolve_session(token) == account
    clock.advance(SESSION_LIFE - timedelta(seconds=1))
    assert accounts.resolve_session(token) == account
    clock.advance(SESSION_LIFE)
    assert accounts.resolve_session(token) is None


def test_a_closed_session_is_not_resolved(accounts: Accounts) -> None:
    token, _ = accounts.open_session()
    accounts.close_session(token)
    assert accounts.resolve_session(token) is None


def test_expired_sessions_are_forgotten_and_others_are_not(accounts: Accounts, clock: FixedClock) -> None:
    accounts.open_session()
    clock.advance(SESSION_LIFE)
    token, account = accounts.open_session()
    assert accounts.forget_expired_sessions() == 1
    assert accounts.resolve_session(token) == account


def test_a_label_names_one_account_inside_its_session_and_none_outside(accounts: Accounts) -> None:
    mine, yours = accounts.open_session()[1], accounts.open_session()[1]
    assert accounts.labelled(mine, "wang") == accounts.labelled(mine, "wang")
    assert accounts.labelled(mine, "wang").id != accounts.labelled(mine, "li").id
    assert accounts.labelled(mine, "wang").id != accounts.labelled(yours, "wang").id


def test_without_a_label_the_session_speaks_for_itself(accounts: Accounts) -> None:
    session = accounts.open_session()[1]
    assert accounts.labelled(session, "") == session


def test_a_label_does_not_reach_into_another_session_by_its_form(accounts: Accounts) -> None:
    mine, yours = accounts.open_session()[1], accounts.open_session()[1]
    theirs = accounts.labelled(yours, "wang")
    for forged in [f"../{yours.key}/wang", f"{yours.key}/wang", theirs.id, theirs.key]:
        assert accounts.labelled(mine, forged).id != theirs.id
    with pytest.raises(ValueError, match="session"):
        accounts.labelled(theirs, "x")


def test_settings_are_kept_replaced_and_dropped(accounts: Accounts) -> None:
    account = accounts.of("web", "k").id

    def kept() -> dict[str, str]:
        found = accounts.get(account)
        assert found is not None
        return dict(found.settings)

    assert kept() == {}
    accounts.keep_setting(account, "district", "崂山区")
    accounts.keep_setting(account, "lang", "en")
    assert kept() == {"district": "崂山区", "lang": "en"}
    accounts.keep_setting(account, "district", "市北区")
    accounts.keep_setting(account, "lang", None)
    assert kept() == {"district": "市北区"}
    accounts.keep_setting("nobody", "district", "崂山区")


def test_settings_chosen_at_once_are_all_kept(accounts: Accounts) -> None:
    account = accounts.of("web", "k").id
    names = {f"s{number}" for number in range(16)}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: accounts.keep_setting(account, name, "x"), names))
    found = accounts.get(account)
    assert found is not None
    assert found.settings.keys() == names


def test_an_erased_account_takes_its_sessions_and_its_person_along(accounts: Accounts, engine: Engine) -> None:
    token, account = accounts.open_session()
    other = accounts.of("telegram", "42")
    accounts.erase(account.id)
    assert accounts.resolve_session(token) is None
    assert accounts.get(account.id) is None
    assert accounts.get(other.id) == other
    with reading(engine) as connection:
        assert connection.execute(text("SELECT id FROM persons")).scalars().all() == [other.person]
