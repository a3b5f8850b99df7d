"""The console over a bureau's real parts, and staff at it: they sign in, keep their cookies and fill in forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from argon2 import PasswordHasher
from fastapi import FastAPI
from httpx import Response
from starlette.testclient import TestClient

from bot.arrivals import Arrivals
from bot.console.parts import ConsoleParts, Documents
from bot.console.passwords import Passwords
from bot.console.store.credentials import Credentials
from bot.corpus_drafts import Drafts
from bot.corpus_rights import CorpusRights
from bot.history import History
from bot.kept_answers import KeptAnswers
from bot.outlining import Outlining
from bot.page_images import PageImages
from bot.publishing import Publishing
from bot.refreshing import CorpusWork
from bot.rehearsing import Rehearsals
from bot.round_parts import rounds_of
from bot.taking_in import TakingIn
from bot.web import create_app
from intake.cases import SYSTEM, Role
from intake.staff import Staff
from rag.corpus import read_corpus
from rag.parsing import parse_file
from rag.pipeline import Pipeline
from rag.reader import Reader
from tests.bot.fakes_web import FakeAssistant, FakeLibrary, FakeSessions
from tests.support.bureau import STAFF, Bureau
from tests.support.shelves import memory_places

PASSWORD = "海边 茶壶 七点 琴键 下雪"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""What a password costs is Argon2's business; tests ask whether it is asked."""

HOST = "http://127.0.0.1:8000"
_TOKEN = re.compile(r'name="csrf" value="([0-9a-f]{64})"')

EVERYBODY = {
    **STAFF,
    "edit": Staff("edit", "冯编", frozenset({Role.EDITOR})),
    "local": Staff("local", "褚区", frozenset({Role.EDITOR}), frozenset({"370212"})),
    "far": Staff("far", "陈远", frozenset({Role.CLERK}), frozenset({"370281"})),
}
"""One account a role, an editor of one district, and a clerk of another."""


@lru_cache(maxsize=1)
def hashed() -> str:
    return Passwords(QUICK).hash(PASSWORD)


@dataclass
class Console:
    """`stop` times with `bureau.clock`. Everybody's password is PASSWORD."""

    bureau: Bureau
    settings: dict[str, Any] = field(default_factory=dict)
    parts: ConsoleParts = field(init=False)
    app: FastAPI = field(init=False)

    def __post_init__(self) -> None:
        self.parts = parts_of(self.bureau, **self.settings)
        for account in ("edit", "local", "far"):
            self.bureau.needs.register.put_staff(EVERYBODY[account], SYSTEM, self.bureau.clock.now())
        credentials = Credentials(self.bureau.engine)
        for account in EVERYBODY:
            credentials.put_password(account, hashed(), self.bureau.clock.now(), must_change=False)
        self.app = create_app(
            FakeAssistant(),
            FakeLibrary(),
            FakeSessions(),
            console=self.parts,
            hosts=["console.example.cn"],
            https=self.parts.https,
            now=self.bureau.clock.now,
        )

    def visitor(self, base: str = HOST) -> Person:
        """Somebody who has not signed in."""
        return Person(self, TestClient(self.app, base_url=base, follow_redirects=False))

    def staff(self, account: str, password: str = PASSWORD) -> Person:
        """An account that has signed in. Its password was entered long enough ago to be asked for again."""
        person = self.visitor()
        entered = person.sign_in(account, password)
        assert entered.status_code == 303, entered.text
        return person

    def pass_minutes(self, minutes: float) -> None:
        self.bureau.clock.advance(timedelta(minutes=minutes))


