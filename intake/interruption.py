"""Whether words sent in mid-form answer the step or ask a question: the decision only, not the reply.

On typed steps a readable answer is an answer, and only what cannot be read may be a question. On free text any words
would do, so a question is told apart by its shape, its length and the field's words; in doubt the person is asked.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum

from intake.models import Step
from intake.question_shape import SHORT, ends_as_question, enquires, shaped_as_question
from intake.reading.plain import plain
from intake.reading.texts import names_organisation


class Decision(StrEnum):
    """answer: take it, or say what is wrong · question: reply, then ask the same step again · unsure: ask which."""

    ANSWER = "answer"
    QUESTION = "question"
    UNSURE = "unsure"


class Control(StrEnum):
    """Moves within a form, said as exact words."""

    BACK = "back"
    SKIP = "skip"
    SAVE = "save"
    CANCEL = "cancel"
    PREVIEW = "preview"
    HELP = "help"
    HUMAN = "human"
    RESTART = "restart"


_WORDS = {
    Control.BACK: "上一步 返回上一步 /back back",
    Control.SKIP: "跳过 /skip skip",
    Control.SAVE: "暂存 先存着 /save save",
    Control.CANCEL: "取消 放弃 /cancel cancel",
    Control.PREVIEW: "预览 /preview preview",
    Control.HELP: "帮助 /help help",
    Control.HUMAN: "转人工 人工 /human human",
    Control.RESTART: "重新开始 /restart restart",
}
_CONTROLS = {word: control for control, words in _WORDS.items() for word in words.split()}

_ABOUT_THE_FORM = re.compile(
    r"填|必填|写多少|[0-9]字|多少字|要写|写这么|这一项|这项|这一步|这个问题|这些内容|这里|字数|空着|报名|修改|格式|收费|例子|示例|举例|全称|附件|上传|提交需求|模板|写英文|写[多少错]|粘贴|截断|文档|图片|拍照|语音|"
    r"会公开|公开吗|保密吗|能看到|谁能看|谁会看|泄露|"
    r"选哪|哪一类|哪类|哪一个|哪一档|哪档|哪一项|什么意思|算哪|有什么区别|有啥不一样"
)

_HOW_TO_FILL = re.compile(r"(?:怎么|如何|怎样|咋)(?:填|写)\S{0,2}[??]?$")


def control_of(text: str) -> Control | None:
    """The control the whole text is; 「取消关税影响」 is not one."""
    return _CONTROLS.get(re.sub(r"[。.! ]+$", "", plain(text)).lower())


def decide(step: Step, text: str, parsed: bool, policy_words: Collection[str]) -> Decision:
    """Answer, question or unsure. `parsed`: the step's reader understood the text; controls are taken out before."""
    if step.question_is_answer:
        return Decision.ANSWER
    if not step.free_text:
        asks = not parsed and shaped_as_question(text)
        return Decision.QUESTION if asks else Decision.ANSWER
    if "organisation_ending" in step.rules and names_organisation(text):
        return Decision.ANSWER
    if step.part in ("profile", "contact") and shaped_as_question(text):
        return Decision.QUESTION  # a name or an address is never put as a question
    return _on_free_text(text, policy_words)


def _on_free_text(text: str, policy_words: Collection[str]) -> Decision:
    words = plain(text)
    on_policy = any(word in words for word in policy_words)
    if len(words) >= SHORT:
        ends_asking = ends_as_question(words) or enquires(words)
        return Decision.UNSURE if ends_asking and on_policy else Decision.ANSWER
    if _HOW_TO_FILL.search(words):
        return Decision.QUESTION
    if not shaped_as_question(words):
        return Decision.ANSWER
    if on_policy or _about_the_form(words):
        return Decision.QUESTION
    return Decision.UNSURE


def asks_about_the_form(text: str, policy_words: Collection[str]) -> bool:
    """True for a question about filling in, which the form itself can answer: 这一项要写多少字？会公开吗？"""
    words = plain(text)
    if any(word in words for word in policy_words):
        return False
    return bool(_HOW_TO_FILL.search(words)) or _about_the_form(words)


def _about_the_form(words: str) -> bool:
    return bool(_ABOUT_THE_FORM.search(words))
