"""The words of `staff`, `team`, `party` and `matrix`. Imports nothing heavy."""

from __future__ import annotations

import argparse
from collections.abc import Callable

EXITS = """exit codes:
  0  done
  1  not done; the line on standard error says why and what to do
  2  the command line or a setting is wrong
"""

Arguments = Callable[[argparse.ArgumentParser], None]
Commands = argparse._SubParsersAction  # what add_subparsers gives; argparse has no public name for it


class Actions:
    """The actions of one command. Each runs `<command>:<command>_<action>`."""

    def __init__(self, parser: argparse.ArgumentParser, command: str, shared: Arguments) -> None:
        self._into = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        self._command, self._shared = command, shared

    def add(self, name: str, said: str, account: bool | None = True) -> argparse.ArgumentParser:
        """`account`: whether --as must be given; None where it may be."""
        parser = self._into.add_parser(
            name, help=said, description=said, epilog=EXITS, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        self._shared(parser)
        if account is not False:
            parser.add_argument(
                "--as", dest="account", required=bool(account), metavar="ACCOUNT", help="the staff account you are"
            )
        parser.set_defaults(run=f"{self._command}:{self._command}_{name}")
        return parser


def add_registers(commands: Commands[argparse.ArgumentParser], shared: Arguments) -> None:
    """Add the four commands. `shared` adds what every command takes (--data)."""
    staff = commands.add_parser("staff", help="accounts of the service teams: roles, areas, teams, absences (admin)")
    _staff(Actions(staff, "staff", shared))
    team = commands.add_parser("team", help="the service teams and the directory of liaisons (admin)")
    _team(Actions(team, "team", shared))
    party = commands.add_parser("party", help="the register of parties to dock with (coordinator, admin)")
    _party(Actions(party, "party", shared))
    matrix = commands.add_parser("matrix", help="district × industry × society (coordinator, admin)")
    _matrix(Actions(matrix, "matrix", shared))


def _staff(actions: Actions) -> None:
    _all(actions.add("list", "the accounts, with roles, areas and teams", False))
    add = actions.add("add", "a new account; the very first one needs no --as and must be an admin", None)
    _account(add)
    add.add_argument("--name", required=True, help="what colleagues and enterprises read")
    _roles(add, "--role")
    _areas(add, "--area")
    add.add_argument("--phone")
    role = actions.add("role", "what an account may do: these roles from now on")
    _account(role)
    _roles(role, "roles")
    area = actions.add("area", "which districts and zones an account covers: these from now on; none without any")
    _account(area)
    _areas(area, "areas")
    team = actions.add("team", "put an account into a team, change its place there, or take it out")
    _account(team)
    team.add_argument("team", metavar="TEAM")
    team.add_argument("--lead", action="store_true", help="leads the team")
    team.add_argument("--liaison", action="store_true", help="is its liaison (联络员)")
    team.add_argument("--leave", action="store_true", help="take it out of the team")
    away = actions.add("away", "note an absence, or that it is over")
    _account(away)
    away.add_argument("--from", dest="away_from", metavar="YYYY-MM-DD", help="the first day (default today)")
    away.add_argument("--until", dest="away_until", metavar="YYYY-MM-DD", help="the last day (default open)")
    away.add_argument("--deputy", metavar="ACCOUNT", help="who stands in")
    away.add_argument("--back", action="store_true", help="back again")
    deputy = actions.add("deputy", "who stands in while an account is away; nobody without one")
    _account(deputy)
    deputy.add_argument("deputy", nargs="?", metavar="DEPUTY")
    _account(actions.add("retire", "end an account; what it did stays in the histories"))
    password = actions.add("password", "a one-time password to sign in to the console with", False)
    _account(password)
    password.add_argument("--clear-code", action="store_true", help="remove the second factor, too (a lost telephone)")
    password.set_defaults(run="staff_password:staff_password")


def _team(actions: Actions) -> None:
    _all(actions.add("list", "the teams, from the city down", False))
    add = actions.add("add", "a new team")
    add.add_argument("team", metavar="TEAM", help="its id, such as laoshan")
    add.add_argument("--name", required=True)
    add.add_argument("--area", required=True, help="city, or a district or zone by name or code")
    _team_fields(add)
    edit = actions.add("edit", "change a team")
    edit.add_argument("team", metavar="TEAM")
    edit.add_argument("--name")
    edit.add_argument("--area", help="city, or a district or zone by name or code")
    _team_fields(edit)
    edit.add_argument("--active", action="store_true", help="take a retired team into service again")
    actions.add("retire", "end a team: nothing is routed to it any more").add_argument("team", metavar="TEAM")
    actions.add("members", "who is in a team", False).add_argument("team", metavar="TEAM")
    liaisons = actions.add("liaisons", "the directory: whom to ring in each team now", False)
    liaisons.add_argument("--dormant", type=float, metavar="DAYS", help="only those who did nothing for so many days")


def _team_fields(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kind", dest="kinds", action="append", help="takes only such needs (repeatable; - for all)")
    parser.add_argument(
        "--industry", dest="industries", action="append", help="only this industry (repeatable; - for all)"
    )
    parser.add_argument("--phone", help="its public telephone; empty to remove it")
    parser.add_argument("--rank", type=int, help="among equals the lower goes first")


def _party(actions: Actions) -> None:
    queue = actions.add("list", "the parties", False)
    queue.add_argument("--text", default="", help="words in name or field")
    queue.add_argument("--type", help="such as 全国学会")
    queue.add_argument("--industry", help="such as 现代海洋")
    queue.add_argument("--district", help="such as 崂山区")
    _all(queue)
    show = actions.add("show", "a party; its contact in full only with --as", None)
    _one_party(show)
    add = actions.add("add", "a new party")
    add.add_argument("--name", required=True)
    add.add_argument("--type", required=True, help="such as 高校")
    add.add_argument("--source", required=True, help="where this is from")
    _party_fields(add)
    edit = actions.add("edit", "change a party; an empty value removes what is there")
    _one_party(edit)
    edit.add_argument("--name")
    edit.add_argument("--type")
    edit.add_argument("--source")
    _party_fields(edit)
    edit.add_argument("--active", help="是 or 否")
    _one_party(actions.add("retire", "suggest and choose it no more; cases keep it"))
    _file(actions.add("import", "take an XLSX in the layout of `party template`: all of it, or nothing"))
    _file(actions.add("export", "write the register to an XLSX, contacts included; this is recorded"))
    _file(actions.add("template", "write an empty XLSX to fill in", False))


def _party_fields(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fields", help="what it works on: words parted by 、")
    parser.add_argument("--industries", help="such as 现代海洋、高端化工")
    parser.add_argument("--district")
    parser.add_argument("--contact", dest="contact_name", help="whom to ask for")
    parser.add_argument("--phone", dest="contact_phone")
    parser.add_argument("--email", dest="contact_email")
    parser.add_argument("--as-of", dest="as_of", metavar="DATE", help="YYYY, YYYY-MM or YYYY-MM-DD")
    parser.add_argument("--verified", help="是 or 否")


def _matrix(actions: Actions) -> None:
    show = actions.add("show", "whom to ask first, by district and industry", False)
    show.add_argument("--district", help="a district or zone by name or code")
    show.add_argument("--industry", help="such as 现代海洋")
    _file(actions.add("export", "write the matrix to an XLSX", False))
    _file(actions.add("import", "make an XLSX in that layout the whole matrix: all of it, or nothing"))


def _account(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("who", metavar="STAFF", help="the account, such as wangli")


def _roles(parser: argparse.ArgumentParser, name: str) -> None:
    said = "clerk, specialist, lead, coordinator, editor, admin, auditor"
    if name.startswith("-"):
        parser.add_argument(
            name, dest="roles", action="append", required=True, metavar="ROLE", help=f"{said} (repeatable)"
        )
    else:
        parser.add_argument(name, nargs="+", metavar="ROLE", help=said)


def _areas(parser: argparse.ArgumentParser, name: str) -> None:
    said = "city, or a district or zone by name or code"
    if name.startswith("-"):
        parser.add_argument(
            name, dest="areas", action="append", default=[], metavar="AREA", help=f"{said} (repeatable)"
        )
    else:
        parser.add_argument(name, nargs="*", metavar="AREA", help=said)


def _one_party(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("party", metavar="PARTY", help="its id or its name")


def _file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE.xlsx")


def _all(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="those that were retired, too")
