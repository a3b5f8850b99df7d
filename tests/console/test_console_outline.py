"""The AI outline on a case's page: on a press only, labelled wherever it goes, and a sentence where there is none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from bot.admission import Admission
from bot.outlining import Outlining
from bot.phrases import Phrases
from intake.cases import Case
from rag.model_answers.guarded import GuardedModel, UnkeptBook
from rag.ports import ModelError, Prompt
from tests.support.bureau import Bureau
from tests.support.case_sheets import opened, rows_of
from tests.support.consoles import Console, Person
from tests.support.exchange import export
from tests.support.model_minds import ScriptedModel
from tests.support.model_outlines import honest
from tests.support.needs import OTHER_USCC, given

LABEL = "AI生成"
SAID = "反渗透膜在高盐废水中运行三个月后通量衰减超过 40%"


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel(honest, "qwen")


@pytest.fixture
def console(bureau: Bureau, model: ScriptedModel) -> Console:
    outlining = Outlining(bureau.needs, GuardedModel(model, UnkeptBook()), Admission(9, bureau.clock.today))
    return Console(bureau, {"outlining": outlining})


def page(person: Person, case: Case) -> str:
    return person.get(f"/cases/{case.reference}").text


def press(person: Person, case: Case, **values: Any) -> Any:
    return person.post(f"/cases/{case.reference}/outline", values)


def panel(html: str) -> str:
    found = re.search(r'<section class="panel" id="outline".*?</section>', html, re.S)
    return found.group() if found else ""


def test_it_is_drafted_when_the_button_is_pressed_and_stands_with_its_label_and_proof(
    console: Console, bureau: Bureau, model: ScriptedModel
) -> None:
    case, clerk = bureau.submit(), console.staff("clerk")
    before = panel(page(clerk, case))
    assert ("请 AI 起草概要" in before, "qwen" in before, model.seen) == (True, True, [])
    pressed = press(clerk, case)
    assert (pressed.status_code, pressed.headers["location"].endswith("?done=case_outline")) == (303, True)
    after = panel(page(clerk, case))
    assert LABEL in after
    assert f"{SAID}。" in after
    assert f"「{SAID}" in after
    assert "重新起草" in after
    for _ in range(2):  # opening the page asks nothing
        assert SAID in page(clerk, case)
    assert [prompt.name for prompt in model.seen] == ["outline", "likeness"]


def test_a_like_need_says_why_with_the_label(console: Console, bureau: Bureau) -> None:
    case = bureau.submit()
    elsewhere = {"org_name": "青岛另一家材料有限公司", "uscc": OTHER_USCC}
    other = bureau.submit(bureau.somebody("zhao"), **elsewhere)
    clerk = console.staff("clerk")
    press(clerk, case)
    html = page(clerk, case)
    similar = html[html.index('aria-labelledby="similar"') :]
    assert other.reference in similar
    assert re.search(rf"{LABEL}</span> <span lang=\"zh-CN\">两者都涉及", similar)


def test_a_restricted_need_has_no_button_and_an_old_page_is_refused(
    console: Console, bureau: Bureau, model: ScriptedModel
) -> None:
    case, clerk = bureau.submit(confidentiality="restricted"), console.staff("clerk")
    assert panel(page(clerk, case)) == ""
    refused = press(clerk, case)
    assert (refused.status_code, "仅经办人可见" in refused.text) == (422, True)
    assert model.seen == []


def test_without_a_token_and_without_the_role_nothing_is_asked(
    console: Console, bureau: Bureau, model: ScriptedModel
) -> None:
    case = bureau.submit()
    assert press(console.staff("clerk"), case, csrf="0" * 64).status_code in (400, 403)
    assert press(console.staff("audit"), case).status_code in (403, 404)
    assert press(console.staff("far"), case).status_code == 404
    assert "请 AI 起草" not in page(console.staff("audit"), case)
    assert model.seen == []


def test_where_the_model_fails_the_page_says_so_and_is_otherwise_whole(
    console: Console, bureau: Bureau, model: ScriptedModel
) -> None:
    def failing(_prompt: Prompt) -> Mapping[str, Any]:
        raise ModelError("timeout")

    model.mind = failing
    case, clerk = bureau.submit(), console.staff("clerk")
    refused = press(clerk, case)
    assert refused.status_code == 422
    assert "没有生成：语言模型没有在时限内回答。" in refused.text
    assert case.title in refused.text


def test_without_a_model_there_is_no_panel(bureau: Bureau) -> None:
    console = Console(bureau)
    case, clerk = bureau.submit(), console.staff("clerk")
    assert panel(page(clerk, case)) == ""
    assert "没有接入语言模型" in press(clerk, case).text


def test_the_print_and_the_sheet_carry_the_label(console: Console, bureau: Bureau) -> None:
    case, clerk = bureau.submit(), console.staff("clerk")
    press(clerk, case)
    printed = clerk.get(f"/cases/{case.reference}/print").text
    assert printed.index(LABEL) < printed.index(f"{SAID}。")
    content = export(clerk).content
    (row,) = [row for sheet in opened(content).sheetnames for row in rows_of(content, sheet)]
    (cell,) = [str(value) for heading, value in row.items() if "AI概要" in heading]
    assert cell.startswith(f"【{LABEL}】")
    assert SAID in cell


def test_a_need_that_changes_loses_it_everywhere(console: Console, bureau: Bureau) -> None:
    case, clerk = bureau.submit(), console.staff("clerk")
    press(clerk, case)
    assert SAID in panel(page(clerk, case))
    case = bureau.act("clerk", case, "correct", answers={"summary": given("换一种说法")}, text="来电更正")
    assert case.summary == "换一种说法"
    assert SAID not in panel(page(clerk, case))
    assert SAID not in clerk.get(f"/cases/{case.reference}/print").text.split("主要问题")[0]


def test_every_reason_has_a_sentence_in_both_languages() -> None:
    from typing import get_args

    from bot.console.case_outline import why_not
    from bot.outlining import NotMade, Why
    from rag.ports import ModelFault

    for lang in ("zh", "en"):
        for why in get_args(Why):
            assert why_not(NotMade(why, "server"), lang)
        for fault in get_args(ModelFault):
            assert "{" not in why_not(NotMade("fault", fault), lang)
        assert Phrases(lang, "console_outline").has("outline.label")
