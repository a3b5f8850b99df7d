"""Follow-ups by rule: 「那崂山区呢?」 「硕士呢」 「2023年能拿多少?」 become questions that stand alone. Pure.

A follow-up inherits the words of the question before it, less what it replaces of the same kind (a place by a place,
a degree by a degree, an amount by an amount). Where nothing says that it follows, it is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.guardrails import clean, fold
from rag.jurisdictions import find_mentions
from rag.models import Turn
from rag.wordbook import Wordbook, wordbook

KINDS = (
    re.compile(r"博士后|博士|硕士|研究生|本科生?|大专|专科|学士|phd|master'?s?|bachelor'?s?"),
    re.compile(r"(?<![0-9])(?:20[0-9]{2}|(?<![0-9])[12][0-9])\s*年"),
    re.compile(r"[0-9]+(?:\.[0-9]+)?\s*(?:万亿|亿|千万|百万|万|w|k|元|块|%|人|个人)+元?"),
    re.compile(r"国家级|省级|市级|区级|国家(?=单项|小巨人|级)|省(?=瞪羚|单项)"),
    re.compile(r"首次认定|重新认定|新认定|复审|初次"),
    re.compile(r"单项冠军|小巨人|专精特新|独角兽|瞪羚|高企|高新技术企业|科小|科技型中小企业|隐形冠军|创新型中小企业"),
    re.compile(r"模型券|语料券|算力券"),
)
_OPENERS = re.compile(
    r"^(那么?|那要是|那如果|那(?:我|我们|他)?|如果|要是|假如|换成|换做|改成|还有|另外|再问|然后|所以|可是|但是|但|而|同样|"
    r"and\b|what about|how about|then\b|so\b|but\b)"
)
_POINTERS = re.compile(
    r"这个|那个|这项|那项|该政策|这政策|那政策|这笔|那笔|它|其中|上面|上述|刚才|刚刚|前面|这条|那条|\b(it|that|this|they|those)\b"
)
_WANTED = re.compile(r"补贴|补助|奖励|奖|津贴|贷款|资助|政策|优惠|扶持|条件|认定")
_ANEW = re.compile(
    r"(有|还有|都有)(什么|哪些|啥|没有)|(什么|哪些|啥)(政策|补贴|优惠|补助|奖励|扶持)|介绍(一下|下)?政策|查(一下|下)?政策"
)
"""Asks for policies at large: a new beginning, however short."""

WIDER = re.compile(r"市里|市级|全市|省里|省级|国家层面|国家级|全国|\bcity\b|\bprovinc|\bnational")
SHORT = 6
"""汉字 of content at or under which a question after another one is taken to lean on it."""

LONGEST_TURN = 1_000
"""Characters from which an earlier turn is no question that could have been answered."""


@dataclass(frozen=True, slots=True)
class Standalone:
    """A question that stands alone and whether it was made from a follow-up.

    Where it was not, `topic` is what was talked about before: worth a little in the search, since people drop what they
    have just said (「要缴几个月社保」).
    """

    text: str
    followed: bool
    topic: str = ""


def standalone(text: str, history: Sequence[Turn]) -> Standalone:
    """Fold the conversation into the question. The last topic wins; thanks and what was too long to answer are none."""
    topic = ""
    for turn in history:
        earlier = clean(turn.text) if turn.role == "user" and len(turn.text) <= LONGEST_TURN else ""
        if earlier and not _is_smalltalk(fold(earlier), wordbook()):
            topic = _folded_in(earlier, topic).text
    return _folded_in(text, topic)


def _is_smalltalk(folded: str, book: Wordbook) -> bool:
    return any(pattern.search(folded) for pattern in book.smalltalk.values())


def _folded_in(text: str, topic: str) -> Standalone:
    if not topic or not leans(text) or _begins_anew(text, topic):
        return Standalone(text, False, topic)
    return Standalone(f"{_without_replaced(topic, text)} {text}".strip(), True)


def _begins_anew(text: str, topic: str) -> bool:
    """Whether a short question names somebody new and what they want: 「博士有补贴吗」 after 独角兽奖多少."""
    folded, before = fold(text), fold(topic)
    if _OPENERS.search(folded) or folded.rstrip("?？ ").endswith("呢") or _POINTERS.search(folded):
        return False
    new = any(kind.search(folded) and not kind.search(before) for kind in (KINDS[0], KINDS[5]))
    return new and bool(_WANTED.search(folded))


def leans(text: str) -> bool:
    """Whether a question leans on the one before it."""
    book, folded = wordbook(), fold(text).strip()
    if _is_smalltalk(folded, book):
        return False
    content = _content(folded, book)
    if _OPENERS.search(folded) or (folded.rstrip("? ").endswith("呢") and len(content) <= 2 * SHORT):
        return True
    if _POINTERS.search(folded) and len(content) <= 2 * SHORT:
        return True
    if _ANEW.search(folded) and (not content or (book.listing.search(folded) and book.listing_self.search(folded))):
        return False
    return len(content) <= SHORT and not _names_topic(folded, content)


def _content(folded: str, book: Wordbook) -> str:
    left = book.generic.sub(" ", book.stop.sub(" ", folded))
    for mention in find_mentions(left):
        left = left.replace(left[mention.start : mention.end], " ") if mention.name else left
    for kind in KINDS[:3]:
        left = kind.sub(" ", left)
    return re.sub(r"[^0-9a-z\u3400-\u9fff]", "", left)


def _names_topic(folded: str, content: str) -> bool:
    """A short question that names its subject and what it wants to know stands alone (「高企奖多少」)."""
    return len(content) >= 2 and bool(re.search(r"多少|什么|哪|怎么|如何|条件|几|吗|能|咋|啥|how|what|when", folded))


def _without_replaced(topic: str, text: str) -> str:
    """The earlier question without what the follow-up says anew."""
    left, folded = topic, fold(text)
    if find_mentions(text) or WIDER.search(folded):
        for mention in sorted(find_mentions(topic), key=lambda m: -m.start):
            left = left[: mention.start] + " " + left[mention.end :]
    for kind in KINDS:
        if kind.search(folded):
            left = kind.sub(" ", left)
    return re.sub(r"\s+", " ", left).strip()
