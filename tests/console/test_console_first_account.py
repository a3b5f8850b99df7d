"""The first account, and the passwords given at the command line: never a default one, and never twice."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from bot.clock import FixedClock
from bot.commands import staff_password
from bot.commands.faults import CommandError
from bot.console.desk import signing_in_of
from bot.console.first_account import first_account
from bot.console.signing_in import RefusedError
from bot.console.store.sign_ins import Outcome
from intake.cases import SYSTEM, Role
from intake.staff import Staff
from tests.support.bureau import Bureau
from tests.support.consoles import Console, parts_of
from tests.support.houses import a_house


def test_where_nobody_can_sign_in_an_administrator_is_made_once(bureau: Bureau) -> None:
    for person in bureau.needs.register.staff():
        bureau.needs.register.retire(person.id, SYSTEM, bureau.clock.now())
    parts = parts_of(bureau)
    first = first_account(parts)
    assert first is not None
    assert first.account == "admin"
    assert bureau.needs.register.person("admin").roles == {Role.ADMIN}
    assert first_account(parts) is None
    token = signing_in_of(parts).enter("admin", first.password, "10.0.0.1")
    who = signing_in_of(parts).resolve(token)
    assert who is not None
    assert who.must_change
    assert not who.settled


def test_an_administrator_who_is_there_already_is_taken(bureau: Bureau) -> None:
    first = first_account(parts_of(bureau))
    assert first is not None
    assert first.account == "boss"
    assert "admin" not in {person.id for person in bureau.needs.register.staff()}


def test_a_name_that_is_taken_by_somebody_else_is_not_given_new_rights(bureau: Bureau) -> None:
    now = bureau.clock.now()
    bureau.needs.register.retire("boss", SYSTEM, now)
    bureau.needs.register.put_staff(Staff("admin", "艾民", frozenset({Role.CLERK})), SYSTEM, now)
    first = first_account(parts_of(bureau))
    assert first is not None
    assert first.account == "admin2"
    assert bureau.needs.register.person("admin").roles == {Role.CLERK}


def test_somebody_with_a_password_is_enough(console: Console) -> None:
    assert first_account(console.parts) is None


def test_two_first_passwords_have_nothing_in_common(bureau: Bureau) -> None:
    first = first_account(parts_of(bureau))
    assert first is not None
    again = signing_in_of(parts_of(bureau)).reset_password(first.account, "terminal")
    assert again != first.password
    with pytest.raises(RefusedError):
        signing_in_of(parts_of(bureau)).enter(first.account, first.password, "10.0.0.1")


@pytest.fixture
def options(data_dir: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> argparse.Namespace:
    """A data folder with one administrator, as `staff password` finds it."""
    house = a_house(data_dir, clock)
    house.needs().register.put_staff(Staff("admin", "管理员", frozenset({Role.ADMIN})), SYSTEM, clock.now())
    house.engine.dispose()
    monkeypatch.setattr(staff_password, "house_of", lambda _options: a_house(data_dir, clock))
    return argparse.Namespace(who="admin", clear_code=False)


def test_the_command_prints_a_password_that_signs_in(
    options: argparse.Namespace, data_dir: Path, clock: FixedClock, capsys: pytest.CaptureFixture[str]
) -> None:
    assert staff_password.staff_password(options) == 0
    said = capsys.readouterr().out
    password = next(word for word in said.replace("：", " ").replace("（", " ").split() if word.count("-") == 3)
    house = a_house(data_dir, clock)
    try:
        signing_in = signing_in_of(house.console())
        assert signing_in.resolve(signing_in.enter("admin", password, "10.0.0.1")) is not None
        written = signing_in.log.entries(staff="admin")[0]
        assert Outcome.PASSWORD_RESET in {entry.outcome for entry in written}
    finally:
        house.engine.dispose()


def test_the_command_names_an_account_that_is_not_there(options: argparse.Namespace) -> None:
    options.who = "nobody"
    with pytest.raises(CommandError, match="nobody"):
        staff_password.staff_password(options)
