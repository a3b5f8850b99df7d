"""A story read by a language model: after a yes, never a secret need, nothing personal; proposals and no more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from bot.bootstrap import House
from bot.clock import FixedClock
from db.engine import reading
from db.schema import metadata
from intake.reading.plain import lines_as_typed
from rag.ports import Prompt
from tests.support.houses import a_house
from tests.support.model_obedient import Obedient
from tests.support.model_server import Failing, ModelServer, Said, given, model_server
from tests.support.needs import complete
from tests.support.talking import Talker

TOLD = (
    "联系人：王小明，电话13912345678。我们在崂山做膜材料，三个月后通量衰减40%，想把寿命做到五年，预算大概两三百万，"
    "东西还在小试，最好跟大学一道弄。"
)
INJECTIONS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "evals" / "injections.jsonl").read_text("utf-8").splitlines()
]


def finding(*found: tuple[str, str, str]) -> Any:
    said = [{"step": step, "source": source, "option": option} for step, source, option in found]
    return lambda _body: {"found": said}


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server(finding()) as running:
        yield running


@pytest.fixture
def house(sqlite_engine: object, data_dir: Any, clock: FixedClock, server: ModelServer) -> Iterator[House]:
    made = a_house(data_dir, clock, llm_base_url=server.url, llm_model="m", llm_api_key=SecretStr("k-1"))
    yield made
    made.engine.dispose()


def somebody(house: House, key: str = "42") -> Talker:
    """Somebody who is about to tell a need in technology."""
    talking = Talker(house, key)
    talking.say("找技术")
    talking.press("技术需求")
    return talking


@pytest.fixture
def talker(house: House) -> Talker:
    return somebody(house)


def test_a_story_is_sent_only_when_the_person_presses_the_button(talker: Talker, server: ModelServer) -> None:
    assert "发给语言模型" in talker.say(TOLD).text
    assert server.asked == []
    talker.press("请 AI 再读一遍")
    assert len(server.asked) == 1
    assert "请 AI 再读一遍" not in talker.labels()


def test_what_was_read_stands_beside_its_source_and_is_marked_and_confirmed(
    talker: Talker, server: ModelServer
) -> None:
    server.reply = finding(("coop_modes", "最好跟大学一道弄", "合作研发"))
    talker.say(TOLD)
    talker.press("请 AI 再读一遍")
    assert "合作研发（AI 读出，依据您说的「最好跟大学一道弄」）" in talker.reply.text
    assert "coop_modes" not in talker.draft.answers
    talker.press("都对")
    assert talker.draft.answers["coop_modes"].value == ("joint",)


def fields(talker: Talker, server: ModelServer) -> list[dict[str, Any]]:
    """What the model would be asked about, from another person's telling."""
    other = somebody(talker.house, "77")
    other.say(TOLD)
    other.press("请 AI 再读一遍")
    asked: list[dict[str, Any]] = json.loads(given(server.asked[-1]))["fields"]
    return asked


def test_nothing_personal_leaves_and_nothing_personal_is_asked_about(talker: Talker, server: ModelServer) -> None:
    talker.say(TOLD)
    talker.press("请 AI 再读一遍")
    sent = json.dumps(server.seen, ensure_ascii=False)
    assert "膜材料" in sent
    for hidden in ("王小明", "13912345678", "k-1"):
        assert hidden not in sent
    form = talker.house.needs().formbook.form("technology")
    personal = {step.id for step in form.steps if step.personal}
    assert personal
    assert not personal & {field["step"] for field in json.loads(given(server.asked[0]))["fields"]}


@pytest.mark.parametrize(
    ("source", "option"),
    [
        ("不在原文里的话", "小试"),
        ("小试", "宇宙级"),
        ("", "小试"),
        ("东西还在小试", "<b>小试</b>"),
        ("小试" * 200, "小试"),
    ],
)
def test_a_stretch_that_is_not_there_or_an_option_that_is_none_is_not_proposed(
    talker: Talker, server: ModelServer, source: str, option: str
) -> None:
    steps = [field["step"] for field in fields(talker, server) if field["options"]]
    server.reply = finding(*((step, source, option) for step in steps))
    before = talker.say(TOLD)
    talker.press("请 AI 再读一遍")
    assert "AI 没有读出更多" in talker.reply.text
    assert len(talker.labels()) == len(before.choices) - 1


def test_a_secret_need_is_never_offered_nor_sent(talker: Talker, server: ModelServer) -> None:
    for key, told in enumerate((TOLD + "此事请保密。", TOLD + "仅经办人可见。")):
        other = somebody(talker.house, f"5{key}")
        assert other.say(told).status == "form_proposed"
        assert "请 AI 再读一遍" not in other.labels()
    assert server.asked == []


def test_a_draft_marked_restricted_is_not_sent_though_its_old_button_is_pressed(
    talker: Talker, server: ModelServer
) -> None:
    talker.say(TOLD)
    button = talker.button("请 AI 再读一遍")
    needs, draft = talker.house.needs(), talker.draft
    form = needs.formbook.form(draft.kind)
    answers = {"confidentiality": complete(form, (), confidentiality="restricted")["confidentiality"]}
    needs.drafts.save(replace(draft, answers={**draft.answers, **answers}), talker.house.clock.now(), "other-door")
    talker.say(choice=button.id)
    assert server.asked == []


@pytest.mark.parametrize(
    "fault", [Failing("500"), Failing("cut"), "不是 JSON", {"found": "x"}, {"found": [{"step": 1}]}]
)
def test_where_the_model_fails_the_rules_proposals_stand(talker: Talker, server: ModelServer, fault: Said) -> None:
    server.reply = lambda _: fault
    before = talker.say(TOLD).text
    assert "100–300 万元" in before
    talker.press("请 AI 再读一遍")
    assert "100–300 万元" in talker.reply.text
    assert "AI 没有读出更多" in talker.reply.text


def test_injections_in_a_story_change_nothing_but_proposals_from_the_story(talker: Talker, server: ModelServer) -> None:
    """The obedient model says every order in every field: what is proposed is the person's own words, unconfirmed."""

    def obey(body: dict[str, Any]) -> Said:
        told = Obedient()(Prompt("other", "", given(body), {"properties": {"found": {"type": "array"}}}))["found"]
        steps = [field["step"] for field in json.loads(given(body))["fields"]]
        return {"found": [{"step": step, "source": each, "option": each} for each in told for step in steps][:60]}

    server.reply = obey
    for injection in INJECTIONS[::6]:
        other, story = somebody(talker.house, injection["id"]), f"{TOLD}{injection['text']}"
        other.say(story)
        if "请 AI 再读一遍" not in other.labels():
            continue
        before = rows(talker.house)
        other.press("请 AI 再读一遍")
        after = rows(talker.house)
        assert {name for name in after if after[name] != before[name]} <= {"turns"}
        assert dict(other.draft.answers) == {}
        for proposed in other.draft.pending["proposals"]:
            assert proposed["answered"]["text"] in lines_as_typed(story)
    assert len(server.asked) > 10


def rows(house: House) -> dict[str, int]:
    with reading(house.engine) as connection:
        counted = {name: select(func.count()).select_from(table) for name, table in metadata.tables.items()}
        return {name: connection.execute(count).scalar_one() for name, count in counted.items()}
