"""A need told in conversation: beginning, answering step by step, being interrupted, going back, coming back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from bot.bootstrap import House
from bot.clock import FixedClock
from intake.values import DateSpan
from tests.support.houses import a_house
from tests.support.talking import CODE, INDICATORS, NAME, STORY, Talker

POLICY = "高企有什么补贴？"


@pytest.fixture
def house(sqlite_engine: Engine, data_dir: Path, clock: FixedClock) -> Iterator[House]:
    made = a_house(data_dir, clock)
    yield made
    made.engine.dispose()


@pytest.fixture
def talker(house: House) -> Talker:
    return Talker(house)


# How a need begins


@pytest.mark.parametrize("text", ["提交需求", "我要提需求", " 提交需求。", "/need"])
def test_the_menu_speaks_the_owners_words_under_the_chains(talker: Talker, text: str) -> None:
    reply = talker.say(text)
    assert reply.status == "form_menu"
    for heading in ("【技术链】找技术", "【人才链】找人才", "【资金链】找资金", "【产业链】找市场场地"):
        assert heading in reply.text
    assert talker.labels()[:6] == ["找技术", "找人才", "找资金", "找市场场地", "问政策", "其他合作"]
    assert {"用您自己的话说说", "简要登记", "我的需求"} <= set(talker.labels())


def test_an_entry_of_two_kinds_asks_which(talker: Talker) -> None:
    assert talker.say("找技术").status == "form_menu"
    assert talker.labels() == ["技术需求", "专家上门/科技志愿服务"]
    talker.press("技术需求")
    assert talker.draft.kind == "technology"


def test_what_is_typed_as_a_button_reads_presses_it(talker: Talker) -> None:
    """「技术需求」 alone opens the menu of its two kinds; said to that menu it names one of them."""
    talker.say("技术需求")
    assert talker.drafts == []
    talker.say(" 技术需求。")
    assert talker.draft.kind == "technology"


def test_an_older_replys_button_is_not_typed(talker: Talker) -> None:
    talker.say("找技术")
    talker.say("我的需求")
    talker.say("技术需求")
    assert talker.labels() == ["技术需求", "专家上门/科技志愿服务"]
    assert talker.drafts == []


TOLD = "我们厂的反渗透膜老是堵，想找人解决"


def test_a_need_told_to_the_policy_answers_is_registered_in_its_own_words(talker: Talker) -> None:
    reply = talker.say(TOLD)
    assert reply.status.startswith("unanswerable_")
    assert "不用重说" in reply.text
    talker.press("用这段话登记需求")
    assert talker.draft.kind == "technology"
    assert TOLD in talker.reply.text
    assert talker.draft.answers == {}


def test_told_again_after_a_restart_it_is_still_the_same_button(talker: Talker) -> None:
    talker.say(TOLD)
    talker.restart()
    talker.say("用这段话登记需求")
    assert talker.draft.kind == "technology"


def test_a_story_that_is_not_sorted_yet_is_not_pushed_aside_by_another(talker: Talker) -> None:
    talker.say("用您自己的话说说")
    talker.say("我们单位有一件很特别的事情想请您们帮忙看一看")
    talker.say("暂存")
    talker.say(TOLD)
    talker.press("用这段话登记需求")
    assert "没整理完" in talker.reply.text


@pytest.mark.parametrize("text", ["今天中午想吃海鲜大餐", "技术不行", "反渗透膜堵了怎么清洗？", "天气真好，出去走走吧"])
def test_what_tells_no_need_is_not_offered_as_one(talker: Talker, text: str) -> None:
    talker.say(text)
    assert "用这段话登记需求" not in talker.labels()


def test_an_entry_of_one_kind_begins_at_once(talker: Talker) -> None:
    talker.say("招聘")
    assert talker.draft.kind == "talent"
    assert talker.reply.form is not None
    assert talker.reply.form.input == "story"


def test_to_ask_about_a_policy_no_form_is_needed(talker: Talker) -> None:
    talker.say("问政策")
    assert "直接发给我" in talker.reply.text
    assert talker.drafts == []
    talker.press("登记问题")
    assert (talker.draft.kind, talker.asked) == ("policy_help", "question")


@pytest.mark.parametrize(
    "text", ["找技术工人的补贴政策有哪些", "我的需求是什么政策能解决", "提交需求要什么材料？", "取消关税影响怎么办？"]
)
def test_an_entry_word_inside_a_sentence_is_a_question(talker: Talker, text: str) -> None:
    reply = talker.say(text)
    assert not reply.status.startswith("form_")
    assert talker.drafts == []


def test_quick_registration_asks_four_things(talker: Talker) -> None:
    talker.say("简要登记")
    asked = [talker.asked]
    talker.say("我们想找人帮忙看看污水处理设备的故障")
    for answer in ("崂山", "同意", NAME):
        asked.append(talker.asked)
        talker.say(answer)
    asked.append(talker.asked)
    talker.say("13800138000")
    assert asked == ["content", "district", "privacy_consent", "contact_name", "contact_phone"]
    assert talker.asked == "card"
    talker.say("仅经办人可见")
    talker.say("承诺")
    assert talker.say("提交").status == "form_submitted"
    assert talker.cases[0].kind == "brief"


# In one's own words


def test_what_was_read_from_a_story_counts_only_once_it_is_confirmed(talker: Talker) -> None:
    talker.say("找技术")
    talker.press("技术需求")
    reply = talker.say(STORY)
    assert reply.status == "form_proposed"
    assert "拟投入资金：100–300 万元（您说的是「大概两三百万」）" in reply.text
    assert "所在区（市）：崂山区（您说的是「崂山」）" in reply.text
    assert dict(talker.draft.answers) == {}
    talker.press("都对")
    assert talker.draft.answers["budget_band"].value == "100_300"
    assert talker.draft.answers["coop_modes"].value == ("joint",)
    deadline = talker.draft.answers["deadline"].value
    assert isinstance(deadline, DateSpan)
    assert deadline.end.isoformat() == "2027-06-30"
    assert "已填入 9 项" in talker.reply.text


def test_one_value_can_be_mended_or_left_out_before_confirming(talker: Talker) -> None:
    talker.say("找技术")
    talker.press("技术需求")
    talker.say(STORY)
    talker.press("拟投入资金")
    assert "现在理解为：100–300 万元" in talker.reply.text
    assert "300–500 万元（您说的是「400万」）" in talker.say("400万").text
    talker.press("合作方式")
    talker.press("不填这一项")
    talker.say("都对")
    assert talker.draft.answers["budget_band"].value == "300_500"
    assert "coop_modes" not in talker.draft.answers


def test_a_value_that_cannot_be_read_is_mended_again(talker: Talker) -> None:
    talker.say("找技术")
    talker.press("技术需求")
    talker.say(STORY)
    talker.say("修改3")
    assert "请从列表里选" in talker.say("不好说").text
    talker.press("50–100 万元")
    talker.press("都对")
    assert talker.draft.answers["budget_band"].value == "50_100"


def test_nothing_of_the_story_is_taken_where_none_of_it_is_right(talker: Talker) -> None:
    talker.say("找技术")
    talker.press("技术需求")
    talker.say(STORY)
    talker.press("都不要")
    assert dict(talker.draft.answers) == {}
    assert talker.asked == "problem"


def test_a_story_never_overwrites_an_answer(talker: Talker) -> None:
    talker.say("找技术")
    talker.press("技术需求")
    talker.press("一项一项填")
    talker.say("反渗透膜在高盐废水中运行三个月后通量衰减，清洗后只能恢复到八成")
    talker.press("工艺改进")
    before = talker.draft.answers["problem"]
    assert before.text.startswith("反渗透膜在高盐")
    talker.say("暂存")
    talker.say("用您自己的话说说")
    talker.say("反渗透膜技术难题攻关，工艺要改进，预算 80 万")
    if "技术需求" in talker.labels():
        talker.press("技术需求")
    assert "没填完的" in talker.reply.text
    talker.press("继续填写")
    assert "主要问题" not in talker.reply.text
    assert "拟投入资金：50–100 万元" in talker.reply.text
    talker.press("都对")
    assert talker.draft.answers["problem"] == before
    assert talker.draft.answers["budget_band"].value == "50_100"
    assert [draft.kind for draft in talker.drafts] == ["technology"]


def test_a_story_told_before_its_kind_is_asked_for_its_kind(talker: Talker) -> None:
    talker.say("提交需求")
    talker.press("用您自己的话说说")
    assert "先判断是哪一类" in talker.reply.text
    reply = talker.say("公司缺流动资金，想贷款300万元，年底前用款")
    assert reply.form is not None
    if reply.form.input == "choice":
        talker.press("资金需求")
    assert talker.draft.kind == "finance"
    assert "金额（万元）：300 万元" in talker.reply.text
    assert [draft.kind for draft in talker.drafts] == ["finance"]


def test_a_story_that_points_nowhere_is_kept_while_its_kind_is_chosen(talker: Talker) -> None:
    talker.say("自己说")
    reply = talker.say("我们这边遇到一点麻烦，希望有人来看看")
    assert len(reply.choices) == 13
    talker.restart()
    assert "请点一个类别" in talker.say("随便吧").text
    talker.say("专家上门/科技志愿服务")
    assert talker.draft.kind == "expert_visit"
    assert "我们这边遇到一点麻烦，希望有人来看看" in talker.reply.text
    talker.press("都不要")
    assert "我们这边遇到一点麻烦，希望有人来看看" in talker.reply.text


def test_a_story_is_told_before_the_questions_only_where_they_are_no_story(talker: Talker) -> None:
    talker.say("其他合作")
    talker.press("其他合作")
    assert talker.asked == "content"


def test_a_policy_question_before_the_story_is_answered_and_the_story_asked_again(talker: Talker) -> None:
    talker.say("找人才")
    reply = talker.say(POLICY)
    assert reply.status == "form_answered"
    assert "一次性奖励10万元" in reply.text
    assert "继续填写：\n请用您自己的话说说" in reply.text


@pytest.mark.parametrize(("text", "said"), [("缺人", "请多说几句"), ("长" * 2001, "请控制在 2000 个字以内")])
def test_a_story_has_bounds(talker: Talker, text: str, said: str) -> None:
    talker.say("找市场")
    talker.press("市场与供应链")
    assert said in talker.say(text).text


# Answering


def test_each_answer_is_committed_before_the_reply_and_the_next_step_asked(talker: Talker) -> None:
    talker.begin_technology()
    assert talker.asked == "tech_need_type"
    reply = talker.press("工艺改进")
    assert "已记下「需求类别」：工艺改进" in reply.text
    assert reply.text.endswith(
        "【技术需求】第 3/9 项\n希望达到哪些指标？\n至少写一个数字和单位；还没有可选「暂无量化指标」。\n"
        "例如：通量 ≥ 25 LMH，脱盐率 ≥ 99.5%"
    )
    assert talker.draft.answers["tech_need_type"].value == "process"


def test_a_form_says_how_far_it_is_for_doors_that_draw_it(talker: Talker) -> None:
    talker.begin_technology()
    part = talker.press("工艺改进").form
    assert part is not None
    assert (part.draft, part.kind, part.name, part.input) == (talker.draft.id, "technology", "key_indicators", "text")
    assert (part.step, part.total) == (3, 9)
    assert part.ask.startswith("希望达到哪些指标？")


@pytest.mark.parametrize("text", ["4", "工艺改进", "工艺", "第4个"])
def test_a_choice_can_be_typed(talker: Talker, text: str) -> None:
    talker.begin_technology()
    talker.say(text)
    assert talker.draft.answers["tech_need_type"].value == "process"


def test_two_or_three_million_is_echoed_as_a_range_in_its_band(talker: Talker) -> None:
    talker.say("找技术")
    talker.press("技术需求")
    talker.press("一项一项填")
    for text in ("反渗透膜在高盐废水中运行三个月后通量衰减，清洗后只能恢复到八成", "工艺改进", INDICATORS, "合作研发"):
        talker.say(text)
    assert "已记下「拟投入资金」：200–300 万元，归入「100–300 万元」。" in talker.say("两三百万").text


def test_several_choices_are_ticked_one_by_one_or_typed_at_once(talker: Talker) -> None:
    talker.say("找资金")
    talker.press("一项一项填")
    assert "选好了" not in "".join(talker.labels())
    talker.press("银行贷款")
    assert "✓ 银行贷款" in talker.labels()
    assert talker.reply.form is not None
    assert len(talker.reply.form.picked) == 1
    talker.press("股权融资")
    talker.press("银行贷款")
    assert "✓ 银行贷款" not in talker.labels()
    talker.press("选好了（1 项）")
    assert talker.draft.answers["finance_type"].value == ("equity",)
    talker.say("上一步")
    talker.say("1、3")
    assert talker.draft.answers["finance_type"].value == ("bank_loan", "guarantee")


def test_too_many_choices_are_told_and_not_ticked(talker: Talker) -> None:
    talker.say("找资金")
    talker.press("一项一项填")
    for label in ("银行贷款", "股权融资", "引导基金"):
        talker.press(label)
    assert "最多选 3 项，您选了 4 项" in talker.press("融资租赁").text
    assert "✓ 融资租赁" not in talker.labels()


def test_what_the_other_is_follows_at_once_or_beside_it(talker: Talker) -> None:
    talker.begin_technology()
    talker.press("其他")
    assert talker.asked == "tech_need_type_other"
    talker.say("设备诊断")
    talker.say("上一步")
    talker.say("上一步")
    talker.say("其他：计量校准")
    assert talker.draft.answers["tech_need_type"].value == "other"
    assert talker.draft.answers["tech_need_type_other"].value == "计量校准"
    assert talker.asked == "key_indicators"


def test_a_way_out_is_an_answer(talker: Talker) -> None:
    talker.begin_technology()
    talker.press("工艺改进")
    assert "已记下「技术关键与主要指标」：暂无" in talker.press("暂无量化指标").text
    assert talker.draft.answers["key_indicators"].state == "none_yet"


def test_what_another_answer_implies_is_offered_and_not_assumed(talker: Talker) -> None:
    talker.say("找技术")
    talker.press("技术需求")
    talker.say("硫化工艺能耗高，想改进工艺，降低能耗两成")
    talker.press("都对")
    while talker.asked != "privacy_consent":
        talker.press("暂无量化指标") if talker.asked == "key_indicators" else talker.say(ANSWERS[talker.asked])
    talker.press("同意")
    talker.say("青岛某某橡胶有限公司")
    assert "根据已有信息，这一项是不是「企业」？" in talker.say(CODE).text
    assert "企业（建议）" in talker.labels()
    assert "org_type" not in talker.draft.answers
    talker.say("对")
    assert talker.draft.answers["org_type"].value == "enterprise"
    assert "是不是「上合示范区」" in talker.say("上合示范区").text
    assert "zone" not in talker.draft.answers
    talker.say("是")
    assert talker.draft.answers["zone"].value == "sco_demo"


ANSWERS = {
    "problem": "硫化工艺能耗高，反复试过调整温度曲线，效果不明显，希望降低能耗两成",
    "tech_need_type": "工艺改进",
    "coop_modes": "可协商",
    "budget_band": "面议",
    "title": "降低硫化工艺能耗的改进方案",
    "summary": "寻找能把硫化工艺能耗降低两成的改进方案和设备",
    "deadline": "年底前",
}


def test_title_and_summary_are_proposed_from_what_was_told(talker: Talker) -> None:
    talker.say("找技术")
    talker.press("技术需求")
    talker.press("一项一项填")
    while talker.asked not in ("title", "privacy_consent"):
        talker.press("暂无量化指标") if talker.asked == "key_indicators" else talker.say(ANSWERS[talker.asked])
    assert "可以写成「" in talker.reply.text
    talker.press("用这个：")
    assert talker.draft.answers["title"].state == "given"
    assert talker.asked == "summary"
    talker.press("用上面这句")
    summary = talker.draft.answers["summary"].value
    assert isinstance(summary, str)
    assert 10 <= len(summary) <= 120


# What is wrong is said, with a way on


def test_an_answer_that_cannot_be_read_is_told_with_an_example_and_asked_again(talker: Talker) -> None:
    talker.begin_technology()
    reply = talker.say("说不好")
    assert reply.status == "form_invalid"
    assert "请从列表里选，例如关键核心技术攻关" in reply.text
    assert talker.asked == "tech_need_type"
    assert talker.draft.failures == 1


def test_after_three_failures_staff_can_check_it_or_a_person_be_asked(talker: Talker) -> None:
    talker.begin_technology()
    for text in ("说不好", "不知道啊"):
        talker.say(text)
        assert "转人工" not in talker.labels()
    reply = talker.say("随便")
    assert "可以先跳过，由工作人员核实；也可以转人工。" in reply.text
    assert {"先跳过，由工作人员核实", "转人工"} <= set(talker.labels())
    assert "12345" in talker.press("转人工").text
    talker.press("先跳过")
    assert talker.draft.answers["tech_need_type"].state == "to_verify"
    assert talker.draft.failures == 0


def test_a_code_with_a_letter_for_a_digit_is_suggested_and_not_assumed(talker: Talker) -> None:
    talker.tell_technology()
    talker.press("同意")
    talker.say("青岛某某新材料有限公司")
    assert "是不是想写 91370200264574251E" in talker.say("9137O200264574251E").text
    assert "uscc" not in talker.draft.answers
    talker.press("就是它")
    assert talker.draft.answers["uscc"].value == CODE


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("９１３７０２００２６４５７４２５１Ｅ", None),
        ("91370200264574251e", None),
        ("N2370285MF1234567P", None),
        ("9137020026457425", "您输入了 16 位"),
        ("91370200264574251A", "最后一位「A」与前面对不上"),
    ],
)
def test_codes_are_read_as_people_write_them(talker: Talker, typed: str, told: str | None) -> None:
    talker.tell_technology()
    talker.press("同意")
    talker.say("青岛某某新材料有限公司")
    reply = talker.say(typed)
    assert (talker.asked == "uscc") == (told is not None)
    assert (told or "已记下「统一社会信用代码」") in reply.text


def test_a_landline_without_its_area_code_is_mended_by_a_button(talker: Talker) -> None:
    talker.tell_technology()
    talker.introduce()
    talker.say("修改17")
    assert talker.asked == "contact_phone"
    talker.say("85911234")
    talker.press("加上区号")
    assert "0532****1234" in talker.reply.text


def test_an_extension_is_kept(talker: Talker) -> None:
    talker.tell_technology()
    talker.introduce()
    talker.say("17")
    assert "0532****1234 转 801" in talker.say("0532 85911234转801").text


# Interruptions


def test_a_policy_question_at_a_typed_step_is_answered_and_the_same_step_asked_again(talker: Talker) -> None:
    talker.begin_technology()
    before, asked = talker.draft, talker.reply
    reply = talker.say(POLICY)
    assert reply.status == "form_answered"
    assert "《青岛市高新技术企业培育若干措施》" in reply.text
    assert reply.citations
    assert reply.answer is not None
    assert "\n\n继续填写（第 2/9 项）：\n属于哪一类技术需求？" in reply.text
    assert reply.choices == asked.choices
    assert talker.draft == before


def test_a_policy_question_at_a_free_step_is_answered_and_the_same_step_asked_again(talker: Talker) -> None:
    talker.begin_technology()
    talker.press("工艺改进")
    before = talker.draft
    reply = talker.say(POLICY)
    assert "一次性奖励10万元" in reply.text
    assert "继续填写（第 3/9 项）：\n希望达到哪些指标？" in reply.text
    assert talker.draft == before


def test_an_example_question_pressed_in_mid_form_is_answered_like_one_typed(talker: Talker) -> None:
    talker.begin_technology()
    before = talker.draft
    reply = talker.say(choice="ask:talent:0")
    assert reply.status == "form_answered"
    assert "继续填写（第 2/9 项）" in reply.text
    assert talker.draft == before


def test_a_question_about_the_form_is_answered_by_the_form(talker: Talker) -> None:
    talker.begin_technology()
    talker.press("工艺改进")
    reply = talker.say("这一项要写多少字？")
    assert reply.status == "form_help"
    assert "写 4–500 个字。" in reply.text
    assert "继续填写（第 3/9 项）" in reply.text


@pytest.mark.parametrize("button", [True, False])
def test_a_doubtful_text_taken_as_a_question_is_answered_and_kept(talker: Talker, button: bool) -> None:
    talker.begin_technology()
    talker.press("工艺改进")
    reply = talker.say("如何把通量提高到 25 LMH？")
    assert reply.status == "form_unsure"
    assert talker.labels() == ["这是提问", "这是填写内容"]
    assert "key_indicators" not in talker.draft.answers
    reply = talker.press("这是提问") if button else talker.say("这是提问")
    assert reply.status == "form_answered"
    assert talker.asked == "key_indicators"
    talker.press("把刚才那句填进去")
    assert talker.draft.answers["key_indicators"].value == "如何把通量提高到 25 LMH？"


@pytest.mark.parametrize("button", [True, False])
def test_a_doubtful_text_taken_as_the_answer_is_committed(talker: Talker, button: bool) -> None:
    talker.begin_technology()
    talker.press("工艺改进")
    talker.say("如何把通量提高到 25 LMH？")
    talker.restart()
    talker.press("这是填写内容") if button else talker.say("这是填写内容")
    assert talker.draft.answers["key_indicators"].text == "如何把通量提高到 25 LMH？"


def test_a_doubtful_text_that_is_no_answer_either_stays_at_hand(talker: Talker) -> None:
    talker.begin_technology()
    talker.press("工艺改进")
    talker.say("如何降低膜污染？")
    assert "请至少写一个数字和单位" in talker.press("这是填写内容").text
    assert "把刚才那句填进去" in talker.labels()


def test_words_after_a_doubtful_text_are_a_new_answer(talker: Talker) -> None:
    talker.begin_technology()
    talker.press("工艺改进")
    talker.say("如何把通量提高到 25 LMH？")
    talker.say(INDICATORS)
    assert talker.draft.answers["key_indicators"].text == INDICATORS


def test_a_doubtful_story_can_be_told_as_one(talker: Talker) -> None:
    talker.say("找技术")
    talker.press("技术需求")
    assert talker.say("如何降低反渗透膜的污染？").status == "form_unsure"
    assert talker.press("这是填写内容").status == "form_proposed"
    assert "主要问题：如何降低反渗透膜的污染？" in talker.reply.text


# Moves


@pytest.mark.parametrize("text", ["上一步", "/back", "返回上一步"])
def test_back_asks_the_step_before_and_loses_nothing(talker: Talker, text: str) -> None:
    talker.begin_technology()
    talker.press("工艺改进")
    talker.say(text)
    assert talker.asked == "tech_need_type"
    assert talker.draft.answers["tech_need_type"].value == "process"
    assert "不改了" in talker.labels()
    talker.press("不改了")
    assert talker.asked == "key_indicators"


def test_back_from_the_first_step_says_so(talker: Talker) -> None:
    talker.say("其他合作")
    talker.press("其他合作")
    assert "这已经是第一项了" in talker.say("上一步").text


def test_a_control_word_inside_a_sentence_is_the_answer(talker: Talker) -> None:
    talker.begin_technology()
    talker.press("工艺改进")
    talker.say("取消电镀环节，成本降低 20%")
    assert talker.draft.answers["key_indicators"].text == "取消电镀环节，成本降低 20%"


def test_what_is_required_cannot_be_skipped(talker: Talker) -> None:
    talker.begin_technology()
    reply = talker.say("跳过")
    assert "「需求类别」需要填写后才能继续" in reply.text
    assert talker.asked == "tech_need_type"


def test_a_form_put_away_is_gone_on_with_where_it_was(talker: Talker) -> None:
    talker.begin_technology()
    reply = talker.press("暂存")
    assert reply.status == "form_parked"
    assert all(draft.parked for draft in talker.drafts)
    assert talker.say("首次认定高新技术企业奖励多少钱").status == "answered"
    assert "继续填写（第 2/9 项）" in talker.say("继续填写").text
    assert len(talker.draft.answers) == 9


def test_several_forms_put_away_are_listed(talker: Talker) -> None:
    talker.begin_technology()
    talker.say("暂存")
    talker.say("找人才")
    talker.say("需要两名水下机器人算法工程师，解决定位漂移问题")
    talker.press("都对") if "都对，填入" in talker.labels() else None
    talker.say("暂存")
    reply = talker.say("我的草稿")
    assert "1. " in reply.text
    assert "人才需求" in reply.text
    assert "「技术需求·高校合作研发解决膜污染问题」" in reply.text
    place = next(line[0] for line in reply.text.splitlines() if "技术需求" in line)
    talker.press(f"继续填 {place}")
    assert talker.draft.kind == "technology"


def test_a_form_can_be_deleted_from_the_list(talker: Talker) -> None:
    talker.begin_technology()
    talker.say("暂存")
    talker.say("我的草稿")
    talker.press("删除 1")
    assert "已填的 9 项会删除" in talker.reply.text
    assert len(talker.drafts) == 1
    talker.press("确定放弃")
    assert talker.drafts == []


def test_giving_up_is_asked_first(talker: Talker) -> None:
    talker.begin_technology()
    reply = talker.say("取消")
    assert "已填的 9 项会删除，不能恢复" in reply.text
    talker.press("继续填写")
    assert talker.asked == "tech_need_type"
    talker.say("取消")
    assert talker.press("确定放弃").status == "form_dropped"
    assert talker.drafts == []


def test_an_empty_form_is_given_up_at_once(talker: Talker) -> None:
    talker.say("找人才")
    assert talker.say("取消").status == "form_dropped"


def test_starting_over_keeps_the_form(talker: Talker) -> None:
    talker.begin_technology()
    reply = talker.say("/restart")
    assert (reply.status, len(talker.drafts)) == ("form_menu", 1)
    assert "都已存好" in reply.text
    assert "我的草稿" in talker.labels()


def test_a_preview_shows_what_was_said_and_asks_the_same_again(talker: Talker) -> None:
    talker.begin_technology()
    reply = talker.say("预览")
    assert "5. 拟投入资金：100–300 万元" in reply.text
    assert "继续填写（第 2/9 项）" in reply.text


def test_help_says_what_is_asked_and_what_can_be_said(talker: Talker) -> None:
    talker.begin_technology()
    reply = talker.say("帮助")
    assert "现在填的是「需求类别」" in reply.text
    assert "上一步、跳过、暂存、预览、取消、转人工" in reply.text


def test_a_person_can_be_asked_for_at_any_time_and_nothing_is_lost(talker: Talker) -> None:
    assert "12345" in talker.say("转人工").text
    talker.begin_technology()
    before = talker.draft
    reply = talker.say("/human")
    assert "12345" in reply.text
    assert "简要登记" in talker.labels()
    assert talker.draft == before


@pytest.mark.parametrize("text", ["上一步", "跳过", "暂存", "取消", "预览"])
def test_a_move_without_a_form_is_told(talker: Talker, text: str) -> None:
    reply = talker.say(text)
    assert reply.status == "form_menu"
    assert "现在没有正在填写的内容" in reply.text


def test_beginning_a_kind_begun_before_asks_which_to_keep(talker: Talker) -> None:
    talker.begin_technology()
    talker.say("/restart")
    talker.press("找技术")
    talker.press("技术需求")
    assert "您有一份没填完的「技术需求·高校合作研发解决膜污染问题」，已填 9 项" in talker.reply.text
    talker.press("放弃旧的，重新填")
    assert dict(talker.draft.answers) == {}
    assert len(talker.drafts) == 1


def test_beginning_another_kind_puts_the_first_away(talker: Talker) -> None:
    talker.begin_technology()
    talker.say("提交需求")
    talker.press("找人才")
    assert {(draft.kind, draft.parked) for draft in talker.drafts} == {("technology", True), ("talent", False)}


def test_words_of_the_menu_are_answers_where_the_step_can_read_them(talker: Talker) -> None:
    talker.say("问政策")
    talker.press("登记问题")
    talker.say("公司去年通过了高企认定，奖励还没有到账，应该找谁？")
    assert talker.asked == "policy_domain"
    talker.say("人才")
    assert talker.draft.answers["policy_domain"].value == "talent"
    talker.say("进度")
    assert talker.draft.answers["help_type"].value == "progress"


# Routes


def test_an_answer_that_changes_the_route_hides_what_depends_on_it_and_loses_nothing(talker: Talker) -> None:
    talker.say("找人才")
    talker.press("一项一项填")
    for text in ("水下机器人算法工程师", "解决复杂水流中的定位漂移问题", "2", "全职", "是"):
        talker.say(text)
    assert talker.asked == "positions_2_job_title"
    talker.say("嵌入式软件工程师")
    assert "（2）" in talker.say("预览").text
    talker.say("上一步")
    talker.say("上一步")
    assert talker.asked == "positions_1_more"
    talker.say("否")
    assert "嵌入式" not in talker.say("预览").text
    assert talker.draft.answers["positions_2_job_title"].value == "嵌入式软件工程师"
    for _ in range(3):
        if talker.asked == "positions_1_more":
            break
        talker.say("上一步")
    talker.say("是")
    assert "嵌入式软件工程师" in talker.say("预览").text


# Restarts, stale buttons, doubled messages


def test_after_a_restart_the_form_stands_where_it_was(talker: Talker) -> None:
    talker.begin_technology()
    talker.press("工艺改进")
    answers = talker.draft.answers
    talker.restart()
    reply = talker.say("继续填写")
    assert "继续填写（第 3/9 项）" in reply.text
    assert talker.draft.answers == answers


def test_an_old_button_asks_the_current_step_again_and_changes_nothing(talker: Talker) -> None:
    talker.begin_technology()
    old = talker.button("工艺改进")
    talker.press("新产品研发")
    before = talker.draft
    talker.restart()
    reply = talker.say(choice=old.id)
    assert reply.status == "form_stale"
    assert "这个按钮是之前的" in reply.text
    assert talker.asked == "key_indicators"
    assert talker.draft == before


def test_another_persons_button_changes_nothing(house: House) -> None:
    one, other = Talker(house, "1"), Talker(house, "2")
    one.begin_technology()
    before = one.draft
    reply = other.say(choice=one.button("工艺改进").id)
    assert reply.status == "form_menu"
    assert one.draft == before
    other.begin_technology()
    assert other.say(choice=one.button("工艺改进").id).status == "form_stale"
    assert one.draft == before


@pytest.mark.parametrize("what", ["cont", "del", "del!"])
def test_another_persons_form_is_not_there(house: House, what: str) -> None:
    one, other = Talker(house, "1"), Talker(house, "2")
    one.begin_technology()
    assert other.say(choice=f"m:{what}.{one.draft.id}").status == "form_gone"
    assert one.draft.kind == "technology"
    assert other.drafts == []


@pytest.mark.parametrize(
    "choice", ["n:", "n:x:y:z", "n:::", "m:nothing", "m:kind.nothing", "m:cont.", "d:nothing", "n:a:1"]
)
def test_a_button_that_was_never_made_breaks_nothing(talker: Talker, choice: str) -> None:
    assert talker.say(choice=choice).status != "error_internal"
    talker.begin_technology()
    before = talker.draft
    assert talker.say(choice=choice).status != "error_internal"
    assert talker.draft == before


@pytest.mark.parametrize(
    "what", ["o99", "ok", "u", "w", "Y", "cm", "go", "ay", "zz", "e3", "K.technology", "q", "a", "g"]
)
def test_a_button_of_another_step_changes_no_answer(talker: Talker, what: str) -> None:
    talker.begin_technology()
    before = talker.draft.answers
    reply = talker.say(choice=f"n:{talker.draft.id}:{talker.draft.rev}:{what}")
    assert reply.status != "error_internal"
    assert talker.draft.answers == before


def test_a_message_that_was_applied_but_not_replied_to_is_not_applied_again(
    talker: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ended between the commit of the answer and the record of the reply."""
    talker.begin_technology()
    pressed = talker.message(choice=talker.button("工艺改进").id)
    with monkeypatch.context() as killed:
        killed.setattr("bot.history.History.record", _killed)
        with pytest.raises(KeyboardInterrupt):
            talker.conversation.handle(pressed)
    before = talker.draft
    assert before.answers["tech_need_type"].value == "process"
    talker.restart()
    talker.sent = pressed
    reply = talker.again()
    assert "继续填写（第 3/9 项）" in reply.text
    assert talker.draft == before
    assert talker.again() == reply


