"""What marks a demonstration, so that nobody takes it for real and undo finds exactly it."""

from __future__ import annotations

from intake.cases import Role
from intake.staff import Staff
from intake.values import Phone

CHANNEL = "web"
KEY = "demo/"
"""Accounts of the demonstration's enterprises: no visitor's key holds a stroke (bot/accounts.py draws hexadecimals)."""

STAFF = Staff(
    "demo",
    "演示经办",
    frozenset({Role.CLERK, Role.SPECIALIST, Role.LEAD, Role.COORDINATOR}),
    frozenset({"city"}),
)
"""Who handled the cases, and may sign in to look at them while they are there."""


def phone(number: int) -> Phone:
    """0532-0…: no local number begins with a nought, so nobody is ever rung."""
    return Phone(e164=f"+865320{number:07d}")


def code(number: int) -> str:
    """A 统一社会信用代码 to look at: its letters spell DEM, and its last character, an I, stands in no real one."""
    return f"913702000DEM{number:05d}I"
