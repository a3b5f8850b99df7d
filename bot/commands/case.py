"""`case`: the work of staff, over the functions of every other door. One command, one transaction, one clear line."""

from __future__ import annotations

import argparse
from typing import Any

from bot.commands import case_facts, case_sheet
from bot.commands.case_values import BY_PHONE, action_of, values_of
from bot.commands.corpus import say
from bot.commands.desk import Desk, at_desk, clean
from bot.commands.faults import CommandError
from bot.commands.lines import print_json, print_line
from bot.console.case_outline import PART, marked, why_not
from bot.notice_words import staff_notice_text
from bot.outlining import NotMade
from bot.phrases import Phrases
from intake.cases import Case, CaseState, owner
from intake.review import sees
from intake.store.staff_notices import StaffInbox
from intake.store.tasks import Tasks


def listing(options: argparse.Namespace) -> int:
    """The queue: urgent first, then the oldest. What this actor may not see is not in it, nor counted."""
    with at_desk(options) as desk:
        found = desk.needs.handling.queue(
            desk.actor,
            text=options.text,
            state=_state(desk, options.state),
            kind=_kind(desk, options.kind),
            district=options.district,
            team=options.team,
            mine=options.mine,
            ended=options.ended,
        )
        rows = [case_facts.row(desk, case) for case in found]
        if options.json:
            print_json(rows)
        elif rows:
            case_sheet.console().print(case_sheet.queue(desk, rows))
        else:
            say(desk.say("say.none"))
    return 0


def show(options: argparse.Namespace) -> int:
    with at_desk(options) as desk:
        facts = case_facts.whole(desk, desk.case(options.reference))
        if options.json:
            print_json(facts)
        else:
            case_sheet.console().print(case_sheet.sheet(desk, facts))
    return 0


def outline(options: argparse.Namespace) -> int:
    """Have a language model draft an outline, as the button of the console does."""
    with at_desk(options) as desk:
        lang = desk.phrases.lang
        made = desk.house.outlining.make(desk.actor, desk.case(options.reference))
        if isinstance(made, NotMade):
            raise CommandError(why_not(made, lang))
        for about in sorted(made):
            for line in made[about].lines:
                print_line(marked(line, lang))
        lines = sum(len(outline.lines) for outline in made.values())
        say(Phrases(lang, PART).say("outline.made", lines=lines))
    return 0


def phone(options: argparse.Namespace) -> int:
    """The contact of a case. Whole for who has it in hand, which is recorded with the reason; else masked."""
    with at_desk(options) as desk:
        case = desk.case(options.reference)
        contact = desk.needs.handling.contact(desk.actor, case.reference, options.reason)
        private = desk.needs.cases.private(case.id)
        for line in case_facts.contact(desk, case, private, masked=contact.masked):
            print_line(f"{line['label']}：{line['text']}")
        if contact.masked:
            say(desk.say("say.masked"))
        elif private is None:
            say(desk.say("say.erased"))
    return 0


def tasks(options: argparse.Namespace) -> int:
    """What is to be done for cases this actor works on."""
    with at_desk(options) as desk:
        found = []
        for task in Tasks(desk.needs.cases.engine).open():
            case = desk.needs.cases.by_id(task.case)
            if case is not None and sees(desk.actor, case):
                found.append(case_facts.task_facts(desk, task, case.reference))
        if options.json:
            print_json(found)
        for task_row in () if options.json else found:
            print_line(case_sheet.task_line(task_row))
        if not found and not options.json:
            say(desk.say("say.no_tasks"))
    return 0


def task_done(options: argparse.Namespace) -> int:
    with at_desk(options) as desk:
        task = Tasks(desk.needs.cases.engine).get(options.task)
        case = desk.needs.cases.by_id(task.case) if task else None
        if task is None or case is None or task.done_at or not sees(desk.actor, case):
            raise CommandError(desk.say("say.task_gone", task=options.task))
        desk.needs.handling.act(desk.actor, case.reference, "called", task=task.id, result=options.result)
        say(desk.say("say.task_done", task=task.id))
    return 0


def inbox(options: argparse.Namespace) -> int:
    with at_desk(options) as desk:
        box = StaffInbox(desk.needs.cases.engine)
        news = box.unread(desk.actor.id, desk.actor.teams)
        rows = [
            {
                "id": notice.id,
                "at": notice.created_at.isoformat(),
                "kind": notice.kind,
                "reference": notice.body.get("reference"),
                "to": notice.staff or notice.team,
                "text": staff_notice_text(notice.kind, notice.body, desk.phrases.lang),
            }
            for notice in news
        ]
        if options.json:
            print_json(rows)
        for row in () if options.json else rows:
            for line in f"{case_sheet.at(str(row['at']))}  {row['text']}".splitlines():
                print_line(line)
        if not rows and not options.json:
            say(desk.say("say.no_news"))
        if not options.keep:
            box.seen(desk.actor.id, desk.actor.teams, [notice.id for notice in news], desk.now)
    return 0


def act(options: argparse.Namespace) -> int:
    """Any move. What the enterprise asked for by telephone is done in its name, and who took the call is noted."""
    with at_desk(options) as desk:
        case = desk.case(options.reference)
        action, values = action_of(case, options), values_of(desk, case, options)
        if options.action in BY_PHONE:
            after = _by_phone(desk, case, action, values, options.rev)
        else:
            after = desk.needs.handling.act(desk.actor, case.reference, action, rev=options.rev, **values)
        state = desk.label("state", after.state)
        say(desk.say("say.done", reference=after.reference, action=desk.label("action", action), state=state))
    return 0


def _by_phone(desk: Desk, case: Case, action: str, values: dict[str, Any], rev: int | None) -> Case:
    what, said = desk.label("action", action), str(values.get("text") or "")
    text = desk.say("say.by_phone_said", what=what, said=said) if said else desk.say("say.by_phone", what=what)
    handling, caller = desk.needs.handling, owner(case.person, "phone")
    with desk.needs.cases.writing() as transaction:
        noted = handling.act_within(transaction, desk.actor, case.reference, "told_offline", rev=rev, text=text)
        return handling.act_within(transaction, caller, case.reference, action, rev=noted.rev, **values)


def _state(desk: Desk, typed: str | None) -> CaseState | None:
    if typed is None:
        return None
    if typed not in set(CaseState):
        raise CommandError(desk.say("say.unknown_state", state=clean(typed)[:40], states="、".join(CaseState)))
    return CaseState(typed)


def _kind(desk: Desk, typed: str | None) -> str | None:
    kinds = desk.needs.formbook.forms
    if typed is not None and typed not in kinds:
        raise CommandError(desk.say("say.unknown_kind", kind=clean(typed)[:40], kinds="、".join(sorted(kinds))))
    return typed
