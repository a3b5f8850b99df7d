"""Doing things to cases: each move of intake/review.py carried out in one transaction, with its event and notices."""

from __future__ import annotations

from intake.handling.acting import Handling
from intake.handling.attempt import HeldError
from intake.handling.contact import Contact

__all__ = ["Contact", "Handling", "HeldError"]
