"""统一社会信用代码 by GB 32100-2015: weights modulo 31; a valid code proves its form, not that it exists.

Unlike common checkers this takes codes whose first letter is A, N or Y (military, agriculture, others), and it tells a
short code, a wrong character and a wrong check character apart, because each has its own mend.
"""

from __future__ import annotations

import re

from intake.models import Read, Saying, Unread
from intake.reading.plain import plain
from intake.reading.sensitive import is_id_card
from intake.values import Value

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
LENGTH = 18
OLD_LENGTH = 15
EXAMPLE = "91370200264574251E"
_REGISTRY = re.compile(r"[1-9ANY][1-59]")
_LOOKALIKES = str.maketrans("OI", "01")
_NOT_CODE = re.compile(r"[^0-9A-Z]+")
_ORG_TYPES = {
    "11": "government",
    "12": "institute",
    "51": "service_agency",
    "52": "service_agency",
    "91": "enterprise",
    "92": "enterprise",
    "93": "enterprise",
}


def read_uscc(text: str) -> Read | Unread:
    """Read(code in capitals) with the organisation type it suggests, or error.uscc.* / refusal.id_card."""
    code = _NOT_CODE.sub("", plain(text).upper())
    if not plain(text):
        return _error("empty")
    if not any(character in "0123456789" for character in code):
        return _error("not_a_code")
    fault = _fault(code)
    if fault is not None:
        return fault
    return Read(code, Saying("show.text", {"text": code}), _warnings(code), _hints(code))


def check_character(body: str) -> str:
    """The 18th character of a 17-character body; ValueError where a character is outside the alphabet."""
    total = sum(ALPHABET.index(character) * weight for character, weight in zip(body, WEIGHTS, strict=True))
    return ALPHABET[(31 - total % 31) % 31]


def is_valid(code: str) -> bool:
    """True for 18 characters of the alphabet with the right check character."""
    return len(code) == LENGTH and all(c in ALPHABET for c in code) and check_character(code[:-1]) == code[-1]


def _fault(code: str) -> Unread | None:
    if len(code) == LENGTH and not is_valid(code) and is_id_card(code):
        return Unread(Saying("refusal.id_card"))
    if len(code) == OLD_LENGTH and code.isdigit():
        return _error("old_number", typed=str(OLD_LENGTH))
    if len(code) != LENGTH:
        return _error("length", typed=str(len(code)))
    strange = [character for character in code if character not in ALPHABET]
    if strange:
        return _strange(code, strange)
    return None if is_valid(code) else _error("check", last=code[-1])


def _strange(code: str, strange: list[str]) -> Unread:
    """O and I are never in a code; 0 and 1 are offered in their place, where that makes it right, and never assumed."""
    mended = code.translate(_LOOKALIKES)
    error = _error("characters", characters="、".join(dict.fromkeys(strange)))
    return Unread(error.error, suggestion=mended) if is_valid(mended) else error


def _warnings(code: str) -> tuple[Saying, ...]:
    found = []
    if _REGISTRY.fullmatch(code[:2]) is None:
        found.append(Saying("warning.uscc.registry", {"start": code[:2]}))
    if not _organisation_fits(code[8:17]):
        found.append(Saying("warning.uscc.organisation"))
    return tuple(found)


def _organisation_fits(inner: str) -> bool:
    """Positions 9-17 are an organisation code of GB 11714, whose last character checks the first eight (modulo 11)."""
    values = [int(character, 36) for character in inner[:8]]
    rest = 11 - sum(value * weight for value, weight in zip(values, ORGANISATION_WEIGHTS, strict=True)) % 11
    return inner[8] == {10: "X", 11: "0"}.get(rest, str(rest))


def _hints(code: str) -> dict[str, Value]:
    org_type = _ORG_TYPES.get(code[:2])
    return {"org_type": org_type} if org_type else {}


def _error(name: str, **values: str) -> Unread:
    return Unread(Saying(f"error.uscc.{name}", {"example": EXAMPLE, **values}))