def test_putting_away_that_was_not_replied_to_is_told_again(talker: Talker, monkeypatch: pytest.MonkeyPatch) -> None:
    talker.begin_technology()
    saving = talker.message("暂存")
    with monkeypatch.context() as killed:
        killed.setattr("bot.history.History.record", _killed)
        with pytest.raises(KeyboardInterrupt):
            talker.conversation.handle(saving)
    talker.restart()
    talker.sent = saving
    assert talker.again().status == "form_parked"


def _killed(*_: object) -> str:
    raise KeyboardInterrupt


def test_a_form_that_changed_keeps_what_fits_and_names_what_is_asked_again(talker: Talker) -> None:
    talker.begin_technology()
    talker.press("工艺改进")
    needs = talker.house.needs()
    form = needs.formbook.form("technology")
    steps = tuple(
        step.model_copy(update={"options": step.options[:3]}) if step.id == "budget_band" else step
        for step in form.steps
        if step.id != "keywords"
    )
    steps = tuple(
        step.model_copy(update={"options": step.options[4:]}) if step.id == "coop_modes" else step for step in steps
    )
    needs.formbook.forms["technology"] = form.model_copy(update={"version": 2, "steps": steps})  # type: ignore[index]
    reply = talker.say("继续填写")
    assert "这份表格更新过" in reply.text
    assert "合作方式" in reply.text
    assert "拟投入资金" in reply.text
    draft = talker.draft
    assert draft.form_version == 2
    assert "coop_modes" not in draft.answers
    assert draft.answers["tech_need_type"].value == "process"
    assert talker.asked == "key_indicators"


