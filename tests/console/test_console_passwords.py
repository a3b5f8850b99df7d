"""Passwords: how they are hashed, which are refused, and the one-time ones."""

from __future__ import annotations

import random
import unicodedata

import pytest
from argon2 import PasswordHasher

from bot.console.password_rules import is_common, weakness
from bot.console.passwords import AT_ONCE, Passwords, one_time_password
from tests.support.consoles import PASSWORD, QUICK

PASSWORDS = Passwords(QUICK)


def weak(password: str, *, account: str = "wangli", name: str = "王丽", with_code: bool = False) -> str | None:
    return weakness(password, account=account, name=name, with_code=with_code)


def test_the_defaults_are_argon2id_as_owasp_asks_for() -> None:
    hasher = PasswordHasher()
    assert hasher.type.name == "ID"
    assert hasher.memory_cost * hasher.time_cost >= 19 * 1024 * 2


def test_a_password_is_its_own_and_no_other() -> None:
    stored = PASSWORDS.hash(PASSWORD)
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored
    assert PASSWORDS.verify(stored, PASSWORD)
    assert not any(PASSWORDS.verify(stored, other) for other in ("", PASSWORD.upper() + "x", PASSWORD[:-1]))
    assert not PASSWORDS.verify(None, PASSWORD)
    assert not PASSWORDS.verify("not a hash", PASSWORD)


def test_two_spellings_of_the_same_characters_are_one_password() -> None:
    typed = "café au lait in Qingdao"
    stored = PASSWORDS.hash(unicodedata.normalize("NFD", typed))
    assert PASSWORDS.verify(stored, unicodedata.normalize("NFC", typed))
    assert not PASSWORDS.verify(PASSWORDS.hash("ＡＢＣ"), "ABC")  # nothing but that is changed


def test_so_many_are_checked_at_once_and_no_more() -> None:
    assert PASSWORDS._turns._value == AT_ONCE  # type: ignore[attr-defined]


def test_one_time_passwords_can_be_read_aloud_and_never_repeat() -> None:
    made = {one_time_password() for _ in range(500)}
    assert len(made) == 500
    assert all(len(password) == 19 and not set(password) & set("01ILO") for password in made)
    assert all(weak(password) is None for password in made)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "too_short"),
        ("Tz8#mQp2vLw", "too_short"),
        ("x7" * 200, "too_long"),
        ("password1234", "common"),
        ("P@ssw0rd2026!", "common"),
        ("Qwerty123456!", "common"),
        ("qwertyuiop[]asdf", "common"),
        ("123456789012", "common"),
        ("aaaaaaaaaaaa", "common"),
        ("abcabcabcabc", "common"),
        ("xkq7xkq7xkq7", "common"),
        ("1qaz2wsx3edc4rfv", "common"),
        ("woaini1314520", "common"),
        ("iloveyou12345678", "common"),
        ("Admin@20262026", "common"),
        ("ｐａｓｓｗｏｒｄ１２３４", "common"),
        ("kexie-2026-2027", "common"),
        ("wangli20260101x", "common"),
        ("王丽王丽王丽王丽王丽王丽", "common"),
        ("zhouqi7bl9ise", "own_name"),
        ("周琪周琪Bla7ise周琪", "own_name"),
        ("leavemealone", "common"),
        ("sonyericsson", "common"),
    ],
)
def test_what_anybody_would_guess_is_refused(password: str, why: str) -> None:
    assert weak(password, account="zhouqi", name="周琪") == why


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "correct horse battery staple",
        "Tz8#mQp2vLw9",
        "huanghe-ruhai-liu-9",
        "三点钟的地铁上有人打喷嚏呢",
        "my dog eats 14 pears",
        "青岛科协2026年的春天很冷",
    ],
)
def test_what_nobody_would_guess_is_fine(password: str) -> None:
    assert weak(password) is None


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("Tz8#mQp", "too_short_with_code"),
        ("Tz8#mQp2", None),
        ("elephant", "common"),
        ("mountain7", "common"),
        ("20261123", "common"),
        ("baseball1", "common"),
        ("trustno1", "common"),
        ("michael1", "common"),
    ],
)
def test_with_a_code_eight_will_do_unless_they_are_a_word(password: str, why: str | None) -> None:
    assert weak(password, with_code=True) == why


def test_a_long_random_password_is_never_taken_for_a_common_one() -> None:
    draw = random.Random(20261123)  # noqa: S311 - the same draws every time
    drawn = ("".join(draw.choices("23456789ABCDEFGHJKMNPQRSTUVWXYZ", k=16)) for _ in range(2000))
    assert [password for password in drawn if is_common(password)] == []
