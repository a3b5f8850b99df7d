"""What was typed, as the values a move takes (intake/handling/moves_*.py); where it does not fit, what to type."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from bot.clock import SHANGHAI
from bot.commands.case_facts import form_for
from bot.commands.desk import COMMANDS, Desk, clean
from bot.commands.faults import CommandError
from intake.cases import Case, CaseState
from intake.models import Unread
from intake.reading.steps import Circumstances, read_step
from intake.values import Answered

Values = dict[str, Any]

BY_PHONE = frozenset({"close", "withdraw", "reply", "dissatisfied"})
"""Moves that are the enterprise's alone: staff carry them out as it asked on the telephone, and that is recorded."""


def values_of(desk: Desk, case: Case, options: argparse.Namespace) -> Values:
    """The values of the move that was asked for."""
    reader = _READERS.get(options.action)
    if reader is not None:
        return reader(desk, case, options)
    return {name: getattr(options, name) for name in _PLAIN.get(options.action, ())}


def action_of(case: Case, options: argparse.Namespace) -> str:
    """The move that a command means as the case stands."""
    if options.action == "claim":
        claims = {CaseState.SUBMITTED: "accept", CaseState.ROUTED: "sign"}
        return claims.get(case.state, "assign")
    moves = {command: move for move, command in COMMANDS.items()}
    return moves.get(options.action, str(options.action))


_PLAIN: Mapping[str, tuple[str, ...]] = {
    "ask": ("steps", "text"),
    "reject": ("reason", "text", "alternative"),
    "route": ("team", "text", "co_teams"),
    "bounce": ("reason", "text"),
    "adjudicate": ("team", "text"),
    "response": ("text",),
    "answer": ("outcome", "text", "citations"),
    "close": ("score", "text"),
    "withdraw": ("text",),
    "dissatisfied": ("text",),
    "reopen": ("text",),
    "merge": ("into", "text", "common_need"),
    "rekind": ("kind", "text"),
    "propose": ("what", "text"),
    "assign": ("staff",),
    "note": ("text", "public"),
    "message": ("text", "take_over"),
    "told": ("text",),
    "called": ("task", "result"),
}


def _platform(_desk: Desk, _case: Case, options: argparse.Namespace) -> Values:
    return {"ref": options.ref, "url": options.url}


def _publish(desk: Desk, _case: Case, options: argparse.Namespace) -> Values:
    return {"ref": options.ref, "url": options.url, "expires": _day(desk, options.expires)}


def _extend(desk: Desk, _case: Case, options: argparse.Namespace) -> Values:
    return {"until": _day(desk, options.until), "text": options.text}


def _claim(desk: Desk, case: Case, options: argparse.Namespace) -> Values:
    return {"staff": desk.actor.id} if action_of(case, options) == "assign" else {}


def _merge(desk: Desk, _case: Case, options: argparse.Namespace) -> Values:
    return {"into": desk.reference(options.into), "text": options.text, "common_need": options.common_need}


def _split(desk: Desk, _case: Case, options: argparse.Namespace) -> Values:
    parts = [part.partition("|") for part in options.parts]
    if not all(mark for _, mark, _ in parts):
        raise CommandError(desk.say("say.part"))
    return {"parts": [{"title": title, "summary": summary} for title, _, summary in parts], "text": options.text}


def _correct(desk: Desk, case: Case, options: argparse.Namespace) -> Values:
    return {"answers": _answers(desk, case, options.answers), "text": options.text}


_READERS: Mapping[str, Callable[[Desk, Case, argparse.Namespace], Values]] = {
    "publish": _publish,
    "platform": _platform,
    "extend": _extend,
    "claim": _claim,
    "merge": _merge,
    "split": _split,
    "correct": _correct,
    "reply": _correct,
}


def _answers(desk: Desk, case: Case, typed: list[str]) -> dict[str, Answered]:
    """step=words, read as the enterprise's own would be."""
    needs = desk.needs
    form = form_for(desk, case)
    steps, answers = {step.id: step for step in form.steps}, {}
    at = Circumstances(needs.reference, desk.now.astimezone(SHANGHAI).date())
    for pair in typed:
        name, mark, words = pair.partition("=")
        if not mark:
            raise CommandError(desk.say("say.answer"))
        if name not in steps:
            raise CommandError(desk.say("say.unknown_step", step=clean(name)[:40]))
        read = read_step(steps[name], words, at)
        if isinstance(read, Unread):
            raise CommandError(desk.say("say.unread_answer", label=steps[name].label, why=desk.tell(read.error)))
        answers[name] = read.answered(words)
    return answers


def _day(desk: Desk, typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError as fault:
        raise CommandError(desk.say("say.day")) from fault
