"""A party in words and back: the cells of its row on a sheet, or what somebody typed at a command."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import cached_property, lru_cache
from typing import Any

import phonenumbers
from phonenumbers import PhoneNumberFormat

from intake.models import Option, Saying, Unread
from intake.parties import ANY_DISTRICT, Party, PartyType, normal_name, tidy
from intake.reading.phone import read_phone
from intake.reading.plain import plain, tight
from intake.reading.sensitive import refusals
from intake.reading.texts import read_email
from intake.reference import DATA_FOLDER, Reference
from intake.values import Phone

_SEPARATORS = re.compile(r"[、,;/|\n\s]+")
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?E\+?[0-9]{1,3}", re.IGNORECASE)
_POINT_ZERO = re.compile(r"([0-9]{7,})\.0+")
_DAY = re.compile(r"((?:19|20)[0-9]{2})(?:[-/.年]([0-9]{1,2})(?:[-/.月]([0-9]{1,2})日?)?月?)?年?")
_YES, _NO = {"是", "TRUE", "1", "Y", "YES", "√", "✓", "已核对", "在用"}, {"否", "FALSE", "0", "N", "NO", "×"}
_LENGTHS = {"name": (2, 60), "fields": (0, 500), "contact_name": (2, 20), "source": (1, 200)}

Cells = Mapping[str, str]


@lru_cache(maxsize=1)
def party_book() -> dict[str, Any]:
    """What people read on the sheets of parties and of the matrix, and the names of the types."""
    return tomllib.loads((DATA_FOLDER / "party_sheets.toml").read_text("utf-8"))


def type_label(kind: PartyType) -> str:
    """What people call a type."""
    return next(str(entry["label"]) for entry in party_book()["types"] if entry["code"] == kind)


class CellError(Exception):
    """Words that cannot be taken; `saying` says why, in keys of wording/registers or wording/intake."""

    def __init__(self, saying: Saying) -> None:
        super().__init__(saying.key)
        self.saying = saying


class PartyWords:
    """Reads and writes against the lists of one moment."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        self.book = party_book()
        self.words: dict[str, Any] = self.book["words"]
        self.types = tuple(Option(**entry) for entry in self.book["types"])

    @cached_property
    def _lists(self) -> dict[str, tuple[Option, ...]]:
        places = (
            Option(code=ANY_DISTRICT, label=self.words["any_district"], aliases=("全市", "各区", "*")),
            *self._reference.options("districts"),
            *(zone for zone in self._reference.options("zones") if zone.code not in ("none", "other")),
        )
        return {
            "types": self.types,
            "districts": self._reference.options("districts"),
            "industries": self._reference.options("industries"),
            "places": places,
            "yes_no": (Option(code="yes", label=self.words["yes"]), Option(code="no", label=self.words["no"])),
        }

    @cached_property
    def _codes_by_word(self) -> dict[str, dict[str, str]]:
        """List → code, label or alias → code; where two options share a word, the first has it."""
        return {
            name: {
                tight(word).lower(): option.code
                for option in reversed(options)
                for word in (*option.aliases, option.label, option.code)
            }
            for name, options in self._lists.items()
        }

    def labels(self, name: str) -> tuple[str, ...]:
        """The labels of a list: types, districts, industries, places (districts, zones and any), yes_no."""
        return tuple(option.label for option in self._lists[name])

    def label(self, name: str, code: str | None) -> str:
        """The label of a code; the code itself where the list no longer has it, "" for None."""
        return next((option.label for option in self._lists[name] if option.code == code), code or "")

    def code(self, name: str, words: str) -> str:
        """The code of a label or an alias. Raises CellError (not_listed)."""
        code = self._codes_by_word[name].get(tight(words).lower())
        if code is None:
            listed = "、".join(self.labels(name))
            raise CellError(Saying("sheet.fault.not_listed", {"typed": plain(words)[:40], "listed": listed}))
        return code

    def yes(self, words: str, default: bool) -> bool:
        """是 or 否, or the default where nothing stands. Raises CellError (not_listed)."""
        said = tight(words).upper()
        if not said:
            return default
        if said in _YES or said in _NO:
            return said in _YES
        raise CellError(
            Saying("sheet.fault.not_listed", {"typed": plain(words)[:40], "listed": "、".join(self.labels("yes_no"))})
        )

    def written_yes(self, value: bool) -> str:
        return str(self.words["yes" if value else "no"])

    def written(self, party: Party) -> dict[str, str]:
        """The cells of a party. `read` gives the same party back, but for its `updated_at`."""
        return {
            "id": party.id,
            "name": party.name,
            "type": self.label("types", party.type),
            "fields": party.fields,
            "industries": "、".join(self.label("industries", code) for code in party.industries),
            "district": self.label("districts", party.district),
            "contact_name": party.contact_name or "",
            "contact_phone": written_phone(party.contact_phone),
            "contact_email": party.contact_email or "",
            "source": party.source,
            "as_of": party.as_of or "",
            "verified": self.written_yes(party.verified),
            "active": self.written_yes(party.active),
        }

    def read(self, cells: Cells) -> tuple[Party | None, list[tuple[str, Saying]]]:
        """The party that the cells tell of, or None and what is wrong, by cell."""
        faults: list[tuple[str, Saying]] = []

        def take(key: str, reader: Callable[[str], Any]) -> Any:
            try:
                return reader(cells.get(key, ""))
            except CellError as fault:
                faults.append((key, fault.saying))
                return None

        values = {key: take(key, reader) for key, reader in self._readers.items()}
        return (None, faults) if faults else (Party(**values), faults)

    @cached_property
    def _readers(self) -> dict[str, Callable[[str], Any]]:
        return {
            "id": tight,
            "name": lambda text: _required(_words("name", normal_name(tidy(text)))),
            "type": lambda text: PartyType(self.code("types", _required(text))),
            "fields": lambda text: _words("fields", text),
            "industries": lambda text: tuple(dict.fromkeys(self._codes("industries", text))),
            "district": lambda text: self.code("districts", text) if text.strip() else None,
            "contact_name": lambda text: _words("contact_name", text) or None,
            "contact_phone": lambda text: read_contact_phone(text) if text.strip() else None,
            "contact_email": lambda text: _email(text) if text.strip() else None,
            "source": lambda text: _required(_words("source", text)),
            "as_of": lambda text: read_as_of(text) if text.strip() else None,
            "verified": lambda text: self.yes(text, False),
            "active": lambda text: self.yes(text, True),
        }

    def _codes(self, name: str, text: str) -> Iterable[str]:
        """Codes of several labels. A label may hold a separator itself, so the whole text is tried first."""
        if not text.strip():
            return []
        try:
            return [self.code(name, text)]
        except CellError:
            return [self.code(name, word) for word in dict.fromkeys(_SEPARATORS.split(plain(text))) if word]