@dataclass
class Person:
    """A browser. `get` and `post` are below /console and say what a browser says of itself."""

    console: Console
    client: TestClient

    def get(self, path: str = "", **options: Any) -> Response:
        return cast(Response, self.client.get(f"/console{path}", headers=_headers(options), **options))

    def post(self, path: str, values: dict[str, Any] | None = None, **options: Any) -> Response:
        """Post a form with the session's token (unless `csrf` is among the values)."""
        filled = {"csrf": self.token(), **(values or {})}
        headers = {"sec-fetch-site": "same-origin", **_headers(options)}
        return cast(Response, self.client.post(f"/console{path}", data=filled, headers=headers, **options))

    def sign_in(self, account: str, password: str = PASSWORD, *, onward: str = "/console/me") -> Response:
        self.get("/sign-in")
        return self.post("/sign-in", {"account": account, "password": password, "next": onward})

    def confirm(self, password: str = PASSWORD) -> Response:
        """Enter the password once more, so that grave things are not asked for again."""
        return self.post("/me/confirm", {"password_again": password, "next": "/console/me"})

    def token(self) -> str:
        """The token of the forms on a page this person may open."""
        for path in ("/me", "/me/password", "/sign-in/code", "/sign-in"):
            found = _TOKEN.search(self.get(path).text)
            if found:
                return found[1]
        return ""


def token_in(page: Response) -> str:
    found = _TOKEN.search(page.text)
    assert found, page.text[:400]
    return found[1]


def parts_of(bureau: Bureau, **settings: Any) -> ConsoleParts:
    """The parts as the house wires them, with an index in memory and a folder of policies that is not there yet."""
    from intake.followed_calendar import FollowedCalendar

    places = settings.pop("places", None) or memory_places()
    reader = settings.pop("reader", None) or Reader(places)
    folder = Path(bureau.settings.data_dir) / "policies"
    spawn = settings.pop("spawn", at_once)
    work = CorpusWork(folder, places, reader, bureau.clock.now, spawn)
    documents = documents_of(bureau, work, spawn, settings)
    kept = KeptAnswers(bureau.engine, bureau.clock.now)
    calendar = bureau.needs.timing.calendar
    assert isinstance(calendar, FollowedCalendar)
    given: dict[str, Any] = {
        "needs": bureau.needs,
        "outlining": Outlining(bureau.needs, None),
        "accounts": bureau.accounts,
        "history": History(bureau.engine, bureau.clock),
        "library": FakeLibrary(),
        "reader": reader,
        "places": places,
        "corpus": work,
        "documents": documents,
        "rights": CorpusRights(documents.taking_in, bureau.needs.reference),
        "pipeline": Pipeline(reader, bureau.clock.today, approved=kept),
        "kept": kept,
        "rounds": rounds_of(
            bureau.engine,
            bureau.settings,
            bureau.clock,
            documents.taking_in,
            documents.publishing,
            reader,
            bureau.needs.register.staff,
            spawn=spawn,
        ),
        "settings": bureau.settings,
        "clock": bureau.clock,
        "engine": bureau.engine,
        "calendar_file": Path(bureau.settings.data_dir) / "calendar.toml",
        "take_calendar": calendar.refresh,
        "hasher": QUICK,
    }
    return ConsoleParts(**{**given, **settings})


def documents_of(
    bureau: Bureau, work: CorpusWork, spawn: Callable[[Callable[[], None]], None], settings: dict[str, Any]
) -> Documents:
    """Files are read by the parser itself, in a child, unless `parse` is another; `golden` is a file of questions."""
    clock, originals = bureau.clock, Path(bureau.settings.data_dir) / "originals"
    taking_in = TakingIn(
        Drafts(bureau.engine),
        lambda: read_corpus(work.folder).policies if work.folder.exists() else [],
        originals,
        clock.now,
        clock.today,
        settings.pop("parse", parse_file),
    )
    images = PageImages(Path(bureau.settings.data_dir) / "page_images", originals)
    by_two = settings.pop("by_two", False)
    publishing = Publishing(work, taking_in, clock.now, clock.today, settings.pop("golden", None), two_persons=by_two)
    arrivals, rehearsals = Arrivals(taking_in, originals, spawn), Rehearsals(publishing, clock.now, spawn)
    return Documents(taking_in, arrivals, images, publishing, rehearsals)


def at_once(work: Callable[[], None]) -> None:
    """In place of a thread."""
    work()


def _headers(options: dict[str, Any]) -> dict[str, str]:
    given: dict[str, str] = options.pop("headers", {})
    return {"accept": "text/html,application/xhtml+xml", **given}
