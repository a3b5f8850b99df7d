"""Codes of areas, kinds, industries and roles in words, and the lists to choose them from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.channels.web_chat.words import Words
from intake.cases import ALL_AREAS
from intake.formbook import Formbook
from intake.reference import Reference
from intake.staff import STAFF_ROLES

Choices = list[tuple[str, str]]
_NOT_AN_AREA = frozenset({"none", "other", "outside"})


@dataclass(frozen=True, slots=True)
class Labels:
    """A code that is on no list any more is shown as it is."""

    reference: Reference
    formbook: Formbook
    words: Words

    def area(self, code: str) -> str:
        return dict(self.areas()).get(code, code)

    def kind(self, code: str) -> str:
        return dict(self.kinds()).get(code, code)

    def industry(self, code: str) -> str:
        return dict(self.industries()).get(code, code)

    def role(self, code: str) -> str:
        return self.words(f"role.{code}")

    def several(self, codes: Iterable[str], choices: Choices) -> str:
        """In the order of their list, parted by commas; "" for none."""
        wanted = frozenset(codes)
        listed = [label for code, label in choices if code in wanted]
        known = {code for code, _ in choices}
        return self.words("and").join([*listed, *sorted(wanted - known)])

    def areas(self) -> Choices:
        """The whole city, the districts, the zones."""
        return [(ALL_AREAS, self.words("whole_city")), *self.districts(), *self.zones()]

    def districts(self) -> Choices:
        return self._places("districts")

    def zones(self) -> Choices:
        return self._places("zones")

    def kinds(self) -> Choices:
        return [(kind, form.label) for kind, form in self.formbook.forms.items()]

    def industries(self) -> Choices:
        return [(option.code, option.label) for option in self.reference.options("industries")]

    def roles(self) -> Choices:
        order = ("clerk", "specialist", "lead", "coordinator", "editor", "admin", "auditor")
        return [(role, self.role(role)) for role in order if role in STAFF_ROLES]

    def _places(self, name: str) -> Choices:
        options = self.reference.options(name)
        return [(option.code, option.label) for option in options if option.code not in _NOT_AN_AREA]
