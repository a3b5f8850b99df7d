"""The shipped forms are sound content: complete, forward-only, short on the fast path, gentle in their order."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from intake.formbook import FORMS_FOLDER, Formbook, load_formbook
from intake.models import CHOICE_TYPES, Form, Step
from intake.reference import Reference

KINDS = {
    "technology", "talent", "finance", "policy_help", "market", "space", "event", "carrier", "international",
    "expert_visit", "think_tank", "achievement", "other",
}  # fmt: skip
MOST_FAST_QUESTIONS = 9


def _need(form: Form) -> list[Step]:
    return [step for step in form.steps if step.part == "need"]


def test_all_thirteen_kinds_and_the_brief_form_are_there(book: Formbook) -> None:
    assert set(book.forms) == KINDS | {"brief"}
    assert all(form.version >= 1 for form in book.forms.values())


def test_the_menu_speaks_the_owners_words_and_reaches_every_kind(book: Formbook) -> None:
    labels = [entry.label for entry in book.menu]
    assert labels == ["找技术", "找人才", "找资金", "找市场场地", "问政策", "其他合作"]
    assert {kind for entry in book.menu for kind in entry.kinds} == KINDS
    assert {"技术链", "人才链", "资金链", "产业链"} <= {entry.chain for entry in book.menu}


def test_every_option_has_a_code_a_label_and_an_alias(book: Formbook) -> None:
    for form in book.forms.values():
        for step in form.steps:
            assert bool(step.options) == (step.type in CHOICE_TYPES), (form.kind, step.id)
            for option in step.options:
                assert option.code, (form.kind, step.id)
                assert option.label, (form.kind, step.id)
                assert option.aliases, (form.kind, step.id, option.code)


def test_no_name_means_two_options_of_one_step(book: Formbook) -> None:
    for form in book.forms.values():
        for step in form.steps:
            names = [name for option in step.options for name in {option.label, *option.aliases}]
            assert len(names) == len(set(names)), (form.kind, step.id, sorted(names))


def test_the_fast_path_has_at_most_nine_questions_beyond_the_profile(book: Formbook) -> None:
    for form in book.forms.values():
        conditional = {step.id for step in form.steps if step.required == "C"}
        fast = [s.id for s in _need(form) if s.fast and s.id not in conditional and not s.follow_up_of]
        assert len(fast) <= MOST_FAST_QUESTIONS, (form.kind, fast)


def test_whatever_is_required_is_on_the_fast_path(book: Formbook) -> None:
    for form in book.forms.values():
        for step in form.steps:
            assert step.fast or step.required == "O", (form.kind, step.id)


def test_the_need_comes_first_then_consent_then_the_profile_and_personal_fields(book: Formbook) -> None:
    for form in book.forms.values():
        parts = [step.part for step in form.steps]
        assert parts[0] == "need", form.kind
        consent = parts.index("consent")
        assert all(parts.index(part) < parts.index("card") for part in ("need", "consent", "contact")), form.kind
        assert all(i > consent for i, step in enumerate(form.steps) if step.personal), form.kind
        if form.kind != "brief":
            assert all(i > consent for i, part in enumerate(parts) if part == "profile"), form.kind
            assert max(i for i, part in enumerate(parts) if part == "need") < consent, form.kind


def test_contact_fields_are_marked_personal(book: Formbook) -> None:
    for form in book.forms.values():
        assert all(step.personal for step in form.steps if step.part == "contact"), form.kind


def test_the_brief_form_asks_own_words_district_name_and_phone(book: Formbook) -> None:
    asked = [step.id for step in book.form("brief").steps if step.part != "card"]
    assert asked == ["content", "district", "privacy_consent", "contact_name", "contact_phone"]


def test_every_other_option_leads_to_its_own_word(book: Formbook) -> None:
    for form in book.forms.values():
        ids = {step.id for step in form.steps}
        for step in form.steps:
            offers_other = any(option.code == "other" for option in step.options)
            if offers_other and step.type not in ("zone",):
                assert f"{step.id}_other" in ids, (form.kind, step.id)


def test_finance_needs_are_never_published(book: Formbook) -> None:
    form = book.form("finance")
    assert "publish_consent" not in {step.id for step in form.steps}
    assert {option.code for option in form.step("confidentiality").options} == {"on_match", "restricted"}


def test_a_deadline_is_required_where_the_kind_hangs_on_one(book: Formbook) -> None:
    assert book.form("technology").step("deadline").required == "R"
    assert book.form("event").step("deadline").required == "R"
    assert book.form("finance").step("needed_by").required == "R"
    assert book.form("market").step("deadline").required == "O"


def test_repeated_positions_open_one_by_one(book: Formbook) -> None:
    form = book.form("talent")
    second = form.step("positions_2_job_title")
    assert [(c.step, c.any_of) for c in second.when] == [("positions_1_more", ("yes",))]
    assert "positions_5_more" not in {step.id for step in form.steps}


def _written(folder: Path, steps: str) -> Path:
    for name in ("_blocks.toml", "_menu.toml"):
        (folder / name).write_text((FORMS_FOLDER / name).read_text("utf-8"), "utf-8")
    head = 'kind = "trial"\nversion = 1\nlabel = "试"\nintro = "试"\nblocks = ["own"]\n'
    (folder / "trial.toml").write_text(head + steps, "utf-8")
    return folder


def test_a_condition_that_looks_forward_is_refused(tmp_path: Path, reference: Reference) -> None:
    steps = (
        '[[steps]]\nid="a"\ntype="text"\nlabel="a"\nask="a"\nwhen=[{step="b"}]\n'
        '[[steps]]\nid="b"\ntype="text"\nlabel="b"\nask="b"\n'
    )
    with pytest.raises(ValidationError, match="looks forward"):
        load_formbook(reference, _written(tmp_path, steps))


def test_a_choice_without_options_is_refused(tmp_path: Path, reference: Reference) -> None:
    with pytest.raises(ValidationError, match="a choice needs options"):
        load_formbook(reference, _written(tmp_path, '[[steps]]\nid="a"\ntype="enum"\nlabel="a"\nask="a"\n'))


def test_an_override_of_a_step_that_is_not_there_is_refused(tmp_path: Path, reference: Reference) -> None:
    steps = '[[steps]]\nid="a"\ntype="text"\nlabel="a"\nask="a"\n[override.nowhere]\nfast=true\n'
    with pytest.raises(ValueError, match="nowhere"):
        load_formbook(reference, _written(tmp_path, steps))


def test_a_misspelt_field_is_refused(tmp_path: Path, reference: Reference) -> None:
    with pytest.raises(ValidationError, match="lable"):
        load_formbook(reference, _written(tmp_path, '[[steps]]\nid="a"\ntype="text"\nlable="a"\nlabel="a"\nask="a"\n'))