def _required(text: str) -> str:
    if not text.strip():
        raise CellError(Saying("sheet.fault.required"))
    return text


def _words(key: str, text: str) -> str:
    words = tidy(text)
    least, most = _LENGTHS[key]
    if words and not least <= len(words) <= most:
        values = {"typed": str(len(words)), "min": str(least), "max": str(most)}
        raise CellError(Saying("sheet.fault.length", values))
    for refusal in refusals(words):
        raise CellError(refusal)
    return words


def read_contact_phone(text: str) -> str:
    """One number as E.164 with ";ext=" before an extension. Raises CellError: nothing of what stands there is lost."""
    said = plain(text)
    if _SCIENTIFIC.fullmatch(tight(said)):
        raise CellError(Saying("sheet.fault.scientific", {"typed": said}))
    whole = _POINT_ZERO.fullmatch(said)
    read = read_phone(whole[1] if whole else said)
    if isinstance(read, Unread):
        raise CellError(read.error)
    assert isinstance(read.value, Phone)  # noqa: S101  # what read_phone reads
    typed = len(re.sub(r"[^0-9]", "", whole[1] if whole else said))
    if typed > len(re.sub(r"[^0-9]", "", f"00{read.value.e164}0{read.value.ext or ''}")):
        raise CellError(Saying("sheet.fault.several_phones"))
    return read.value.e164 + (f";ext={read.value.ext}" if read.value.ext else "")


def phone_of(stored: str | None) -> Phone | None:
    """A stored contact phone as a value."""
    if not stored:
        return None
    number, _, ext = stored.partition(";ext=")
    return Phone(e164=number, ext=ext or None)


def written_phone(stored: str | None) -> str:
    """A stored number as people write it, such that reading gives it back."""
    phone = phone_of(stored)
    if phone is None:
        return ""
    try:
        parsed = phonenumbers.parse(phone.e164, None)
    except phonenumbers.NumberParseException:
        return phone.e164
    home = parsed.country_code == 86
    mobile = home and re.fullmatch(r"\+861[3-9][0-9]{9}", phone.e164)
    style = PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL
    number = phone.e164[3:] if mobile else phonenumbers.format_number(parsed, style)
    return f"{number} 转 {phone.ext}" if phone.ext else number


def _email(text: str) -> str:
    read = read_email(text)
    if isinstance(read, Unread):
        raise CellError(read.error)
    return str(read.value)


def read_as_of(text: str) -> str:
    """2018, 2018-01 or 2018-01-10, from these or with 年月日, slashes or points. Raises CellError."""
    found = _DAY.fullmatch(tight(text))
    try:
        if found is None:
            raise ValueError(text)
        year, month, day = (int(part) if part else None for part in found.groups())
        assert year is not None  # noqa: S101  # the group is not optional
        full = date(year, month or 1, day or 1).isoformat()
    except ValueError as fault:
        raise CellError(Saying("sheet.fault.as_of", {"typed": plain(text)[:20]})) from fault
    return full[: 10 if day else 7 if month else 4]
