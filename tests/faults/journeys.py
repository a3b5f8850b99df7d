"""kill -9 in the middle of a need: at every answer, the consent, the card, the confirmation, and while notices go out.

After a kill the same message is sent again to a new process, as a browser or Telegram does. Nothing acknowledged may
be missing before it; after it the conversation must stand where it stands without a kill; and in the end there is one
case, one receipt however often it is asked for, and each notice went out once or, at a kill, twice.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from db.engine import reading
from intake.store.cases import CaseStore, verify_chain
from intake.store.drafts import Drafts
from tests.faults.conversing import AFTER, BEFORE, DELIVERED, LEASED, UNSENT
from tests.faults.writers import opened

ROOT = Path(__file__).parents[2]
TYPED = {
    "problem": "反渗透膜在高盐废水中运行三个月后通量衰减超过 40%，清洗后只能恢复到八成，产线每月停机两次，影响交货。",
    "tech_need_type": "工艺改进",
    "key_indicators": "通量 ≥ 25 LMH，脱盐率 ≥ 99.5%",
    "coop_modes": "1、3",
    "budget_band": "两三百万",
    "title": "高盐废水反渗透膜抗污染技术",
    "summary": "寻找能在高盐废水中长期稳定运行的反渗透膜材料和清洗方案",
    "deadline": "年底前",
    "org_name": "青岛某某新材料有限公司",
    "uscc": "91370200264574251E",
    "org_type": "企业",
    "district": "崂山",
    "industry": "海水淡化设备",
    "contact_name": "张工",
    "contact_phone": "13800138000",
}
PRESSED = ("技术需求", "不用，一项一项填", "同意", "仅经办人可见", "我承诺：不含国家秘密，信息真实", "提交")
OPENING, SUBMITTED = "找技术", "form_submitted"
POINTS = {
    "answer-uncommitted": ("problem", BEFORE),
    "answer-committed": ("key_indicators", AFTER),
    "answer-unsent": ("budget_band", UNSENT),
    "deadline-committed": ("deadline", AFTER),
    "consent-committed": ("同意", AFTER),
    "personal-uncommitted": ("contact_phone", BEFORE),
    "personal-committed": ("contact_phone", AFTER),
    "card-committed": ("仅经办人可见", AFTER),
    "confirm-uncommitted": ("提交", BEFORE),
    "confirm-committed": ("提交", AFTER),
    "confirm-unsent": ("提交", UNSENT),
    "notice-leased": ("notices", LEASED),
    "notice-delivered": ("notices", DELIVERED),
}
"""Each failpoint: the message it is passed at (a step's id, or a button), and on which side of a commit."""


class JourneyError(AssertionError):
    """Something acknowledged was lost, done twice, or the conversation stood somewhere else after a kill."""


@dataclass(slots=True)
class Child:
    """The assistant in a process of its own."""

    data: Path
    process: subprocess.Popen[str] = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.conversing", str(self.data), "visitor"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def say(self, line: dict[str, Any]) -> dict[str, Any] | None:
        """The reply; None where the process died of it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(line, ensure_ascii=False) + "\n")
        self.process.stdin.flush()
        replied = self.process.stdout.readline()
        if replied:
            return dict(json.loads(replied))
        self._close()
        if self.process.returncode != -signal.SIGKILL:
            raise JourneyError(f"the process ended by itself at {line}: {self.process.returncode}")
        return None

    def _close(self) -> None:
        with suppress(BrokenPipeError):
            self.process.communicate()

    def stop(self) -> None:
        self.process.kill()
        self._close()


@dataclass(slots=True)
class Journey:
    """One need from the first word to its notices; `kills` says at which message to die, and where."""

    data: Path
    kills: dict[str, str]
    killed: int = 0
    slowest: float = 0.0
    passed: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    reference: str = ""
    _number: int = 0
    _last: dict[str, Any] = field(default_factory=dict)

    def run(self) -> Journey:
        child = Child(self.data)
        try:
            self._walk(child)
            self._submit_again(child)
            self._tell(child)
        finally:
            child.stop()
        self._check()
        return self

    def _walk(self, child: Child) -> None:
        reply, said = self._say(child, OPENING, {"text": OPENING}), OPENING
        while reply["status"] != SUBMITTED:
            said, line = _next(reply)
            reply = self._say(child, said, line)
            self.acknowledged += [said] if said in TYPED else []
            if self._number > 60:
                raise JourneyError(f"no end in sight after {said}: {reply}")
        self._last = line
        self.reference = _number_in(reply["text"])

    def _say(self, child: Child, said: str, line: dict[str, Any]) -> dict[str, Any]:
        """Say it, dying of it where that is asked for, and then again with the same id."""
        self._number += 1
        line = {**line, "id": f"m{self._number}"}
        die = self.kills.get(said)
        reply = child.say({**line, "die": die} if die else line)
        if reply is None:
            self._revived(child)
            reply = child.say(line)
        elif die:
            raise JourneyError(f"{die} was not passed at {said}")
        if reply is None:
            raise JourneyError("died without being told to")
        self.passed.append((reply["status"], reply["input"], reply["name"]))
        return reply

    def _revived(self, child: Child) -> None:
        self.killed += 1
        self._check_acknowledged()
        started = time.perf_counter()
        child.start()
        child.say({"deliver": True})  # it serves again when this is through
        self.slowest = max(self.slowest, time.perf_counter() - started)

    def _check_acknowledged(self) -> None:
        with opened(f"sqlite:///{self.data / 'assistant.db'}") as engine, reading(engine) as connection:
            if connection.scalar(text("PRAGMA integrity_check")) != "ok":
                raise JourneyError("the database is damaged")
            person = connection.scalar(text("SELECT person FROM accounts"))
            drafts, cases = Drafts(engine).all(str(person)), _store(engine).find()
        kept = {step for draft in drafts for step in draft.answers} | ({*TYPED} if cases else set())
        if not kept.issuperset(self.acknowledged):
            raise JourneyError(f"acknowledged and lost: {set(self.acknowledged) - kept}")

    def _submit_again(self, child: Child) -> None:
        """The same button once more, as a new message: the same receipt, no second case."""
        again = child.say({**self._last, "id": "again"})
        if again is None or _number_in(again["text"]) != self.reference:
            raise JourneyError(f"another receipt for the same draft: {again}")

    def _tell(self, child: Child) -> None:
        """A clerk accepts, which the submitter is told of."""
        child.say({"accept": self.reference})
        die = self.kills.get("notices")
        if die and child.say({"deliver": True, "die": die}) is None:
            self.killed += 1
            child.start()
        elif die:
            raise JourneyError(f"{die} was not passed while notices went out")
        child.say({"deliver": True})

    def _check(self) -> None:
        with opened(f"sqlite:///{self.data / 'assistant.db'}") as engine:
            self._check_case(_store(engine))
        sent = Counter((self.data / "delivered").read_text().split())
        if not sent or max(sent.values()) > (2 if self.kills.get("notices") == DELIVERED else 1):
            raise JourneyError(f"notices went out {sent}")

    def _check_case(self, store: CaseStore) -> None:
        found = store.find()
        if [case.reference for case in found] != [self.reference]:
            raise JourneyError(f"one case was submitted, these are there: {[case.reference for case in found]}")
        (case,) = found
        if case.answers["problem"].value != TYPED["problem"] or not verify_chain(case, store.events(case.id)):
            raise JourneyError("the case is not what was submitted")
        private = store.private(case.id)
        if private is None or set(private.personal) != {"contact_name", "contact_phone"}:
            raise JourneyError("the contact is not with the case")


def _next(reply: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """What a person says to this reply."""
    if reply["name"] in TYPED:
        return str(reply["name"]), {"text": TYPED[reply["name"]]}
    for label in PRESSED:
        for key, shown in reply["choices"]:
            if shown.startswith(label):
                return label, {"choice": key}
    raise JourneyError(f"nothing to say to {reply}")


def _number_in(words: str) -> str:
    found = [word for word in words.replace("，", " ").replace("。", " ").split() if word.startswith("KC")]
    return found[0] if found else ""


def _store(engine: Engine) -> CaseStore:
    return CaseStore(engine, lambda _connection, _telling, _at: None)


def hits(data: Path) -> list[str]:
    """The failpoints that killed, as the dying wrote them down."""
    file = data / "hits"
    return file.read_text().split() if file.exists() else []


def undisturbed(data: Path) -> Journey:
    """The same journey without a kill: what the others are held against."""
    return Journey(data, {}).run()


def round_at(data: Path, point: str, expected: Journey) -> Journey:
    """One journey killed at a named failpoint. Raises JourneyError for anything a kill must not do."""
    said, die = POINTS[point]
    journey = Journey(data, {said: die}).run()
    if hits(data) != [die] or journey.killed != 1:
        raise JourneyError(f"{point}: killed {journey.killed} times, hits {hits(data)}")
    if journey.passed != expected.passed:
        raise JourneyError(f"{point}: stood elsewhere: {list(_differing(journey, expected))}")
    return journey


def round_everywhere(data: Path, die: str, expected: Journey) -> Journey:
    """One journey killed at every single message of it, on that side of a commit."""
    names = [*TYPED, *PRESSED, OPENING]
    journey = Journey(data, dict.fromkeys(names, die)).run()
    if journey.passed != expected.passed or set(hits(data)) != {die}:
        raise JourneyError(f"{die} everywhere: stood elsewhere: {list(_differing(journey, expected))}")
    return journey


def _differing(one: Journey, other: Journey) -> Iterator[tuple[Any, Any]]:
    return (pair for pair in zip(one.passed, other.passed, strict=False) if pair[0] != pair[1])
