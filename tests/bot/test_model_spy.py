"""A server that writes down all it is sent: of thirteen forms filled in everywhere, what is personal never leaves.

Every path that asks a model is walked: answers, follow-ups, stories, outlines and comparisons of needs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.bootstrap import House
from bot.clock import FixedClock
from bot.outlining import NotMade
from intake.cases import ALL_AREAS, SYSTEM, Actor, Case, Role
from intake.models import Form, Step
from intake.outlines import may_be_told
from intake.staff import Staff
from intake.values import Answered, Phone
from rag.ports import ModelError, Prompt
from tests.support.houses import a_house
from tests.support.model_minds import repeating
from tests.support.model_outlines import honest
from tests.support.model_server import ModelServer, Said, given, model_server, system
from tests.support.needs import OTHER_USCC, USCC, filled
from tests.support.talking import Talker

KINDS = (
    "achievement", "carrier", "event", "expert_visit", "finance", "international", "market", "other", "policy_help",
    "space", "talent", "technology", "think_tank",
)  # fmt: skip
TYPED = ("text", "lines", "tags")


def mind(body: dict[str, Any]) -> Said:
    told = json.loads(given(body))
    name = next(
        name
        for name, key in (
            ("story", "story"), ("follow", "earlier"), ("answer", "passages"), ("likeness", "need"),
            ("outline", "fields"),
        )
        if key in told
    )  # fmt: skip
    if name == "story":
        return {"found": [{"step": told["fields"][0]["step"], "source": told["story"][:20], "option": ""}]}
    if name == "follow":
        return {"standalone": told["question"], "route": "policy"}
    prompt = Prompt(name, system(body), given(body), {})
    try:
        return dict(repeating(prompt) if name == "answer" else honest(prompt))
    except ModelError:
        return {}


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with model_server(mind) as running:
        yield running


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, server: ModelServer) -> Iterator[House]:
    clock = FixedClock(datetime(2026, 3, 2, 2, 0, tzinfo=UTC))
    budget = {"llm_per_user_day": 1000, "llm_tokens_day": 0, "llm_seconds": 20.0}
    made = a_house(tmp_path_factory.mktemp("data"), clock, llm_base_url=server.url, llm_model="m", **budget)
    staff = Staff("city", "王统", frozenset({Role.COORDINATOR}), frozenset({ALL_AREAS}))
    made.needs().register.put_staff(staff, SYSTEM, clock.now())
    yield made
    made.engine.dispose()


def marker(who: str, form: Form, step: str) -> str:
    place = next(place for place, each in enumerate(form.steps) if each.id == step)
    return f"记号{who}第{place}项写的内容"


def answers(form: Form, who: str, phone: str, code: str, confidentiality: str) -> dict[str, Answered]:
    """Every field filled in: what is typed with a marker of its own, the rest as it may be."""
    found: dict[str, Answered] = {}
    for step in (step for step in form.steps if step.type != "file"):
        found[step.id] = _answer(form, step, who, found)
    found["contact_phone"] = Answered(value=Phone(e164=f"+86{phone}"), text=phone)
    found["contact_email"] = Answered(value=f"{who}@mail.example.com", text=f"{who}@mail.example.com")
    found["uscc"] = Answered(value=code, text=code)
    found["confidentiality"] = Answered(value=confidentiality, text=confidentiality)
    # What somebody might well do: repeat who they are in the middle of what they need.
    main = next(step for step in form.steps if step.type == "text" and step.part == "need")
    secrets = "、".join(str(found[step].value) for step in ("contact_name", "org_name", "address", "contact_email"))
    words = f"{found[main.id].value}，找我们：{secrets}，电话{phone}，代码{code}。"
    return {**found, main.id: Answered(value=words, text=words)}


def _answer(form: Form, step: Step, who: str, found: dict[str, Answered]) -> Answered:
    if step.type not in TYPED:
        return filled(step, found)
    text = marker(who, form, step.id)
    return Answered(value=(text,) if step.type != "text" else text, text=text)


def submitted(house: House, form: Form, who: str, phone: str, code: str, confidentiality: str) -> Case:
    needs, now = house.needs(), house.clock.now()
    account = house.accounts().of("web", f"{who}-{form.kind}")
    needs.people.record_consent(account.person, True, "web", now)
    given_answers = answers(form, who, phone, code, confidentiality)
    draft = needs.drafts.begin(account.person, account.id, form.kind, form.version, now, answers=given_answers)
    return needs.submission.submit(draft, "web").case


def city(house: House) -> Actor:
    return house.needs().register.actor("city", "cli", house.clock.now())


@pytest.mark.parametrize("kind", KINDS)
def test_of_a_form_filled_in_everywhere_nothing_personal_and_nothing_restricted_leaves(
    house: House, server: ModelServer, kind: str
) -> None:
    server.seen.clear()
    form = house.needs().formbook.form(kind)
    one = submitted(house, form, "甲", "13911110001", USCC, "public")
    submitted(house, form, "乙", "13911110002", OTHER_USCC, "public")
    secret = submitted(house, form, "丙", "13911110003", "91370200MA3C000003", "restricted")
    assert isinstance(house.outlining.make(city(house), one), dict)
    assert house.outlining.make(city(house), secret) == NotMade("restricted")
    sent = json.dumps(server.asked, ensure_ascii=False)
    told = [step.id for step in form.steps if step.type in TYPED and may_be_told(step) and step.id in one.answers]
    assert [step for step in told if marker("甲", form, step) not in sent] == []
    assert "need" in json.loads(given(server.asked[-1]))  # it was compared with others
    for who in "甲乙":
        kept_back = [step.id for step in form.steps if step.type in TYPED and not may_be_told(step)]
        assert [step for step in kept_back if marker(who, form, step) in sent] == []
        assert {"contact_name", "contact_title", "org_name", "address", "website"} <= set(kept_back)
    for secret_word in ("1391111000", "mail.example.com", USCC, OTHER_USCC, "91370200MA3C000003", "记号丙"):
        assert secret_word not in sent


def test_what_is_said_in_the_chat_leaves_only_where_it_may(house: House, server: ModelServer) -> None:
    server.seen.clear()
    talker = Talker(house)
    talker.say("首次认定高新技术企业奖励多少钱？我是王小明，电话13911110001，身份证11010519491231002X")
    talker.say("那重新认定呢？我的邮箱是 wang@mail.example.com")
    talker.say("找技术")
    talker.press("技术需求")
    talker.say("联系人：王小明，电话13911110001。我们做膜材料，通量衰减40%，想找高校合作研发，预算两三百万。")
    talker.press("请 AI 再读一遍")
    talker.say("首次认定高新技术企业奖励多少钱？记号在填表")
    secret = Talker(house, "77")
    secret.say("找技术")
    secret.press("技术需求")
    secret.say("记号丁：我们做膜材料，通量衰减40%，想找高校合作研发，预算两三百万。此事请保密，仅经办人可见。")
    assert "请 AI 再读一遍" not in secret.labels()
    secret.say("首次认定高新技术企业奖励多少钱？记号戊")
    names = {"story", "earlier", "passages"} & {key for body in server.asked for key in json.loads(given(body))}
    assert names == {"story", "earlier", "passages"}
    sent = json.dumps(server.asked, ensure_ascii=False)
    assert "膜材料" in sent
    hidden = ("王小明", "13911110001", "11010519491231002X", "mail.example.com", "记号丁", "记号戊", "记号在填表")
    assert [word for word in hidden if word in sent] == []
