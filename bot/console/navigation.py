"""What stands in the navigation, in order; somebody sees the entries whose pages their roles admit them to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.console.rules import Rule
from intake.cases import Role


@dataclass(frozen=True, slots=True)
class Entry:
    """A link; its words are `nav.<key>` in bot/wording/console*.toml. `group` keeps those of one kind together."""

    key: str
    path: str
    group: str


ENTRIES = (
    Entry("queue", "/console/queue", "work"),
    Entry("new_case", "/console/new", "work"),
    Entry("templates", "/console/templates", "work"),
    Entry("parties", "/console/parties", "work"),
    Entry("numbers", "/console/numbers", "figures"),
    Entry("sheets", "/console/sheets", "figures"),
    Entry("corpus", "/console/corpus", "policies"),
    Entry("unanswered", "/console/unanswered", "policies"),
    Entry("kept", "/console/kept", "policies"),
    Entry("staff", "/console/staff", "house"),
    Entry("teams", "/console/teams", "house"),
    Entry("routing", "/console/routing", "house"),
    Entry("calendar", "/console/calendar", "house"),
    Entry("history", "/console/history", "house"),
    Entry("sign_ins", "/console/sign-ins", "house"),
)


def entries(rules: Sequence[Rule], roles: Iterable[Role]) -> list[Entry]:
    """The entries whose page exists and admits one of these roles."""
    mine = frozenset(roles)
    open_to = {rule.path for rule in rules if rule.method == "GET" and not mine.isdisjoint(rule.roles)}
    return [entry for entry in ENTRIES if entry.path in open_to]
