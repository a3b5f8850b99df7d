"""How an answer is shown again: a wording key and values, each language with its own words; personal values masked."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import phonenumbers

from intake.models import Option, Saying, Step
from intake.reading.sensitive import without_numbers
from intake.values import Answered, DateSpan, Money, Phone, Value

WAN = Decimal(10_000)
YES, NO = "yes", "no"


def codes_of(value: Value) -> set[str]:
    """The codes a condition compares with: a choice's own, each of several, yes or no."""
    if isinstance(value, bool):
        return {YES if value else NO}
    if isinstance(value, str):
        return {value}
    return set(value) if isinstance(value, tuple) else set()


def show(step: Step, answered: Answered | None) -> Saying:
    """The answer as a line of the summary card; unanswered and valueless answers have keys of their own."""
    if answered is None:
        return Saying("show.unanswered")
    if answered.value is None:
        return Saying(f"show.{answered.state}")
    if step.personal:
        return _masked(step, answered.value)
    return show_value(answered.value, step.options)


def show_value(value: Value, options: Iterable[Option] = ()) -> Saying:
    """A value in the words of its kind. Codes become labels; an unknown code is shown as it is.

    Whoever writes a mobile number among other words is shown it masked, as staff are (`without_numbers`).
    """
    labels = {option.code: option.label for option in options}
    if isinstance(value, bool):
        return Saying("show.yes" if value else "show.no")
    if isinstance(value, Money):
        return show_money(value)
    if isinstance(value, DateSpan):
        return show_dates(value)
    if isinstance(value, Phone):
        return _phone(value, _national(value))
    if isinstance(value, tuple):
        return Saying("show.text", {"text": without_numbers("、".join(labels.get(code, code) for code in value))})
    return Saying(
        "show.text", {"text": without_numbers(labels.get(value, value)) if isinstance(value, str) else str(value)}
    )


def show_money(money: Money) -> Saying:
    """万元 where the ends are whole hundreds of 元, otherwise 元."""
    ends = [end for end in (money.low, money.high) if end is not None]
    in_wan = all(end % 100 == 0 and end >= WAN / 10 for end in ends)
    unit = WAN if in_wan else Decimal(1)
    values = {"low": _plain(money.low, unit), "high": _plain(money.high, unit)}
    return Saying(f"show.money.{_shape(money)}{'' if in_wan else '_yuan'}", {k: v for k, v in values.items() if v})


def _shape(money: Money) -> str:
    if money.low is None:
        return "at_most"
    if money.high is None:
        return "at_least"
    if money.low != money.high:
        return "range"
    return "about" if money.approx else "exact"


def _plain(amount: Decimal | None, unit: Decimal) -> str:
    if amount is None:
        return ""
    return format((amount / unit).normalize(), "f")


def show_dates(span: DateSpan) -> Saying:
    """One day, or both ends, as ISO dates."""
    if span.start == span.end:
        return Saying("show.date.day", {"day": span.start.isoformat()})
    return Saying("show.date.span", {"start": span.start.isoformat(), "end": span.end.isoformat()})


def _phone(phone: Phone, number: str) -> Saying:
    if phone.ext is None:
        return Saying("show.text", {"text": number})
    return Saying("show.phone_ext", {"number": number, "ext": phone.ext})


def _masked(step: Step, value: Value) -> Saying:
    if isinstance(value, Phone):
        return _phone(value, mask_phone(value))
    if isinstance(value, str) and step.type == "email":
        name, _, domain = value.partition("@")
        return Saying("show.text", {"text": f"{name[:1]}***@{domain}"})
    if isinstance(value, str) and step.free_text:
        return Saying("show.text", {"text": f"{value[:1]}**"})
    return show_value(value, step.options)


def _national(phone: Phone) -> str:
    """As it is dialled in China, digits only: a landline with the 0 of its area code. Foreign numbers keep their +."""
    if not phone.e164.startswith("+86"):
        return phone.e164
    number = phonenumbers.parse(phone.e164)
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    return "".join(sign for sign in written if sign in "0123456789")


def mask_phone(phone: Phone) -> str:
    """138****8000: the national number without its middle four digits."""
    number = _national(phone)
    middle = (len(number) - 4) // 2
    return f"{number[:middle]}****{number[middle + 4 :]}"
