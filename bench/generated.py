"""Policy-like documents out of a seed, for measuring cost at sizes that no corpus at hand has."""

from __future__ import annotations

import random
from dataclasses import replace

from rag.models import Document

_WHO = [
    "科技型中小企业",
    "高新技术企业",
    "小微企业",
    "高校毕业生",
    "创业团队",
    "孵化器",
    "科研院所",
    "制造业企业",
    "软件企业",
    "海洋企业",
]
_WHAT = [
    "研发投入奖补",
    "贷款贴息",
    "安家补贴",
    "场地租金补贴",
    "首次认定奖励",
    "成果转化资助",
    "设备更新补助",
    "人才津贴",
    "算力补贴",
    "上市补助",
]
_HOW = [
    "按实际发生额的{0}%给予补助",
    "一次性奖励{1}万元",
    "最高不超过{1}万元",
    "连续支持{2}年",
    "每年{3}月集中申报",
    "由注册地所在区审核拨付",
]
_END = [
    "按就高不重复原则执行",
    "须在本市注册纳税",
    "弄虚作假的追回资金",
    "具体以年度申报通知为准",
    "与上级资金可叠加享受",
    "自印发之日起施行",
]


def documents(count: int, seed: int = 7, articles: int = 6) -> list[Document]:
    """`count` notices of about `articles` short articles each; the same seed gives the same texts."""
    dice = random.Random(seed)  # noqa: S311  # a benchmark's texts, no secret
    return [_document(number, dice, articles) for number in range(count)]


def edited(document: Document) -> Document:
    """The document with one sentence more in its first article."""
    return replace(document, text=document.text.replace("。", "，申报单位应当信用良好。", 1))


def _document(number: int, dice: random.Random, articles: int) -> Document:
    topic = f"{dice.choice(_WHO)}{dice.choice(_WHAT)}"
    lines = [f"关于支持{topic}的若干措施（{number}）"]
    for place in range(articles):
        sentence = "，".join(_sentence(dice) for _ in range(3))
        lines.append(f"第{_numeral(place + 1)}条　{sentence}。{dice.choice(_END)}。")
    return Document(f"doc-{number}", lines[0], "\n".join(lines))


def _sentence(dice: random.Random) -> str:
    how = dice.choice(_HOW).format(dice.randint(5, 60), dice.randint(1, 900), dice.randint(1, 5), dice.randint(1, 12))
    return f"对{dice.choice(_WHO)}的{dice.choice(_WHAT)}{how}"


def _numeral(number: int) -> str:
    return "零一二三四五六七八九十"[number] if number <= 10 else f"十{'零一二三四五六七八九'[number - 10]}"
