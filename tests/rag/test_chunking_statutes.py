"""Statutes: 第X条 at a line's start is an article, a mention of one is not, and the chapters are its path."""

from __future__ import annotations

from rag.chunking import chunk
from rag.models import Document, Passage

STATUTE = """# 某市科技促进条例

2001年5月1日 某市第一届人民代表大会常务委员会通过

目　录

第一章　总　则
第二章　扶持措施
第三章　附　则

第一章　总　则

第一条　为了促进科技创新，根据有关法律，结合本市实际，制定本条例。

第二条　本条例所称企业，是指
第一条的规定所指的市场主体。

## 第二章　扶持措施

第三条　市财政安排专项资金。

第四条、第五条的资金不得重复领取，也不适用
第九条 规定的情形。

第四条　企业有下列情形之一的，可以申请补助：

（一）研发投入占比百分之五以上；

（二）首次认定为高新技术企业。

第四条之一　补助标准另行公布。

第三章　附　则

第五条　本条例自2001年7月1日起施行。
"""


def passages(text: str, title: str = "某市科技促进条例", **size: int) -> list[Passage]:
    return [passage for passage, _ in chunk(Document("d1", title, text), **size)]


def articles(text: str) -> list[str | None]:
    return [passage.article for passage in passages(text)]


def test_every_article_is_a_passage_under_its_chapter() -> None:
    found = {passage.article: passage.path for passage in passages(STATUTE) if passage.article}
    assert list(found) == ["第一条", "第二条", "第三条", "第四条", "第四条之一", "第五条"]
    assert found["第二条"] == ("某市科技促进条例", "第一章 总则")
    assert found["第四条之一"] == ("某市科技促进条例", "第二章 扶持措施")
    assert found["第五条"] == ("某市科技促进条例", "第三章 附则")


def test_a_reference_at_a_lines_start_stays_in_its_article() -> None:
    by_article = {passage.article: passage.text for passage in passages(STATUTE)}
    assert by_article["第二条"].endswith("第一条的规定所指的市场主体。")
    assert "第四条、第五条的资金不得重复领取" in by_article["第三条"]
    assert "第九条 规定的情形" in by_article["第三条"]


def test_a_jump_ahead_that_later_articles_fill_is_a_reference() -> None:
    text = "第一条 甲。\n第九条 乙。\n第二条 丙。\n第三条 丁。\n第九条 戊。\n"
    assert articles(text) == ["第一条", "第二条", "第三条", "第九条"]


def test_repealed_articles_may_leave_a_gap() -> None:
    assert articles("第一条 甲。\n第四条 乙。\n第五条 丙。\n") == ["第一条", "第四条", "第五条"]


def test_front_matter_and_contents_are_paragraphs() -> None:
    front = [passage for passage in passages(STATUTE) if passage.article is None]
    assert [passage.kind for passage in front] == ["paragraph"]
    assert front[0].path == ("某市科技促进条例",)
    assert front[0].text.startswith("2001年5月1日")
    assert "第二章　扶持措施" in front[0].text


def test_an_article_within_the_cap_stays_whole_with_its_items() -> None:
    fourth = next(passage for passage in passages(STATUTE) if passage.article == "第四条")
    assert fourth.kind == "article"
    assert fourth.text.startswith("第四条　企业有下列情形之一的")
    assert fourth.text.endswith("（二）首次认定为高新技术企业。")
    assert fourth.lead == ""


def test_a_long_article_splits_at_items_and_repeats_what_announces_them() -> None:
    items = "\n\n".join(f"（{n}）{'符合本市产业方向的第' + n + '类企业' * 9}；" for n in "一二三四五六七八")
    text = f"第一条 甲。\n\n第二条 本办法由市局实施。下列企业可以申请：\n\n{items}\n\n前款企业应当诚信。\n"
    parts = [passage for passage in passages(text, target=100, cap=150) if passage.article == "第二条"]
    assert len(parts) > 3
    assert parts[0].text.startswith("第二条 本办法由市局实施。")
    assert all(part.lead == "下列企业可以申请：" for part in parts[1:] if part.text.startswith("（"))
    assert all(part.text.startswith(("第二条", "（", "前款")) for part in parts)


def test_numbering_may_restart_in_an_attachment() -> None:
    text = "第一条 甲。\n第二条 乙。\n附件：实施细则\n第一条 丙。\n第二条 丁。\n"
    found = passages(text)
    assert [passage.article for passage in found] == ["第一条", "第二条", "第一条", "第二条"]
    assert found[2].path == ("某市科技促进条例", "附件：实施细则")


def test_an_attachment_that_is_only_named_is_text() -> None:
    assert passages("第一条 甲。\n第二条 乙。\n附件：申报书")[-1].text == "第二条 乙。\n附件：申报书"


def test_books_parts_and_arabic_numerals_are_read_too() -> None:
    text = "第1编 总则\n第１章 一般规定\n第 一 节 范围\n第1条 甲。\n第２条 乙。\n第二编 分则\n第3条 丙。\n"
    found = passages(text)
    assert [passage.article for passage in found] == ["第1条", "第２条", "第3条"]
    assert found[0].path[1:] == ("第1编 总则", "第１章 一般规定", "第 一 节 范围")
    assert found[2].path[1:] == ("第二编 分则",)


def test_a_statute_on_one_line_is_read_like_any_other() -> None:
    text = (
        "某市科技促进条例 第一章 总 则 第一条 为了促进创新，依照 第九条 的原则，制定本条例。 第二条 本条例适用于本市。 "
        "第二章 附 则 第三条 违反本条例 第二条 的，依照 第四条 处理。 第四条 本条例自公布之日起施行。"
    )
    found = passages(text)
    assert [passage.article for passage in found] == ["第一条", "第二条", "第三条", "第四条"]
    assert [passage.path[-1] for passage in found] == ["第一章 总则", "第一章 总则", "第二章 附则", "第二章 附则"]
    assert found[0].text == "第一条 为了促进创新，依照 第九条 的原则，制定本条例。"


def test_one_mention_of_an_article_makes_no_statute() -> None:
    assert articles("第十条 规定如下。\n我们照办。") == [None]


def test_an_excerpt_may_begin_at_any_article() -> None:
    assert articles("第四百六十三条 本编调整合同关系。\n第四百六十四条 合同是协议。\n") == [
        "第四百六十三条",
        "第四百六十四条",
    ]
