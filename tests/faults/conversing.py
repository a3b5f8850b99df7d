"""A conversation in a process of its own, which dies of SIGKILL where it was told to.

`python -m tests.faults.conversing DATA KEY`: a message a line on standard input, `{"id", "text" or "choice", "die"?}`;
a reply a line on standard output. `{"accept": reference}` is a clerk's move, `{"deliver": true, "die"?}` sends what is
due of the outbox. `die` names a failpoint; before it kills, its name is written to DATA/hits. What is wired is what
the assistant wires, less the doors.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.accounts import Accounts
from bot.bootstrap import House, build
from bot.clock import SystemClock
from bot.messages import Message, Reply
from bot.outbox import LEASE, Outbox
from intake.cases import ALL_AREAS, Actor, Role
from tests.support.houses import small_settings

BEFORE, AFTER, UNSENT = "uncommitted", "committed", "unsent"
"""Before the first commit that a message leads to · right after it · after all of them, before the reply is out."""

LEASED, DELIVERED = "leased", "delivered"
"""A notice is taken and not sent · sent and not marked."""


class Fuse:
    """Kills this process, as the kernel would, when the armed failpoint is passed."""

    def __init__(self, data: Path) -> None:
        self._hits = data / "hits"
        self._armed: str | None = None

    def arm(self, point: str | None) -> None:
        self._armed = point

    def __call__(self, passed: str) -> None:
        if passed != self._armed:
            return
        with self._hits.open("a") as hits:
            hits.write(passed + "\n")
            hits.flush()
            os.fsync(hits.fileno())
        os.kill(os.getpid(), signal.SIGKILL)


def watch_commits(house: House, fuse: Fuse) -> None:
    """Pass the fuse on both sides of every commit."""
    dialect = house.engine.dialect
    commit = dialect.do_commit

    def watched(connection: Any) -> None:
        fuse(BEFORE)
        commit(connection)
        fuse(AFTER)

    dialect.do_commit = watched  # type: ignore[method-assign]  # where every transaction of this engine ends


def message_of(line: Mapping[str, Any], account: str, house: House) -> Message:
    return Message(
        id=line["id"],
        account=account,
        conversation="main",
        received_at=house.clock.now(),
        text=line.get("text"),
        choice=line.get("choice"),
    )


def told(reply: Reply) -> dict[str, Any]:
    form = reply.form
    return {
        "status": reply.status,
        "text": reply.text,
        "choices": [[choice.id, choice.label] for choice in reply.choices],
        "input": form.input if form else None,
        "name": form.name if form else None,
    }


def deliver(house: House, data: Path, fuse: Fuse) -> int:
    """Send what is due: a line in DATA/delivered each."""
    outbox, now = Outbox(house.engine), house.clock.now()
    # Late enough for what waits to be read on the page, and for what a process that died had taken.
    notices = outbox.due(now + timedelta(days=30) + _round(data) * 2 * LEASE)
    for notice in notices:
        fuse(LEASED)
        with (data / "delivered").open("a") as delivered:
            delivered.write(f"{notice.id}\n")
            delivered.flush()
            os.fsync(delivered.fileno())
        fuse(DELIVERED)
        outbox.mark_sent(notice.id, now)
    return len(notices)


def clerk(house: House) -> Actor:
    """Somebody of every team, who sees the cases that only those who handle them may see, too."""
    teams = frozenset(team.id for team in house.needs().register.teams())
    return Actor("clerk", "李工", frozenset({Role.CLERK}), "cli", areas=frozenset({ALL_AREAS}), teams=teams)


def _round(data: Path) -> int:
    """How often a process died so far."""
    return len((data / "hits").read_text().split()) if (data / "hits").exists() else 0


def main(folder: str, key: str) -> None:
    data = Path(folder)
    fuse = Fuse(data)
    house = build(small_settings(data), SystemClock(), vectors=False)
    conversation = house.conversation()
    account = Accounts(house.engine, house.clock).of("web", key).id
    watch_commits(house, fuse)
    for line in map(json.loads, sys.stdin):
        fuse.arm(line.get("die"))
        said: dict[str, Any]
        if line.get("deliver"):
            said = {"delivered": deliver(house, data, fuse)}
        elif line.get("accept"):
            said = {"state": house.needs().handling.act(clerk(house), line["accept"], "accept").state}
        else:
            said = told(conversation.handle(message_of(line, account, house)))
        fuse(UNSENT)
        sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
