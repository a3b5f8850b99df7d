"""The words of `case`: one action a line, what it needs and what it may be given. Imports nothing heavy.

Each action becomes `bot.commands.case:<function>`; those of a case's journey all run `act` with the values named here.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

EXITS = """exit codes:
  0  done
  1  not done: no such case (or not yours to see), not allowed now, changed by somebody else meanwhile,
     something is missing; the line on standard error says which and what to do
  2  the command line or a setting is wrong
"""

Arguments = Callable[[argparse.ArgumentParser], None]


def add_case(case: argparse.ArgumentParser, shared: Arguments) -> None:
    """Fill in the parser of `case`. `shared` adds what every command takes (--data)."""
    case.formatter_class = argparse.RawDescriptionHelpFormatter
    case.epilog = EXITS
    actions = case.add_subparsers(dest="action", required=True, metavar="ACTION")

    def add(name: str, said: str, function: str) -> argparse.ArgumentParser:
        parser = actions.add_parser(
            name, help=said, description=said, epilog=EXITS, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        shared(parser)
        parser.add_argument("--as", dest="account", required=True, metavar="ACCOUNT", help="the staff account you are")
        parser.set_defaults(run=function if ":" in function else f"case:{function}")
        return parser

    _looking(add)
    for name, (said, arguments) in MOVES.items():
        move = add(name, said, "act")
        move.add_argument("reference", metavar="REF", help="the case, such as KC26-7K2M9-4")
        move.add_argument("--rev", type=int, help="only if the case still stands at this revision (see `case show`)")
        for argument in arguments:
            argument(move)


def add_person(person: argparse.ArgumentParser, shared: Arguments) -> None:
    """Fill in the parser of `person`."""
    actions = person.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, said in (
        ("export", "everything kept about a person, as JSON on standard output"),
        ("erase", "erase a person: their words, files, drafts and accounts; open needs are withdrawn"),
    ):
        parser = actions.add_parser(name, help=said, description=said)
        shared(parser)
        parser.add_argument("who", metavar="REF|ACCOUNT", help="a case of theirs, or their account's id")
        parser.add_argument("--as", dest="account", required=True, metavar="ACCOUNT", help="the staff account you are")
        parser.add_argument("--reason", required=True, help="on whose request; this is recorded")
        parser.set_defaults(run=f"person:{name}")


def _looking(add: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    queue = add("list", "the cases you may see", "listing")
    queue.add_argument(
        "--text", default="", help="words in title, summary or answers, a number, the end of a telephone number"
    )
    queue.add_argument("--state", help="only this state, such as submitted")
    queue.add_argument("--kind", help="only this kind, such as technology")
    queue.add_argument("--district", help="only this district's code, such as 370212")
    queue.add_argument("--team", help="only this team's")
    queue.add_argument("--mine", action="store_true", help="only those assigned to you")
    queue.add_argument("--ended", action="store_true", help="those that ended, too")
    _json(queue)
    show = add("show", "a case: answers, clocks, quality, files, candidates, history", "show")
    show.add_argument("reference", metavar="REF")
    _json(show)
    outline = add("outline", "have the language model draft an outline; nothing personal leaves", "outline")
    outline.add_argument("reference", metavar="REF")
    phone = add("phone", "show the telephone number of a case in full; this is recorded", "phone")
    phone.add_argument("reference", metavar="REF")
    phone.add_argument("--reason", required=True, help="why you need it")
    tasks = add("tasks", "what is to be done, such as people to telephone", "tasks")
    _json(tasks)
    done = add("task-done", "note what came of a task", "task_done")
    done.add_argument("task", type=int, metavar="TASK")
    done.add_argument("--result", required=True, help="what was said or done")
    _docking(add)
    _exchange(add)
    inbox = add("inbox", "what you and your teams have not read; it counts as read then", "inbox")
    inbox.add_argument("--keep", action="store_true", help="leave it unread")
    _json(inbox)


def _exchange(add: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    template = add("template", "an empty sheet of a kind of need, to be filled in for others", "exchange:template")
    template.add_argument("kind", metavar="KIND", help="such as technology")
    template.add_argument("file", metavar="FILE.xlsx", help="a new file")
    taken = add("import", "register the needs of a filled-in sheet for an association, all or none", "exchange:take")
    taken.add_argument("file", metavar="FILE.xlsx")
    taken.add_argument("--behalf", required=True, metavar="NAME", help="the association that files them")
    taken.add_argument("--consented", action="store_true", help="it declares that everybody in the sheet agreed")
    taken.add_argument("--check", action="store_true", help="only say what it would come to")
    given = add("export", "the cases you may see as a sheet; this is recorded", "exchange:export")
    given.add_argument("file", metavar="FILE.xlsx", help="a new file")
    given.add_argument("--view", default="all", help="mine, new, team, soon, over, waiting or all (default)")
    given.add_argument("--text", default="", help="words, a number, the end of a telephone number")
    given.add_argument("--state", help="only this state")
    given.add_argument("--kind", help="only this kind")
    given.add_argument("--district", help="only this district's code")
    given.add_argument("--team", help="only this team's")
    given.add_argument("--full", metavar="REASON", help="contacts in full where you may see them, and why")
    given.add_argument(
        "--publishable", action="store_true", help="only what may go to the national platform, without contacts"
    )
    numbers = add("platform-import", "note the platform's numbers from its sheet, all or none", "exchange:numbers")
    numbers.add_argument("file", metavar="FILE.xlsx")


def _docking(add: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    parties = add("parties", "who may be worth asking for this case, for reference", "docking:parties")
    parties.add_argument("reference", metavar="REF")
    parties.add_argument("--most", type=int, default=20, help="so many at most (default 20)")
    dock = add("dock", "try a party for the case", "docking:dock")
    dock.add_argument("reference", metavar="REF")
    dock.add_argument("party", metavar="PARTY", help="its id or its name (see `party list`)")
    status = add("dock-status", "note how far it has come with a candidate", "docking:dock_status")
    _candidate(status)
    status.add_argument("status", metavar="STATUS", help="to_contact, contacted, interested, signed or failed")
    status.add_argument("--amount", type=int, metavar="YUAN", help="what was signed for, in 元")
    status.add_argument("--text", default="", help="a word on it")
    status.add_argument("--tell", action="store_true", help="the enterprise is told, and may read the word")
    log = add("dock-log", "note that a candidate was contacted", "docking:dock_log")
    _candidate(log)
    log.add_argument("--how", required=True, help="phone, message, mail, visit, meeting or other")
    log.add_argument("--result", required=True, help="what came of it")
    undock = add("undock", "take away a candidate that was added by mistake", "docking:undock")
    _candidate(undock)
    undock.add_argument("--text", default="", help="why")


def _candidate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("candidate", type=int, metavar="CANDIDATE", help="its number (see `case show`)")


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON on standard output")


def _argument(*names: str, **options: object) -> Arguments:
    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument(*names, **options)  # type: ignore[arg-type]  # passed through

    return add


def _text(said: str, *, required: bool = True) -> Arguments:
    return _argument("--text", required=required, default="", help=said)


_TEAM = _argument("team", metavar="TEAM", help="the team's id (see `team list`)")
_WHY = _text("why")
_SET = _argument(
    "--set", dest="answers", action="append", default=[], metavar="STEP=ANSWER", help="an answer, by the step's id"
)

MOVES: dict[str, tuple[str, tuple[Arguments, ...]]] = {
    "accept": ("take a case that was submitted; you are then responsible", ()),
    "claim": ("the same; of a case that is already accepted: make it yours", ()),
    "ask": (
        "ask the enterprise for more information; the clock stands still until it answers",
        (
            _argument("--step", dest="steps", action="append", default=[], help="a question of the form, by its id"),
            _text("what is missing, in words the enterprise reads"),
        ),
    ),
    "reject": (
        "do not accept: with a reason and what to do instead",
        (
            _argument("--reason", required=True, help="the reason's code"),
            _text("the reason in words, 10 characters or more"),
            _argument("--alternative", required=True, help="what the enterprise can do instead"),
        ),
    ),
    "reply": (
        "note what the enterprise answered on the telephone to what it was asked",
        (_SET, _text("in its words", required=False)),
    ),
    "correct": (
        "correct answers of the form, as the enterprise said",
        (_SET, _text("why", required=False)),
    ),
    "route": (
        "hand it to a team",
        (
            _TEAM,
            _argument("--co-team", dest="co_teams", action="append", default=[], metavar="TEAM", help="a team to help"),
            _text("a word to the team", required=False),
        ),
    ),
    "sign": ("sign for a case that was routed to your team", ()),
    "bounce": (
        "send it back to whoever routed it (twice at most)",
        (_argument("--reason", required=True, help="the reason's code"), _WHY),
    ),
    "adjudicate": ("decide which team it is, for good (city coordinator)", (_TEAM, _WHY)),
    "start": ("begin to work on it", ()),
    "publish": (
        "note that it was published on a platform outside",
        (
            _argument("--ref", required=True, help="its number there"),
            _argument("--url", required=True, help="where it stands"),
            _argument("--expires", required=True, help="until when, YYYY-MM-DD"),
        ),
    ),
    "platform": (
        "note the number a need was given on the national platform",
        (
            _argument("--ref", required=True, help="its number there"),
            _argument("--url", default="", help="where it stands there"),
        ),
    ),
    "response": ("note that somebody answered to the publication", (_text("who and what"),)),
    "answer": (
        "tell the enterprise what came of it; it is asked to confirm",
        (
            _argument("--outcome", required=True, help="the outcome's code"),
            _text("the answer, in words the enterprise reads"),
            _argument("--cite", dest="citations", action="append", default=[], help="a policy it rests on"),
        ),
    ),
    "close": (
        "close it, as the enterprise confirmed by telephone",
        (_argument("--score", type=int, help="1 to 5, as they said"), _text("what they said", required=False)),
    ),
    "dissatisfied": ("note that the enterprise is not satisfied, as it said by telephone", (_text("with what"),)),
    "propose": (
        "ask the lead to publish, extend or close",
        (_argument("what", metavar="WHAT", help="publish, extend, close or other"), _WHY),
    ),
    "reopen": ("take up again what was ended", (_WHY,)),
    "withdraw": ("withdraw it, as the enterprise asked by telephone", (_WHY,)),
    "merge": (
        "make it part of another case",
        (
            _argument("--into", required=True, metavar="REF"),
            _argument("--common-need", action="store_true", help="of another enterprise: a common need (共性需求)"),
            _WHY,
        ),
    ),
    "split": (
        "make several cases of it",
        (
            _argument(
                "--part", dest="parts", action="append", required=True, metavar="TITLE|SUMMARY", help="one new case"
            ),
            _WHY,
        ),
    ),
    "rekind": ("correct its kind", (_argument("kind", metavar="KIND", help="such as technology"), _WHY)),
    "extend": (
        "promise a later date (before the promised one has passed; twice at most)",
        (_argument("--until", required=True, help="YYYY-MM-DD"), _WHY),
    ),
    "urge": ("remind whoever works on it", ()),
    "assign": ("make it somebody's", (_argument("staff", metavar="ACCOUNT", help="whose"),)),
    "release": ("give it back to the team", ()),
    "note": (
        "add a note to its history",
        (_text("the note"), _argument("--public", action="store_true", help="the enterprise may read it")),
    ),
    "message": (
        "write to the enterprise on its channel",
        (
            _text("what it reads"),
            _argument("--take-over", action="store_true", help="the assistant is silent there from now on"),
        ),
    ),
    "take-over": ("answer the enterprise yourself: the assistant is silent there", ()),
    "hand-back": ("let the assistant answer the enterprise again", ()),
    "verify-uscc": ("note that the organisation's code was checked", ()),
    "told": ("note that the enterprise was told by telephone or in person", (_text("what it was told"),)),
    "called": (
        "note what came of a call task",
        (
            _argument("task", type=int, metavar="TASK"),
            _argument("--result", required=True, help="what was said"),
        ),
    ),
}
