"""The second factor: six digits from a telephone (TOTP, RFC 6238), each code good once."""

from __future__ import annotations

from datetime import datetime

import pyotp
import segno

ISSUER = "科创政策助手"
_STEP = 30
_DRIFT = 1
"""A code of the step before or after is taken, too: telephones are not exact."""


def new_secret() -> str:
    return pyotp.random_base32()


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is; None where it is none of now."""
    if len(code) != 6 or not (code.isascii() and code.isdigit()):
        return None
    present = int(now.timestamp()) // _STEP
    totp = pyotp.TOTP(secret)
    for step in range(present - _DRIFT, present + _DRIFT + 1):
        if pyotp.utils.strings_equal(totp.generate_otp(step), code):
            return step
    return None


def picture(secret: str, account: str) -> str:
    """The QR code to scan, as an SVG element without styles of its own (the page's policy allows none)."""
    address = pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER)
    drawn: str = segno.make(address, error="m").svg_inline(dark="#000", light="#fff", omitsize=True)
    return drawn


def grouped(secret: str) -> str:
    """The secret in groups of four, for typing in."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
