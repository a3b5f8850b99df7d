"""统一社会信用代码 and telephone numbers: each fault has its own message, and the check character is the standard's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.models import Read, Unread
from intake.reading.phone import read_phone
from intake.reading.uscc import ALPHABET, LENGTH, check_character, is_valid, read_uscc
from intake.values import Phone

KNOWN = "91370200264574251E"
BODIES = st.text(alphabet=ALPHABET, min_size=17, max_size=17).filter(lambda body: any(c.isdigit() for c in body))


def _fault(text: str) -> str:
    read = read_uscc(text)
    assert isinstance(read, Unread)
    return read.error.key


@given(BODIES)
def test_a_body_with_its_check_character_is_read_whatever_its_dress(body: str) -> None:
    code = body + check_character(body)
    wide = "".join(chr(ord(character) + 0xFEE0) for character in code)
    for dress in (code, code.lower(), wide, f" {code[:6]} {code[6:]} ", f"代码：{code}。"):
        read = read_uscc(dress)
        assert isinstance(read, Read)
        assert read.value == code


@given(BODIES, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_wrong_character_never_passes(body: str, place: int, other: str) -> None:
    code = body + check_character(body)
    wrong = code[:place] + other + code[place + 1 :]
    assert is_valid(wrong) == (wrong == code)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_with_a_key(text: str) -> None:
    read = read_uscc(text)
    assert isinstance(read, Read) or read.error.key.startswith(("error.uscc.", "refusal."))
    if isinstance(read, Read):
        assert isinstance(read.value, str)
        assert len(read.value) == LENGTH


def test_each_fault_of_a_code_has_its_own_message() -> None:
    assert _fault("") == "error.uscc.empty"
    assert _fault("不知道") == "error.uscc.not_a_code"
    assert _fault(KNOWN[:17]) == "error.uscc.length"
    assert _fault(KNOWN[:17] + "3") == "error.uscc.check"
    assert _fault("9137O200264574251E") == "error.uscc.characters"
    assert _fault("370200018062345") == "error.uscc.old_number"


def test_the_number_of_characters_typed_is_said() -> None:
    read = read_uscc(KNOWN[:17])
    assert isinstance(read, Unread)
    assert read.error.values["typed"] == "17"


def test_letters_o_and_i_are_offered_as_digits_and_never_assumed() -> None:
    mended = read_uscc("9137O2OO26457425IE")
    assert isinstance(mended, Unread)
    assert mended.suggestion == KNOWN
    hopeless = read_uscc("9137O2OO26457425I3")
    assert isinstance(hopeless, Unread)
    assert hopeless.suggestion is None


@pytest.mark.parametrize("body", ["N2370285MF1234567", "A1370200MB0123456", "Y1370200MC7654321"])
def test_codes_that_start_with_a_letter_are_read(body: str) -> None:
    assert isinstance(read_uscc(body + check_character(body)), Read)


def test_a_code_suggests_the_kind_of_organisation() -> None:
    read = read_uscc(KNOWN)
    assert isinstance(read, Read)
    assert read.also == {"org_type": "enterprise"}


def test_a_wrong_inner_organisation_character_only_warns() -> None:
    body = "91370200264574252"
    read = read_uscc(body + check_character(body))
    assert isinstance(read, Read)
    assert "warning.uscc.organisation" in [warning.key for warning in read.warnings]
    known = read_uscc(KNOWN)
    assert isinstance(known, Read)
    assert known.warnings == ()


def _phone(text: str) -> Phone:
    read = read_phone(text)
    assert isinstance(read, Read), read
    assert isinstance(read.value, Phone)
    return read.value


@given(
    st.sampled_from(["138", "150", "177", "186", "199"]), st.integers(0, 99_999_999), st.sampled_from(["", " ", "-"])
)
def test_a_mobile_number_is_read_however_it_is_grouped(prefix: str, rest: int, gap: str) -> None:
    digits = f"{rest:08d}"
    assert _phone(f"{prefix}{gap}{digits[:4]}{gap}{digits[4:]}") == Phone(e164=f"+86{prefix}{digits}")


@given(st.integers(20_000_000, 89_999_999), st.integers(1, 9999), st.sampled_from(["转", "分机", " 转 ", " ext ", "-"]))
def test_a_landline_keeps_its_extension(local: int, ext: int, word: str) -> None:
    read = read_phone(f"0532-{local}{word}{ext}")
    if isinstance(read, Read):
        assert read.value == Phone(e164=f"+86532{local}", ext=str(ext))
    else:
        assert read.error.key == "error.phone.invalid"


@given(st.text(max_size=40))
def test_any_text_is_a_phone_or_has_a_key(text: str) -> None:
    read = read_phone(text)
    assert isinstance(read, Read) or read.error.key.startswith("error.phone.")


def test_an_eight_digit_number_is_offered_the_area_code() -> None:
    read = read_phone("85911234")
    assert isinstance(read, Unread)
    assert (read.error.key, read.suggestion) == ("error.phone.area_code", "0532-85911234")