def test_a_form_changed_at_another_door_is_shown_as_it_stands(talker: Talker) -> None:
    talker.begin_technology()
    needs = talker.house.needs()

    class Late:
        """Reads the draft as it was, before somebody else saved it."""

        def __init__(self) -> None:
            self.stale = talker.draft
            needs.drafts.save(replace(talker.draft, failures=1), talker.house.clock.now())

        def __getattr__(self, name: str) -> object:
            return getattr(needs.drafts, name)

        def all(self, person: str) -> list[object]:
            return [self.stale]

    button = talker.button("工艺改进")
    dialog = talker.conversation._submit
    assert dialog is not None
    late = Late()
    object.__setattr__(dialog._desk, "needs", replace(needs, drafts=late))  # type: ignore[arg-type]
    reply = talker.say(choice=button.id)
    assert "刚刚在别处更新过" in reply.text
    assert "tech_need_type" not in talker.draft.answers


# Pictures, stickers, empty messages


@pytest.mark.parametrize("fields", [{"control": "unsupported"}, {"text": ""}, {"text": "  "}])
def test_what_is_no_answer_gets_a_helpful_word_and_the_same_question(talker: Talker, fields: dict[str, str]) -> None:
    talker.begin_technology()
    before = talker.draft
    reply = talker.say(**fields)
    assert "这里需要文字" in reply.text
    assert talker.asked == "tech_need_type"
    assert talker.draft == before


# Languages, databases


def test_the_frame_is_english_where_it_is_asked_for_and_the_form_stays_chinese(house: House) -> None:
    talker = Talker(house, lang="en")
    assert "What would you like to do?" in talker.say("submit a need").text
    talker.press("找人才")
    assert "in your own words" in talker.reply.text
    talker.say("skip")
    assert talker.reply.text.endswith("需要什么岗位？\nFor example: 水下机器人算法工程师")
    assert "[人才需求] 1 of " in talker.reply.text
    assert "Please be more specific" in talker.say("招").text or "characters" in talker.reply.text


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_a_need_is_told_and_submitted_on_both_databases(
    request: pytest.FixtureRequest, database: str, data_dir: Path, clock: FixedClock
) -> None:
    engine: Engine = request.getfixturevalue(f"{database}_engine")
    url = SecretStr(engine.url.render_as_string(hide_password=False) if database == "postgres" else "")
    house = a_house(data_dir, clock, database_url=url)
    talker = Talker(house)
    case = talker.submit_technology()
    assert case.title == "高校合作研发解决膜污染问题"
    assert talker.drafts == []
    house.engine.dispose()
