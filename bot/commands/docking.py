"""`case parties | dock | dock-status | dock-log | undock`: whom staff try for a case, and how far it has come."""

from __future__ import annotations

import argparse
from enum import StrEnum
from typing import TypeVar

from bot.commands.corpus import say
from bot.commands.desk import at_desk, clean
from bot.commands.faults import CommandError
from bot.commands.lines import print_line
from intake.parties import CandidateStatus, ContactHow

Code = TypeVar("Code", bound=StrEnum)


def parties(options: argparse.Namespace) -> int:
    """Who may be worth asking, for reference only."""
    with at_desk(options) as desk:
        case = desk.case(options.reference)
        desk.needs.handling.files(desk.actor, case.reference)  # who may not read the case gets no hints about it
        for suggestion in desk.needs.docking.suggestions(case)[: options.most]:
            why = desk.say(f"why.{suggestion.why}", words="、".join(suggestion.words))
            print_line(f"{suggestion.party.id}  {suggestion.party.name}（{why}）")
    return 0


def dock(options: argparse.Namespace) -> int:
    with at_desk(options) as desk:
        reference = desk.reference(options.reference)
        tried = desk.needs.docking.add_candidate(desk.actor, reference, options.party)
        say(desk.say("say.tried", reference=reference, party=tried.party.name, candidate=tried.id))
    return 0


def dock_status(options: argparse.Namespace) -> int:
    with at_desk(options) as desk:
        status = _one_of(CandidateStatus, options.status)
        if status is None:
            known = "、".join(f"{code}（{desk.label('candidate', code)}）" for code in CandidateStatus)
            raise CommandError(desk.say("say.unknown_status", status=clean(options.status)[:40], statuses=known))
        desk.needs.docking.set_status(
            desk.actor, options.candidate, status, amount=options.amount, text=options.text, tell_owner=options.tell
        )
        say(desk.say("say.status_kept", candidate=options.candidate, status=desk.label("candidate", status)))
    return 0


def dock_log(options: argparse.Namespace) -> int:
    with at_desk(options) as desk:
        how = _one_of(ContactHow, options.how)
        if how is None:
            known = "、".join(f"{code}（{desk.label('how', code)}）" for code in ContactHow)
            raise CommandError(desk.say("say.unknown_how", how=clean(options.how)[:40], hows=known))
        desk.needs.docking.log(desk.actor, options.candidate, how, options.result)
        say(desk.say("say.contact_kept", candidate=options.candidate))
    return 0


def undock(options: argparse.Namespace) -> int:
    with at_desk(options) as desk:
        desk.needs.docking.remove(desk.actor, options.candidate, options.text)
        say(desk.say("say.removed", candidate=options.candidate))
    return 0


def _one_of(codes: type[Code], typed: str) -> Code | None:
    return next((code for code in codes if code.value == typed), None)
