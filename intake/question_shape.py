"""Whether words are shaped as a question. Grammar only: what they ask about is judged elsewhere."""

from __future__ import annotations

import re

from intake.reading.plain import plain

_CLAUSE = re.compile(r"[,,。;;!!::\n]+")
_MARK = re.compile(r"[??]\s*$|(?:吗|么|呢)$")
# 有补贴没, 能报不, 行不行: the verb and its negation frame the question.
_OR_NOT = re.compile(r"(?:有\S{0,10}没有?|(?:能|会|可以|行|算)\S{0,8}不|(?:行不行|好不好|能不能|可不可以))$")
_ASKING = r"请问|想问|问一下|问下|咨询一下|想咨询|请教"
# 什么传感器都试过, 怎么调也不行: with 都 or 也 the word is no question.
_NO_MATTER = r"(?!\S{0,6}?[都也])"
_OPENERS = re.compile(
    rf"^(?:那|那么|{_ASKING})*(?:{_ASKING}|(?:怎么|怎样|如何|能否|能不能|可否|可不可以|是否|是不是|有没有|有无|"
    rf"什么|多少|多久|多大|哪些|哪个|哪里|哪一|几|为什么|为啥|谁|何时|凭什么){_NO_MATTER})"
)
# 想了解一下… as the opening of a short text is asking; in a longer one it is part of a story.
_WANTS_TO_KNOW = re.compile(r"^(?:我们?|公司)?(?:想|要|希望)?(?:了解|打听|咨询|问)(?:一下|下)?\S{2,24}$")
_WITHIN = re.compile(
    r"(?:怎么|怎样|如何|能否|能不能|可不可以|是不是|有没有|有什么|有哪些|有啥|是什么|什么时候|什么条件|什么材料|什么意思|多少|多久|"
    r"哪些|哪个|哪一|哪里|哪家|啥|什么|几月份?(?:申|开|报|发|到)|(?:要|需|得|能|可以|最[多少])\S{0,2}几\S)"
    rf"{_NO_MATTER}|多[大高长久]$|谁\S{{1,3}}$"
)
# Telling of a question is not asking it: 我们不知道如何…, 研究怎么…, 解决怎样…的问题.
_TOLD = re.compile(
    r"(?:不知道?|不清楚|不会|不懂|不明白|不了解|没弄清|弄清|搞清|搞不清|[搞弄]明白|讲|介绍|说说|找出|研究|解决|探索|了解|分析|讨论|判断|掌握|明确|评估|说明|"
    r"取决于|无论|不管|决定|考虑|关注|确定|验证|知道|学习|优化)\S{0,12}$"
)
_TOPIC_ENDS = ("的问题", "的难题", "的方法", "的办法", "难点", "瓶颈", "的课题", "是关键")
SHORT = 60
"""Characters. A longer text tells a story, whatever question it ends in."""
_ENQUIRY = re.compile(_ASKING)


def ends_as_question(text: str) -> bool:
    """True where the text ends in a question mark or a question particle."""
    return bool(_MARK.search(re.sub(r"[。.! ]+$", "", plain(text))))


def shaped_as_question(text: str) -> bool:
    """True for a question mark or particle at the end, a question word opening a clause, or one not told of."""
    words = plain(text)
    if ends_as_question(words):
        return True
    clauses = [clause.strip() for clause in _CLAUSE.split(words) if clause.strip()]
    if len(clauses) == 1 and _WANTS_TO_KNOW.fullmatch(clauses[0]):
        return True
    return any(_asks(clause) for clause in _telling(clauses))


def _telling(clauses: list[str]) -> list[str]:
    """In a longer text a question stands at the end or says that it is one; elsewhere 如何… is part of the story."""
    if len(clauses) <= 2:
        return clauses
    return [clause for clause in clauses if _ENQUIRY.search(clause) or _MARK.search(clause)] + clauses[-1:]


def enquires(text: str) -> bool:
    """True where the person says that they are asking: 请问, 想问, 咨询一下."""
    return bool(_ENQUIRY.search(text))


def _asks(clause: str) -> bool:
    if _OR_NOT.search(clause):
        return True
    if _OPENERS.match(clause):
        return not clause.endswith(_TOPIC_ENDS)
    found = _WITHIN.search(clause)
    if clause.endswith(_TOPIC_ENDS):
        return False
    return found is not None and len(clause) <= 30 and not _TOLD.search(clause[: found.start()])
