"""The reference lists and forms as shipped, read once for this folder's tests."""

from __future__ import annotations

from datetime import date

import pytest

from intake.formbook import Formbook, load_formbook
from intake.reading.steps import Circumstances
from intake.reference import Reference, load_reference

TODAY = date(2026, 11, 20)


@pytest.fixture(scope="session")
def reference() -> Reference:
    return load_reference()


@pytest.fixture(scope="session")
def book(reference: Reference) -> Formbook:
    return load_formbook(reference)


@pytest.fixture(scope="session")
def at(reference: Reference) -> Circumstances:
    return Circumstances(reference=reference, today=TODAY)
