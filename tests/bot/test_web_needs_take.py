"""A posted form and a draft's answers: what is read, what is kept as it was, what waits for consent. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from bot.channels.web_chat.needs_fields import Standings, control_of, field_of, sections
from bot.channels.web_chat.needs_form_page import PARTS
from bot.channels.web_chat.needs_take import TOLD, Taken, still_missing, take, typed_of
from intake.journey import missing_required
from intake.models import Form
from intake.values import Answered, Answers, DateSpan
from tests.bot.fakes_web import formbook_and_lists
from tests.support.needs import complete

BOOK, LISTS = formbook_and_lists()
TODAY = date(2026, 11, 22)
TECHNOLOGY = BOOK.form("technology")


def posted(form: Form, answers: Answers) -> dict[str, Sequence[str]]:
    """What a browser sends of a page that shows these answers."""
    typed = {step.id: typed_of(step, answers.get(step.id)) for step in form.steps}
    for step in form.steps:
        if step.way_out is not None and step.id in answers and answers[step.id].value is None:
            typed[f"{step.id}.way_out"] = ("yes",)
    return typed


def taking(form: Form, answers: Answers, typed: Mapping[str, Sequence[str]]) -> Taken:
    shown = [step.id for step in form.steps if step.type != "file"]
    return take(form, answers, typed, shown, LISTS, TODAY)


def with_words(form: Form, answers: Answers) -> dict[str, Answered]:
    """The answers without words of their own where words are shown again: their values are told instead."""
    return {
        step: answered.model_copy(update={"text": ""}) if form.step(step).type in TOLD else answered
        for step, answered in answers.items()
    }


@pytest.mark.parametrize("kind", sorted(BOOK.forms))
def test_a_form_filled_in_by_hand_has_the_same_answers_as_one_filled_in_by_talk(kind: str) -> None:
    form = BOOK.form(kind)
    answers = with_words(form, complete(form))
    taken = taking(form, {}, posted(form, answers))
    assert taken.errors == {}
    assert missing_required(form, taken.answers) == ()
    assert {step: a.value for step, a in taken.answers.items()} == {step: a.value for step, a in answers.items()}


@pytest.mark.parametrize("kind", sorted(BOOK.forms))
def test_a_page_sent_back_as_it_was_shown_changes_nothing(kind: str) -> None:
    form = BOOK.form(kind)
    answers = with_words(form, complete(form))
    assert taking(form, answers, posted(form, answers)).answers == answers


def test_a_date_told_last_week_is_not_read_anew() -> None:
    before = {"deadline": Answered(value=DateSpan(start=date(2026, 3, 1), end=date(2026, 8, 31)), text="半年内")}
    assert taking(TECHNOLOGY, before, {"deadline": ["半年内"]}).answers["deadline"] == before["deadline"]


def test_what_cannot_be_read_is_told_and_the_answer_before_it_stays() -> None:
    before = complete(TECHNOLOGY)
    taken = taking(TECHNOLOGY, before, {**posted(TECHNOLOGY, before), "contact_phone": ["1380013"]})
    assert taken.errors["contact_phone"].key == "error.phone.too_short"
    assert taken.answers["contact_phone"] == before["contact_phone"]


def test_personal_fields_wait_for_the_notice() -> None:
    typed = {**posted(TECHNOLOGY, with_words(TECHNOLOGY, complete(TECHNOLOGY))), "privacy_consent": []}
    taken = taking(TECHNOLOGY, {}, typed)
    assert taken.held
    assert taken.errors["privacy_consent"].key == "web.needs.error.consent_first"
    assert {"contact_name", "contact_phone", "org_name", "uscc", "district"}.isdisjoint(taken.answers)
    assert {"problem", "title", "deadline"} <= taken.answers.keys()


def test_agreeing_in_the_same_form_keeps_them_at_once() -> None:
    taken = taking(TECHNOLOGY, {}, posted(TECHNOLOGY, with_words(TECHNOLOGY, complete(TECHNOLOGY))))
    assert taken.consented
    assert not taken.held
    assert "contact_phone" in taken.answers


def test_taking_the_agreement_back_forgets_who_it_is() -> None:
    before = complete(TECHNOLOGY)
    taken = taking(TECHNOLOGY, before, {**posted(TECHNOLOGY, before), "privacy_consent": []})
    assert {"contact_name", "contact_phone", "org_name", "privacy_consent"}.isdisjoint(taken.answers)
    assert taken.answers["problem"] == before["problem"]


def test_the_brief_form_keeps_the_district_before_the_notice_and_the_name_after_it() -> None:
    brief = BOOK.form("brief")
    taken = taking(
        brief, {}, {"content": ["想找人看看污水处理的问题"], "district": ["370212"], "contact_name": ["张工"]}
    )
    assert taken.answers["district"].value == "370212"
    assert "contact_name" not in taken.answers
    assert taken.held


def test_a_field_that_was_emptied_is_an_answer_taken_back() -> None:
    before = complete(TECHNOLOGY)
    taken = taking(TECHNOLOGY, before, {**posted(TECHNOLOGY, before), "title": [""]})
    assert "title" not in taken.answers
    assert still_missing(TECHNOLOGY, taken.answers, ["title"])["title"].values == {"label": "需求名称"}


def test_only_steps_that_the_page_had_are_touched() -> None:
    before = complete(TECHNOLOGY)
    taken = take(TECHNOLOGY, before, {"title": ["另一个名称就是它"]}, ["title"], LISTS, TODAY)
    assert taken.answers == {**before, "title": Answered(value="另一个名称就是它", text="另一个名称就是它")}


def test_an_answer_passed_over_in_the_chat_stays_passed_over() -> None:
    before = {"budget_amount": Answered(value=None, state="skipped")}
    assert taking(TECHNOLOGY, before, {"budget_amount": [""]}).answers == before


def test_the_box_beside_a_field_is_its_way_out_and_words_come_before_it() -> None:
    ticked = taking(TECHNOLOGY, {}, {"privacy_consent": ["yes"], "uscc.way_out": ["yes"]})
    assert ticked.answers["uscc"].state == "to_verify"
    both = taking(TECHNOLOGY, {}, {"privacy_consent": ["yes"], "uscc.way_out": ["yes"], "uscc": ["91370200264574251E"]})
    assert both.answers["uscc"].value == "91370200264574251E"
    neither = taking(TECHNOLOGY, ticked.answers, {"privacy_consent": ["yes"]})
    assert "uscc" not in neither.answers


def test_a_hidden_question_keeps_what_can_be_read_and_says_nothing_of_the_rest() -> None:
    typed = {"tech_need_type": ["process"], "tech_need_type_other": ["另一类"], "urgency_reason": ["急"]}
    taken = taking(TECHNOLOGY, {}, typed)
    assert taken.errors == {}
    assert taken.answers["tech_need_type_other"].value == "另一类"
    assert "urgency_reason" not in taken.answers


def test_the_no_that_a_hidden_question_comes_with_is_nobodys_answer() -> None:
    talent = BOOK.form("talent")
    taken = taking(talent, {}, {"positions_1_more": ["no"], "positions_2_more": ["no"]})
    assert taken.answers["positions_1_more"].value is False
    assert "positions_2_more" not in taken.answers


@pytest.mark.parametrize("told", ["280万", "两三百万", "不超过三百万", "至少50万", "3000元", "1.5亿"])
def test_an_amount_without_its_words_is_told_so_that_it_reads_the_same(told: str) -> None:
    finance = BOOK.form("finance")
    amount = taking(finance, {}, {"amount": [told]}).answers["amount"]
    bare = {"amount": Answered(value=amount.value)}
    again = taking(finance, {}, {"amount": typed_of(finance.step("amount"), bare["amount"])}).answers["amount"]
    assert again.value.low == amount.value.low  # type: ignore[union-attr]
    assert again.value.high == amount.value.high  # type: ignore[union-attr]


def test_a_zone_of_another_district_is_an_error() -> None:
    typed = {"privacy_consent": ["yes"], "district": ["370281"], "zone": ["blue_valley"]}
    zones = {option.code: option for option in TECHNOLOGY.step("zone").options}
    far = next(code for code, option in zones.items() if option.hosts and "370281" not in option.hosts)
    assert taking(TECHNOLOGY, {}, {**typed, "zone": [far]}).errors["zone"].key == "web.needs.error.zone_elsewhere"
    near = next(code for code, option in zones.items() if "370281" in option.hosts)
    assert taking(TECHNOLOGY, {}, {**typed, "zone": [near]}).answers["zone"].value == near


@pytest.mark.parametrize(
    ("text", "key"),
    [("身份证 11010519491231002X", "refusal.id_card"), ("这份是机密★资料，请处理一下，谢谢", "refusal.state_secret")],
)
def test_what_must_not_be_stored_is_refused(text: str, key: str) -> None:
    taken = taking(TECHNOLOGY, {}, {"problem": [text]})
    assert taken.errors["problem"].key == key
    assert taken.answers == {}


def test_too_many_choices_are_an_error_and_codes_that_are_none_as_well() -> None:
    typed = {"coop_modes": ["commissioned", "joint", "transfer", "license", "consulting"], "tech_need_type": ["<b>"]}
    errors = taking(TECHNOLOGY, {}, typed).errors
    assert errors["coop_modes"].key == "error.choice.too_many"
    assert errors["tech_need_type"].key.startswith("error.choice.")


def test_all_steps_stand_on_the_page_once_but_for_the_card_and_the_files() -> None:
    for form in BOOK.forms.values():
        drawn = [
            field.id
            for section in sections(form, Standings({}), PARTS)
            for field in (*section.fields, *(f for copy in section.copies for f in copy.fields), *section.more)
        ]
        assert sorted(drawn) == sorted(s.id for s in form.steps if s.part != "card" and s.type != "file"), form.kind


def test_nothing_that_bars_submission_lies_folded_away_unless_its_own_condition_does() -> None:
    for form in BOOK.forms.values():
        for section in sections(form, Standings({}), PARTS):
            assert [field.id for field in section.more if field.step.required == "R"] == []


def test_hints_fit_what_is_asked() -> None:
    hints = {s.id: field_of(TECHNOLOGY, s, Standings({}), shown=True) for s in TECHNOLOGY.steps}
    assert (hints["contact_phone"].inputmode, hints["contact_phone"].autocomplete) == ("tel", "tel")
    assert (hints["contact_name"].autocomplete, hints["org_name"].autocomplete) == ("name", "organization")
    assert hints["contact_email"].inputmode == "email"
    assert control_of(TECHNOLOGY.step("problem")) == "area"
    assert control_of(TECHNOLOGY.step("trl_current")) == "select"  # what may be left out must be un-choosable
    assert control_of(TECHNOLOGY.step("tech_need_type")) == "radios"


def test_an_amount_is_echoed_as_it_was_understood() -> None:
    finance = BOOK.form("finance")
    taken = taking(finance, {}, {"amount": ["两三百万"]})
    drawn = field_of(finance, finance.step("amount"), Standings(taken.answers), shown=True)
    assert drawn.value == "两三百万"
    assert drawn.echo is not None
    assert drawn.echo.values == {"low": "200", "high": "300"}
