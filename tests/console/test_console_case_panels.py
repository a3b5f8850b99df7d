"""What stands around a case on its page: the enterprise's chat, the question it came from; and the pages in English."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from bot.accounts import Account
from bot.history import History
from bot.messages import Message, Reply
from intake.cases import Case
from tests.support.bureau import LAOSHAN, Bureau
from tests.support.consoles import Console, Person
from tests.support.needs import TEXTS, complete

HAN = re.compile("[\u4e00-\u9fff]+")
NOT_SHOWN = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL)


def said(bureau: Bureau, account: Account, *turns: str, conversation: str = "main") -> None:
    """The account says each of these and is answered."""
    history = History(bureau.engine, bureau.clock)
    for turn in turns:
        bureau.clock.advance(timedelta(minutes=1))
        message = Message(
            account=account.id, conversation=conversation, id=f"{account.id}-{conversation}-{turn}", text=turn,
            received_at=bureau.clock.now(),
        )  # fmt: skip
        reply = Reply("answered", f"回答：{turn}")
        history.record(message, reply, "{}")


def page_of(person: Person, case: Case, query: str = "") -> str:
    page = person.get(f"/cases/{case.reference}{query}")
    assert page.status_code == 200, page.text[:300]
    return page.text


def chat_of(page: str) -> str:
    found = re.search(r'<div class="chat-around">(.*?)</div>', page, re.DOTALL)
    return found[1] if found else ""


def test_the_enterprise_s_latest_conversation_stands_beside_its_case_in_order(console: Console, bureau: Bureau) -> None:
    wang = bureau.somebody("wang")
    said(bureau, wang, "很早以前的问题", conversation="before")
    said(bureau, wang, "高企奖励多少", "<b>那膜技术呢</b>")
    case = bureau.submit(wang)
    chat = chat_of(page_of(console.staff("clerk"), case))
    assert chat.index("高企奖励多少") < chat.index("回答：高企奖励多少") < chat.index("&lt;b&gt;那膜技术呢&lt;/b&gt;")
    assert "很早以前" not in chat


def test_of_a_long_conversation_the_last_thirty_turns_are_shown_and_counted(console: Console, bureau: Bureau) -> None:
    wang = bureau.somebody("wang")
    said(bureau, wang, *(f"第{number:02}个问题" for number in range(40)))
    page = page_of(console.staff("clerk"), bureau.submit(wang))
    assert len(re.findall('<p class="theirs">', chat_of(page))) == 30
    assert "第10个问题" in page
    assert "第09个问题" not in page
    assert "30" in re.findall(r'<summary id="chat">([^<]*)', page)[0]


def test_nobody_else_s_chat_stands_there_and_nothing_where_there_was_none(console: Console, bureau: Bureau) -> None:
    said(bureau, bureau.somebody("li"), "别家企业的问题")
    case = bureau.submit(bureau.somebody("wang"))
    page = page_of(console.staff("clerk"), case)
    assert "别家企业的问题" not in page
    assert 'id="chat"' not in page


def test_the_chat_around_a_restricted_case_is_for_its_handlers(console: Console, bureau: Bureau) -> None:
    wang = bureau.somebody("wang")
    said(bureau, wang, "绝缘配方能保密吗")
    case = bureau.submit(wang, confidentiality="restricted")
    assert "绝缘配方能保密吗" in page_of(console.staff("lead"), case)
    assert "绝缘配方能保密吗" not in page_of(console.staff("city"), case)


def asked_before(bureau: Bureau, origin: dict[str, Any], **changes: Any) -> Case:
    """A case of policy_help that began under a question, as the dialog keeps it."""
    wang, needs, now = bureau.somebody("wang"), bureau.needs, bureau.clock.now()
    form = needs.formbook.form("policy_help")
    needs.people.record_consent(wang.person, True, "web", now)
    answers = complete(form, (), **{"district": LAOSHAN, **changes})
    draft = needs.drafts.begin(wang.person, wang.id, "policy_help", form.version, now, answers=answers, origin=origin)
    return needs.submission.submit(draft, "web").case


def test_the_question_and_the_answer_a_case_began_with_stand_on_its_page(console: Console, bureau: Bureau) -> None:
    origin = {"question": "飞地孵化器补贴多少？", "reply": "没有找到 <i>依据</i>", "status": "unanswerable_no_evidence"}
    cited = {"title": "创业补贴办法", "article": "第三条", "quote": "按 <b>期</b> 补贴"}
    case = asked_before(bureau, {**origin, "citations": [cited]})
    page = page_of(console.staff("clerk"), case)
    block = page[page.index('class="origin"') : page.index('id="files"')]
    assert "飞地孵化器补贴多少？" in block
    assert "没有找到 &lt;i&gt;依据&lt;/i&gt;" in block
    assert "《创业补贴办法》第三条：按 &lt;b&gt;期&lt;/b&gt; 补贴" in block


def test_a_case_that_began_without_a_question_has_no_such_block(console: Console, bureau: Bureau) -> None:
    assert 'class="origin"' not in page_of(console.staff("clerk"), bureau.submit(None, "policy_help"))


def test_what_came_before_a_restricted_case_is_for_its_handlers(console: Console, bureau: Bureau) -> None:
    origin = {"question": "配方的专利补贴", "reply": "没有找到"}
    case = asked_before(bureau, origin, confidentiality="restricted")
    assert "配方的专利补贴" not in page_of(console.staff("city"), case)
    assert "配方的专利补贴" in page_of(console.staff("lead"), case)


def names_in_chinese(bureau: Bureau) -> set[str]:
    """What is a name or a form's own words, which are Chinese in every language."""
    needs, found = bureau.needs, set[str]()
    for form in needs.formbook.forms.values():
        found.add(form.label)
        for step in form.steps:
            found |= {step.label, *(option.label for option in step.options)}
    found |= {team.name for team in needs.register.teams()} | {person.name for person in needs.register.staff()}
    for table in ("districts", "zones", "industries"):
        found |= {option.label for option in needs.reference.options(table)}
    return found


