"""Needs for tests: complete answers to any form, and a desk that drafts and submits them on a given database."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Engine

from intake.cases import SYSTEM, Telling
from intake.consent_texts import load_consent
from intake.formbook import Formbook
from intake.journey import card_steps, next_step, options_for
from intake.models import Form, Step
from intake.privacy import Privacy
from intake.routing import Team
from intake.sla import load_timing
from intake.store.cases import CaseStore
from intake.store.drafts import Draft, Drafts
from intake.store.people import People
from intake.store.register import Register
from intake.submission import Receipt, Submission
from intake.values import Answered, Answers, DateSpan, Money, Phone, Value

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
"""Monday 2026-03-02, 10:00 in Shanghai."""

USCC, OTHER_USCC = "91370200264574251E", "91110000600037341L"
TEXTS: dict[str, str] = {
    "title": "高盐废水反渗透膜抗污染技术",
    "summary": "寻找能在高盐废水中长期稳定运行的反渗透膜材料和清洗方案",
    "problem": "反渗透膜在高盐废水中运行三个月后通量衰减超过 40%，清洗后只能恢复到八成，产线每月停机两次，影响交货。",
    "key_indicators": "通量 ≥ 25 LMH，脱盐率 ≥ 99.5%，按 GB/T 19249 检测",
    "org_name": "青岛某某新材料有限公司",
    "contact_name": "张晓明",
    "contact_title": "技术部",
    "contact_email": "zhang@example.com",
}
PHONE = Phone(e164="+8613800138000")
TEAMS = (
    Team("city", "市级统筹组", "city", "city", phone="0532-85911234"),
    Team("laoshan", "崂山区服务团队", "district", "370212", phone="0532-88990000"),
    Team("sco", "上合示范区服务团队", "zone", "sco"),
)


def given(value: Value, text: str = "") -> Answered:
    return Answered(value=value, text=text or str(value))


def filled(step: Step, answers: Answers) -> Answered:
    """A valid answer to the step."""
    options = options_for(step, answers)
    values: dict[str, Callable[[], Value]] = {
        "enum": lambda: options[0].code,
        "multi": lambda: (options[0].code,),
        "district": lambda: "370212",
        "zone": lambda: options[-1].code,
        "industry": lambda: options[0].code,
        "bool": lambda: step.must_be_yes,
        "int": lambda: 2,
        "money": lambda: Money(low=Decimal(2_000_000), high=Decimal(3_000_000)),
        "date": lambda: DateSpan(start=date(2026, 12, 31), end=date(2026, 12, 31)),
        "phone": lambda: PHONE,
        "email": lambda: TEXTS["contact_email"],
        "uscc": lambda: USCC,
        "lines": lambda: ("不增加占地（必须）",),
        "tags": lambda: ("反渗透", "高盐废水"),
    }
    return given(values[step.type]() if step.type in values else TEXTS.get(step.id, _words(step)))


def _words(step: Step) -> str:
    told = f"{step.label}：年产 3000 吨的生产线在夏季停机两次，需要在半年内找到稳定可靠的解决办法"
    return told[: step.max or len(told)]


def complete(form: Form, /, without: Iterable[str] = (), **answers: Value) -> dict[str, Answered]:
    """All that the form needs for submission, these values among it; then those of `without` taken away."""
    chosen: dict[str, Answered] = {}
    while (step := next_step(form, chosen)) is not None:
        chosen[step.id] = given(answers[step.id]) if step.id in answers else filled(step, chosen)
    for step in card_steps(form, chosen):
        chosen[step.id] = given(answers[step.id]) if step.id in answers else filled(step, chosen)
    extra = {step: given(value) for step, value in answers.items() if step not in chosen}
    return {step: answered for step, answered in {**chosen, **extra}.items() if step not in set(without)}


class Desk:
    """Everything a need passes through until it is a case; `told` are the notices that were written."""

    def __init__(self, engine: Engine, book: Formbook, now: datetime = NOW) -> None:
        self.engine, self.book, self.moment = engine, book, now
        self.told: list[Telling] = []
        self.drafts, self.register = Drafts(engine), Register(engine)
        self.store = CaseStore(engine, lambda _connection, notice, _at: self.told.append(notice))
        self.people = People(engine, load_consent("青岛市科协 0532-12345678", 1095))
        self.submission = self.another(self.store)
        for team in TEAMS:
            self.register.put_team(team, SYSTEM, now)
        self.privacy = Privacy(self.store, self.people, book, self.now)

    def another(self, store: CaseStore) -> Submission:
        return Submission(store, self.book, self.people, self.register, load_timing(), self.now)

    def now(self) -> datetime:
        return self.moment

    def pass_time(self, by: timedelta) -> None:
        self.moment += by

    def draft(self, person: str, kind: str = "technology", /, without: Iterable[str] = (), **answers: Value) -> Draft:
        """A complete draft of somebody who consented."""
        form = self.book.form(kind)
        if not self.people.consented(person):
            self.people.record_consent(person, True, "web", self.moment)
        return self.drafts.begin(
            person, f"account-of-{person}", kind, form.version, self.moment,
            answers=complete(form, without, **answers),
        )  # fmt: skip

    def submit(
        self, person: str, kind: str = "technology", /, without: Iterable[str] = (), **answers: Value
    ) -> Receipt:
        return self.submission.submit(self.draft(person, kind, without, **answers), "web")
