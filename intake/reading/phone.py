"""Telephone numbers: 13800138000, 0532-85911234 转 801, 400-820-8820, +852 …; as E.164 with the extension apart."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import PhoneNumberFormat

from intake.display import show_value
from intake.models import Read, Saying, Unread
from intake.reading.plain import plain
from intake.values import Phone

EXAMPLE = "13800138000"
AREA_CODE = "0532"
_SPOKEN = str.maketrans("〇零一幺二两三四五六七八九", "0011223456789")
_DASHES = re.compile(r"[‐-―−﹣—]+")
_NUMBER = re.compile(r"(?:\(?\+|00)?[(]?[0-9][0-9 ().-]{2,}[0-9]")
_AREA_SLASH = re.compile(r"(?<![0-9])(0[1-9][0-9]{1,2})/(?=[2-8][0-9]{6,7}(?![0-9]))")
_EXTENSION = re.compile(r"\s*,?\s*(?:转分机号?|分机号?|转|ext\.?|x|#)\s*:?\s*([0-9]{1,6})", re.IGNORECASE)
_DASHED_EXTENSION = re.compile(r"(.*[0-9]{7,8}|\(?0[0-9]{2,3}\)?[ -]?[0-9]{3,4}[ -][0-9]{4})-([0-9]{1,6})")
_MOBILE_LENGTH, _LOCAL_LENGTH = 11, 8
_MOBILE = re.compile(r"1[3-9][0-9]{9}")


def read_phone(text: str) -> Read | Unread:
    """Read(Phone) of the first number in the text, or error.phone.*; a local number is offered the area code."""
    clean = _DASHES.sub("-", plain(text))
    if not clean:
        return _error("empty")
    spoken = _AREA_SLASH.sub(r"\1-", clean.translate(_SPOKEN))
    runs = [match for match in _NUMBER.finditer(spoken) if len(_digits(match.group())) >= 4]
    if not runs:
        return _error("not_a_number")
    first = runs[0]
    number, ext = _parted(first.group(), spoken[first.end() :])
    return _read(number, ext)


def _parted(number: str, rest: str) -> tuple[str, str | None]:
    said = _EXTENSION.match(rest)
    if said:
        return number, said.group(1)
    dashed = _DASHED_EXTENSION.fullmatch(number)
    if dashed and 10 <= len(_digits(dashed.group(1))) <= 12 and not _MOBILE.fullmatch(_digits(number)):
        return dashed.group(1), dashed.group(2)
    return number, None


def _read(number: str, ext: str | None) -> Read | Unread:
    digits = _digits(number)
    if len(digits) == _LOCAL_LENGTH and digits[0] in "2345678":
        return Unread(_error("area_code").error, suggestion=f"{AREA_CODE}-{digits}")
    parsed = _parsed(number)
    if parsed is None or not phonenumbers.is_valid_number(parsed):
        return _error(_fault(digits))
    value = Phone(e164=phonenumbers.format_number(parsed, PhoneNumberFormat.E164), ext=ext)
    return Read(value, show_value(value))


def _parsed(number: str) -> phonenumbers.PhoneNumber | None:
    cleaned = re.sub(r"[^0-9+]", "", number)
    cleaned = re.sub(r"^(?:\+|00)?860?(?=[1-9][0-9]{9,10}$)", "+86", cleaned)
    cleaned = re.sub(r"^00(?=[1-9])", "+", cleaned)
    try:
        return phonenumbers.parse(cleaned, "CN")
    except phonenumbers.NumberParseException:
        return None


def _fault(digits: str) -> str:
    national = digits.removeprefix("86") if len(digits) > _MOBILE_LENGTH else digits
    longest = 12 if national.startswith("0") else _MOBILE_LENGTH
    if len(national) > longest:
        return "too_long"
    return "too_short" if len(national) < _MOBILE_LENGTH else "invalid"


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


def _error(name: str) -> Unread:
    return Unread(Saying(f"error.phone.{name}", {"example": EXAMPLE, "area_code": AREA_CODE}))