@pytest.mark.parametrize(
    "path",
    ["/queue?view=mine", "/queue?view=all&q=x", "/queue?view=kind.technology", "/cases/{case}", "/cases/{case}?do=ask",
     "/cases/{case}?do=reject", "/cases/{case}/print", "/new", "/templates"],
)  # fmt: skip
def test_in_english_only_names_and_what_was_typed_are_chinese(console: Console, bureau: Bureau, path: str) -> None:
    case = bureau.act("clerk", bureau.submit(bureau.somebody()), "accept")
    clerk = console.staff("clerk")
    address = path.format(case=case.reference)
    page = clerk.get(address + ("&" if "?" in address else "?") + "lang=en")
    assert page.status_code == 200
    assert '<html lang="en"' in page.text
    body = re.sub(r'<(\w+)[^>]*\blang="zh-CN"[^>]*>.*?</\1>', " ", page.text, flags=re.DOTALL)
    typed = "".join(str(answer.value) + answer.text for answer in case.answers.values())
    names = "\n".join(names_in_chinese(bureau)) + typed + TEXTS["contact_name"]
    words = HAN.findall(NOT_SHOWN.sub(" ", body))
    assert [word for word in words if word not in names] == []


def test_a_move_in_english_is_refused_and_made_in_english(console: Console, bureau: Bureau) -> None:
    case = bureau.submit()
    clerk = console.staff("clerk")
    clerk.get("/queue?lang=en")
    refused = clerk.post(f"/cases/{case.reference}/act/merge?lang=en", {"rev": str(case.rev), "into": "KC26-AAAAA-A"})
    assert refused.status_code == 422
    alert = re.findall(r'role="alert"[^>]*>(.*?)</div>', refused.text, re.DOTALL)[0]
    assert HAN.findall(NOT_SHOWN.sub("", alert)) == []
    bulk = clerk.post("/queue/bulk?lang=en", {"do": "claim", "case": [case.reference]}).text
    outcomes = bulk[bulk.index('id="outcomes"') : bulk.index("</section>", bulk.index('id="outcomes"'))]
    assert HAN.findall(NOT_SHOWN.sub("", outcomes)) == []
