"""The journey is pure: derived routes, answers that survive hiding, walks that always end."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.formbook import Formbook, load_formbook
from intake.journey import (
    JourneyRefusal,
    Standing,
    asked_route,
    back,
    card_steps,
    carry_over,
    consent_refused,
    current_step,
    edit,
    give_answer,
    missing_required,
    next_step,
    options_for,
    progress,
    route,
    skip,
    submitted_answers,
    summary,
    supplements,
)
from intake.models import Form, Step
from intake.reference import load_reference
from intake.values import Answered, Answers, DateSpan, Money, Phone, Value

BOOK = load_formbook(load_reference())
"""Read here as well, because hypothesis draws forms before fixtures exist."""
FORMS = st.sampled_from(sorted(BOOK.forms.values(), key=lambda form: form.kind))


def _value(step: Step, draw: st.DataObject | None = None) -> Value:
    """A value fitting the step: the first option and yes where nothing is drawn."""
    if step.type == "multi":
        codes = [option.code for option in step.options]
        return tuple(
            draw.draw(st.lists(st.sampled_from(codes), min_size=1, max_size=3, unique=True)) if draw else codes[:1]
        )
    if step.options:
        return str(draw.draw(st.sampled_from(step.options)).code if draw else step.options[0].code)
    if step.type == "bool":
        return bool(draw.draw(st.booleans())) if draw and not step.must_be_yes else True
    plain: dict[str, Value] = {
        "int": 2,
        "money": Money(low=Decimal(1_000_000), high=Decimal(2_000_000)),
        "date": DateSpan(start=date(2027, 1, 1), end=date(2027, 3, 31)),
        "phone": Phone(e164="+8613800138000"),
        "tags": ("膜",),
        "lines": ("一条",),
        "file": ("sha256",),
    }
    return plain.get(step.type, "一段文字")


def _given(step: Step) -> Answered:
    return Answered(value=_value(step), text="原话")


def _walked(form: Form, upto: str | None = None) -> Standing:
    standing = Standing({})
    while (step := current_step(form, standing)) is not None and step.id != upto:
        standing = give_answer(form, standing, step.id, _given(step))
    return standing


@given(FORMS, st.data(), st.sampled_from(["fast", "full"]))
@settings(max_examples=150, deadline=None)
def test_a_random_walk_always_ends_and_then_only_the_card_is_open(form: Form, data: st.DataObject, pace: str) -> None:
    standing = Standing({}, pace="full" if pace == "full" else "fast")
    for _ in range(len(form.steps) + 1):
        step = current_step(form, standing)
        if step is None:
            break
        standing = give_answer(form, standing, step.id, Answered(value=_value(step, data), text="x"))
    assert current_step(form, standing) is None
    assert all(step.part == "card" for step in missing_required(form, standing.answers))


@given(FORMS, st.data())
@settings(max_examples=150, deadline=None)
def test_no_mixture_of_moves_leads_to_a_dead_end(form: Form, data: st.DataObject) -> None:
    standing = Standing({})
    for move in data.draw(st.lists(st.sampled_from("AAAABSE"), max_size=60)):
        standing = _moved(form, standing, move, data)
        step = current_step(form, standing)
        assert step is None or step in route(form, standing.answers, "full")
    for _ in range(len(form.steps) + 1):
        step = current_step(form, standing)
        if step is None:
            break
        standing = give_answer(form, standing, step.id, _given(step))
    assert current_step(form, standing) is None


def _moved(form: Form, standing: Standing, move: str, data: st.DataObject) -> Standing:
    step = current_step(form, standing)
    if move == "B":
        return back(form, standing)
    if move == "S":
        try:
            return skip(form, standing, failures=data.draw(st.integers(0, 3)))
        except JourneyRefusal:
            return standing
    if move == "E":
        return edit(form, standing, data.draw(st.integers(1, len(summary(form, standing.answers)))))
    if step is None:
        return standing
    return give_answer(form, standing, step.id, Answered(value=_value(step, data), text="x"))


@given(FORMS, st.data())
@settings(max_examples=120, deadline=None)
def test_back_after_an_answer_asks_the_same_step_and_touches_no_answer(form: Form, data: st.DataObject) -> None:
    standing = Standing({})
    for _ in range(data.draw(st.integers(0, 12))):
        step = current_step(form, standing)
        if step is None:
            return
        standing = give_answer(form, standing, step.id, Answered(value=_value(step, data), text="x"))
    step = current_step(form, standing)
    if step is None:
        return
    answered = give_answer(form, standing, step.id, Answered(value=_value(step, data), text="y"))
    returned = back(form, answered)
    assert current_step(form, returned) == step
    assert returned.answers == answered.answers
    again = give_answer(form, returned, step.id, answered.answers[step.id])
    assert again == answered


@given(FORMS, st.data())
@settings(max_examples=120, deadline=None)
def test_changing_a_routing_answer_and_changing_it_back_loses_nothing(form: Form, data: st.DataObject) -> None:
    standing = _walked(form)
    routing = sorted({c.step for step in form.steps for c in step.when} & set(standing.answers))
    if not routing:
        return
    step = form.step(data.draw(st.sampled_from(routing)))
    before = standing.answers[step.id]
    changed = give_answer(form, standing, step.id, Answered(value=_value(step, data), text="另选"))
    restored = give_answer(form, changed, step.id, before)
    assert restored.answers == standing.answers
    assert route(form, restored.answers) == route(form, standing.answers)
    assert set(standing.answers) <= set(changed.answers)


@given(FORMS, st.data())
@settings(max_examples=100, deadline=None)
def test_the_number_shown_never_passes_the_total(form: Form, data: st.DataObject) -> None:
    standing = Standing({})
    last = 0
    while (step := current_step(form, standing)) is not None:
        position = progress(form, standing)
        assert position is not None
        assert last < position.number <= position.total
        assert 1 <= position.number_in_part <= position.total_in_part <= position.total
        last = position.number
        standing = give_answer(form, standing, step.id, _given(step))
    assert progress(form, standing) is None


def test_hidden_answers_are_kept_but_neither_shown_nor_submitted(book: Formbook) -> None:
    form = book.form("international")
    standing = _walked(form)
    standing = give_answer(form, standing, "intl_type", Answered(value="tech_out", text="技术输出"))
    standing = give_answer(form, standing, "export_control_check", Answered(value=True, text="是"))
    hidden = give_answer(form, standing, "intl_type", Answered(value="talent", text="人才"))
    assert "export_control_check" in hidden.answers
    assert "export_control_check" not in submitted_answers(form, hidden.answers)
    assert "export_control_check" not in {line.step.id for line in summary(form, hidden.answers)}
    shown = give_answer(form, hidden, "intl_type", Answered(value="tech_out", text="技术输出"))
    assert submitted_answers(form, shown.answers)["export_control_check"].value is True


def test_a_condition_on_a_hidden_answer_does_not_hold(book: Formbook) -> None:
    form = book.form("technology")
    answers: dict[str, Answered] = {
        "org_type": Answered(value="government"),
        "on_behalf_of": Answered(value=True),
    }
    assert "on_behalf_name" in {step.id for step in route(form, answers)}
    answers["org_type"] = Answered(value="enterprise")
    assert "on_behalf_name" not in {step.id for step in route(form, answers)}


def test_the_zone_is_asked_only_where_the_district_hosts_one_and_offers_its_own(book: Formbook) -> None:
    form = book.form("technology")
    laoshan, jiaozhou = ({"district": Answered(value=code)} for code in ("370212", "370281"))
    assert "zone" not in {step.id for step in route(form, laoshan)}
    assert "zone" in {step.id for step in route(form, jiaozhou)}
    offered = {option.code for option in options_for(form.step("zone"), jiaozhou)}
    assert offered == {"sco_demo", "jiaodong_airport", "other", "none"}


def test_resuming_after_four_answers_asks_the_fifth(book: Formbook) -> None:
    form = book.form("technology")
    standing = Standing({})
    for _ in range(4):
        step = current_step(form, standing)
        assert step is not None
        standing = give_answer(form, standing, step.id, _given(step))
    resumed = Standing(dict(standing.answers))
    position = progress(form, resumed)
    assert position is not None
    assert (position.number, position.number_in_part) == (5, 5)
    assert position.total_in_part == 8


def test_refusing_consent_ends_the_questions_and_bars_submission(book: Formbook) -> None:
    form = book.form("technology")
    standing = _walked(form, upto="privacy_consent")
    refused = give_answer(form, standing, "privacy_consent", Answered(value=False, text="不同意"))
    assert consent_refused(form, refused.answers)
    assert next_step(form, refused.answers) is None
    assert "privacy_consent" in {step.id for step in missing_required(form, refused.answers)}


def test_a_commitment_not_given_is_missing(book: Formbook) -> None:
    form = book.form("technology")
    standing = _walked(form)
    for step in card_steps(form, standing.answers):
        standing = give_answer(form, standing, step.id, _given(step))
    assert missing_required(form, standing.answers) == ()
    denied = give_answer(form, standing, "no_state_secret", Answered(value=False, text="否"))
    assert [step.id for step in missing_required(form, denied.answers)] == ["no_state_secret"]


def test_publishing_is_not_asked_of_a_restricted_need(book: Formbook) -> None:
    form = book.form("technology")
    restricted: Answers = {"confidentiality": Answered(value="restricted")}
    public: Answers = {"confidentiality": Answered(value="public")}
    assert "publish_consent" not in {step.id for step in card_steps(form, restricted)}
    assert "publish_consent" in {step.id for step in card_steps(form, public)}


def test_an_optional_step_can_be_skipped_and_a_required_one_only_after_three_failures(book: Formbook) -> None:
    form = book.form("technology")
    at_problem = Standing({})
    with pytest.raises(JourneyRefusal) as refusal:
        skip(form, at_problem, failures=2)
    assert refusal.value.saying.key == "journey.cannot_skip"
    assert skip(form, at_problem, failures=3).answers["problem"].state == "to_verify"
    optional = Standing({}, reasked="budget_amount", pace="full")
    assert skip(form, optional).answers["budget_amount"].state == "skipped"


def test_a_step_with_a_way_out_is_left_to_staff_at_once(book: Formbook) -> None:
    form = book.form("technology")
    standing = skip(form, _walked(form, upto="uscc"))
    assert standing.answers["uscc"].state == "to_verify"
    assert "uscc" not in {step.id for step in missing_required(form, standing.answers)}


def test_consent_cannot_be_skipped_however_often_it_fails(book: Formbook) -> None:
    form = book.form("technology")
    with pytest.raises(JourneyRefusal):
        skip(form, _walked(form, upto="privacy_consent"), failures=9)


def test_skipping_a_step_asked_again_keeps_its_answer(book: Formbook) -> None:
    form = book.form("technology")
    standing = back(form, _walked(form))
    assert skip(form, standing).answers == standing.answers


def test_editing_by_number_asks_that_step_and_then_returns(book: Formbook) -> None:
    form = book.form("technology")
    standing = _walked(form)
    line = next(line for line in summary(form, standing.answers) if line.step.id == "budget_band")
    editing = edit(form, standing, line.number)
    step = current_step(form, editing)
    assert step is not None
    assert step.id == "budget_band"
    done = give_answer(form, editing, "budget_band", Answered(value="negotiable", text="面议"))
    assert current_step(form, done) is None
    with pytest.raises(JourneyRefusal):
        edit(form, standing, 999)


def test_the_summary_numbers_by_route_shows_what_is_missing_first_and_masks_the_phone(book: Formbook) -> None:
    form = book.form("technology")
    lines = summary(form, _walked(form).answers)
    assert [line.missing for line in lines] == sorted((line.missing for line in lines), reverse=True)
    assert sorted(line.number for line in lines) == list(range(1, len(lines) + 1))
    phone = next(line for line in lines if line.step.id == "contact_phone")
    assert phone.shown.values["text"] == "138****8000"


def test_an_answer_off_the_route_is_refused(book: Formbook) -> None:
    form = book.form("technology")
    with pytest.raises(JourneyRefusal) as refusal:
        give_answer(form, Standing({}), "zone", Answered(value="none"))
    assert refusal.value.saying.key == "journey.not_on_route"


def test_back_at_the_first_step_changes_nothing(book: Formbook) -> None:
    assert back(book.form("technology"), Standing({})) == Standing({})


def test_supplements_are_optional_open_and_the_most_valuable(book: Formbook) -> None:
    form = book.form("technology")
    standing = _walked(form)
    first = supplements(form, standing.answers)
    assert len(first) == 3
    assert first[0].id == "tried"
    assert all(step.required == "O" and step.id not in standing.answers for step in first)


def test_rekinding_keeps_equal_ids_and_names_the_rest(book: Formbook) -> None:
    other, technology = book.form("other"), book.form("technology")
    answers = _walked(other).answers
    kept, lost = carry_over(answers, other, technology)
    assert {"title", "summary", "org_name", "contact_phone"} <= set(kept)
    assert lost == ("content",)


def test_a_code_no_longer_offered_is_asked_again(book: Formbook) -> None:
    form = book.form("technology")
    step = form.step("budget_band")
    narrowed = step.model_copy(update={"options": step.options[:2]})
    newer = form.model_copy(update={"steps": tuple(narrowed if s is step else s for s in form.steps), "version": 2})
    kept, lost = carry_over({"budget_band": Answered(value="gt1000"), "title": Answered(value="一个名称")}, form, newer)
    assert set(kept) == {"title"}
    assert lost == ("budget_band",)


@given(FORMS)
def test_answers_survive_a_trip_through_json(form: Form) -> None:
    for answered in _walked(form).answers.values():
        assert Answered.model_validate_json(answered.model_dump_json()) == answered


def test_the_asked_route_leaves_the_card_out(book: Formbook) -> None:
    form = book.form("technology")
    assert all(step.part != "card" for step in asked_route(form, {}))
    assert any(step.part == "card" for step in route(form, {}))
