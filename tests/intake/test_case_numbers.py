"""Case numbers and query codes: unmistakable, random, and a slip of the hand is noticed."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.case_numbers import (
    ALPHABET,
    case_number,
    numbers_in,
    query_code,
    same_code,
    suggestions,
    valid_number,
)


def drawing(seed: int) -> Callable[[str], str]:
    """Characters that come out the same each time."""
    return random.Random(seed).choice  # noqa: S311  # a test's dice


NUMBERS = [case_number(year, drawing(year)) for year in (2010, 2026, 2031, 2049)]
CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
seeds = st.integers(min_value=0)
years = st.integers(min_value=2000, max_value=2099)


def test_the_alphabet_has_no_look_alikes_of_digits() -> None:
    assert len(set(ALPHABET)) == 30
    assert set(ALPHABET).isdisjoint("IOQZ01")


@given(years, seeds)
def test_a_number_has_its_shape_and_is_valid(year: int, seed: int) -> None:
    number = case_number(year, drawing(seed))
    assert number.startswith(f"KC{year % 100:02d}-")
    assert len(number) == 12
    assert valid_number(number) == number


@pytest.mark.parametrize("number", NUMBERS)
def test_any_single_wrong_character_is_noticed(number: str) -> None:
    for place in range(2, len(number)):
        for wrong in CHARACTERS:
            if number[place] not in ("-", wrong):
                assert valid_number(number[:place] + wrong + number[place + 1 :]) is None


@given(years, seeds, st.integers(2, 8), st.sampled_from(CHARACTERS))
def test_any_single_wrong_character_is_noticed_in_any_number(year: int, seed: int, place: int, wrong: str) -> None:
    typed = case_number(year, drawing(seed)).replace("-", "")
    changed = typed[:place] + wrong + typed[place + 1 :]
    assert changed == typed or valid_number(changed) is None


@given(years, seeds, st.integers(2, 8))
def test_two_swapped_neighbours_are_noticed(year: int, seed: int, place: int) -> None:
    typed = case_number(year, drawing(seed)).replace("-", "")
    swapped = typed[:place] + typed[place + 1] + typed[place] + typed[place + 2 :]
    assert swapped == typed or valid_number(swapped) is None


@pytest.mark.parametrize("place", range(4))
def test_every_pair_of_neighbours_is_told_from_its_swap(place: int) -> None:
    """Exhaustive over the pairs at each place of the body: what stands elsewhere only adds to a weighted sum."""
    others = drawing(place)
    for pair in permutations(ALPHABET, 2):
        number = case_number(2026, _with_pair(place, pair, others)).replace("-", "")
        assert (number[4 + place], number[5 + place]) == pair
        assert valid_number(number[: 4 + place] + pair[1] + pair[0] + number[6 + place :]) is None


def _with_pair(place: int, pair: tuple[str, ...], others: Callable[[str], str]) -> Callable[[str], str]:
    drawn = 0

    def choose(alphabet: str) -> str:
        nonlocal drawn
        at, drawn = drawn % 5, drawn + 1
        return pair[at - place] if at in (place, place + 1) else others(alphabet)

    return choose


def test_it_is_read_however_it_is_typed() -> None:
    number = NUMBERS[1]
    plain = number.replace("-", "")
    full_width = "".join(chr(ord(character) + 0xFEE0) for character in number)
    for typed in (
        number.lower(),
        plain,
        plain.lower(),
        f"  {number} ",
        full_width,
        " ".join(plain),
        number[:4] + " — ",
    ):
        assert valid_number(typed) == (number if len(typed) > 7 else None)


@pytest.mark.parametrize(
    "typed", ["", "KC26", "KC26-7K2M9", "KC26-7K2M9-44", "项目进度", "KC²⁶-7K2M9-4", "KC٢٦-7K2M9-4"]
)
def test_what_is_no_number_is_none(typed: str) -> None:
    assert valid_number(typed) is None


@given(st.text(max_size=40))
def test_any_text_is_taken(text: str) -> None:
    assert valid_number(text) is None or valid_number(text) in numbers_in(text)
    assert len(suggestions(text)) <= 3


def test_a_number_is_found_in_a_sentence() -> None:
    one, other = NUMBERS[0], NUMBERS[1]
    assert numbers_in(f"请问{one.lower()}办到哪了？还有 {other},谢谢。再说一次{one}") == (one, other)
    assert numbers_in("KC26-7K2M9-5 号") == ()


@given(years, seeds, st.integers(4, 8))
def test_a_number_with_one_slip_is_suggested(year: int, seed: int, place: int) -> None:
    number = case_number(year, drawing(seed))
    typed = number.replace("-", "")
    if place < 8 and typed[place] != typed[place + 1]:
        swapped = typed[:place] + typed[place + 1] + typed[place] + typed[place + 2 :]
        assert number in suggestions(swapped, most=50)
    slips = {"D": "0", "2": "Z", "L": "I", "B": "8", "8": "B", "5": "S", "G": "6"}
    if typed[place] in slips:
        assert number in suggestions(typed[:place] + slips[typed[place]] + typed[place + 1 :], most=50)


def test_a_valid_number_suggests_nothing() -> None:
    assert suggestions(NUMBERS[0]) == ()
    assert suggestions("你好") == ()


def test_codes_are_compared_however_they_are_typed() -> None:
    code = query_code(drawing(4))
    assert len(code) == 6
    assert set(code) <= set(ALPHABET)
    assert same_code(f" {code.lower()[:3]} {code[3:]}", code)
    assert not same_code(code[:-1], code)
    assert not same_code("", "")
    assert not same_code("\ud800", code)


def test_numbers_and_codes_drawn_for_real_do_not_repeat() -> None:
    assert len({case_number(2026) for _ in range(300)}) == 300
    assert len({query_code() for _ in range(300)}) == 300
