"""Notices and plain texts: 一、（一）1. at line starts and after blanks, items packed, sentences never cut."""

from __future__ import annotations

from rag.chunking import chunk
from rag.models import Document, Passage

TITLE = "关于支持企业复工的通知"


def passages(text: str, **size: int) -> list[Passage]:
    return [passage for passage, _ in chunk(Document("d1", TITLE, text), **size)]


def sentence(subject: str, length: int = 60) -> str:
    return subject + "应当按照规定办理有关手续并接受监督检查" * (length // 19) + "。"


NOTICE = f"""{TITLE}
各区市人民政府：
{sentence("各单位", 120)}
一、加大资金支持
（一）减免租金。{sentence("房东")}
1.国有房产免收两个月。
2．其他房产减半收取。
（二）贷款贴息。{sentence("银行", 300)}
二、优化服务
① 网上办理。
② 容缺受理。
"""


def test_items_carry_the_labels_and_headings_above_them() -> None:
    found = {passage.article: passage for passage in passages(NOTICE, target=80, cap=400)}
    assert found["一、（一）"].path == (TITLE, "一、加大资金支持", "（一）减免租金")
    assert found["一、（二）"].path == (TITLE, "一、加大资金支持", "（二）贷款贴息")
    assert found["二、"].text == "二、优化服务\n① 网上办理。\n② 容缺受理。"


def test_a_heading_goes_with_what_follows_it() -> None:
    texts = [passage.text for passage in passages(NOTICE, target=80, cap=400)]
    assert "一、加大资金支持" not in texts
    assert any(text.startswith("一、加大资金支持\n（一）减免租金。") for text in texts)


def test_the_repeated_title_is_in_the_path_and_not_in_the_text() -> None:
    first = passages(f"{TITLE} {TITLE} {sentence('企业')}")[0]
    assert first.path == (TITLE,)
    assert first.text == sentence("企业")


def test_small_neighbours_share_a_passage_that_names_them() -> None:
    text = "".join(f"{n}、{sentence('企业', 40)}\n" for n in "一二三四")
    found = passages(text, target=90, cap=200)
    assert [passage.article for passage in found] == ["一、至二、", "三、至四、"]
    assert found[0].path == (TITLE,)


def test_a_notice_on_one_line_is_cut_at_its_items() -> None:
    text = (
        f"{TITLE} 各单位： {sentence('各单位', 100)} 一、全力保障 1.实施补贴。{sentence('财政', 100)} "
        f"2.对疫情防控企业，减免 3.5 成费用。{sentence('税务', 100)} 二、强化服务 3.设立专班。{sentence('专班', 200)}"
    )
    found = passages(text, target=100, cap=300)
    assert [passage.article for passage in found] == [None, "一、1.", "一、2.", "二、3.", "二、3."]
    assert found[1].text.startswith("一、全力保障 1.实施补贴。")
    assert found[3].path == (TITLE, "二、强化服务", "3.设立专班")


def test_figures_and_enumerations_in_running_text_are_no_heads() -> None:
    text = "本市设 一、二、三等奖。\n2020.1.5 起施行，3、4月份办理，\n一、二级医院除外。"
    assert [passage.article for passage in passages(text)] == [None]


def test_a_number_out_of_order_is_no_head() -> None:
    found = passages("一、甲事项说明。\n九、乙事项说明。\n二、丙事项说明。", target=16, cap=50)
    assert [passage.article for passage in found] == ["一、", "二、"]
    assert found[0].text == "一、甲事项说明。\n九、乙事项说明。"


def test_a_list_inside_an_item_hangs_under_it() -> None:
    text = (
        f"1、手续怎么办？照办。\n2、捐赠后不履行怎么办？{sentence('捐赠人', 80)}有下列情形的：\n"
        f"（一）{sentence('公开承诺', 60)}\n（二）{sentence('书面协议', 60)}\n3、是否公开信息？{sentence('组织', 80)}"
    )
    found = passages(text, target=60, cap=200)
    inner = next(passage for passage in found if passage.text.startswith("（二）"))
    assert inner.article == "2、（二）"
    assert inner.lead == "有下列情形的："
    assert found[-1].article == "3、"


def test_markdown_headings_are_the_path_and_not_the_text() -> None:
    conditions = "## 一、申报条件\n\n注册在本市。\n\n### 材料\n\n营业执照。\n"
    found = passages(f"# 指南\n\n{conditions}\n## 二、时间\n\n常年受理。\n")
    assert [(passage.path[1:], passage.article, passage.text) for passage in found] == [
        (("指南", "一、申报条件"), "一、", "注册在本市。"),
        (("指南", "一、申报条件", "材料"), None, "营业执照。"),
        (("指南", "二、时间"), "二、", "常年受理。"),
    ]


def test_rules_and_comments_are_in_no_text() -> None:
    texts = [passage.text for passage in passages("第一段说明。\n\n<!-- 注释 -->\n\n---\n\n第二段说明。")]
    assert texts == ["第一段说明。", "第二段说明。"]


def test_sentences_are_packed_near_the_target_and_not_cut() -> None:
    lines = [sentence(f"第{n}类企业", 60) for n in range(40)]
    found = passages("".join(lines), target=200, cap=400)
    assert "".join(passage.text for passage in found) == "".join(lines)
    assert all(140 <= len(passage.text) <= 260 for passage in found)
    assert all(passage.text.endswith("。") for passage in found)


def test_a_sentence_over_the_cap_is_cut_at_semicolons_then_commas_then_anywhere() -> None:
    assert [p.text for p in passages("甲" * 12 + "；" + "乙" * 3 + "，" + "丙" * 9, target=10, cap=20)] == [
        "甲" * 12 + "；",
        "乙" * 3 + "，" + "丙" * 9,
    ]
    assert [p.text for p in passages("甲" * 12 + "，" + "丙" * 12, target=10, cap=20)] == ["甲" * 12 + "，", "丙" * 12]
    assert [len(p.text) for p in passages("甲" * 50, target=10, cap=20)] == [20, 20, 10]


def test_a_date_and_a_seal_do_not_stand_alone() -> None:
    seal = "\n某市人民政府\n2020年2月5日"
    found = passages("".join(sentence(f"第{n}类", 60) for n in range(6)) + seal, target=180, cap=400)
    assert found[-1].text.endswith("。" + seal)
