"""Words that stand for a button when they are all that was said: 「取消关税影响」 is an answer, 「取消」 is not."""

from __future__ import annotations

import re
from collections.abc import Mapping

from intake.reading.plain import tight


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _by_word(names: Mapping[str, str]) -> dict[str, str]:
    return {word: what for what, words in names.items() for word in words.split()}


def said(text: str) -> str:
    """The text as these words are compared: without spaces and closing marks, in lower case."""
    return tight(text).lower()


# In a form
AGREES = _set("用这个 就用这个 用上面这句 对 对的 是 是的 好 好的 可以 确认 yes ok")
IS_QUESTION = _set("这是提问 提问 question")
IS_ANSWER = _set("这是填写内容 填写内容 是填写内容 answer")
ALL_RIGHT = _set("都对 对 是 是的 确认 正确 没问题 全部正确 填入 ok yes")
NONE_OF_IT = _set("都不要 都不对 不对 不要 否 no")
PROFILE_STANDS = _set("确认 是 是的 对 对的 没变 没变化 没有变化 不变 还是 用这个 yes ok")
PROFILE_CHANGED = _set("修改 改 不是 否 不对 变了 有变化 no")
SUBMIT = _set("提交 确认提交 submit")
EDIT = _set("修改 更改 编辑 edit")
COMMIT = _set("承诺 我承诺 我确认 确认 确认无误 同意承诺 confirm")
PUBLISH = {"同意发布": True, "发布": True, "不发布": False, "不同意发布": False}
SEND = _set("发送 提交 确认 好了 没有了 没了 send")

# Anywhere
DRAFTS = _set("我的草稿 草稿 /drafts mydrafts")
GO_ON = _set("继续填写 继续填 接着填 /continue continue")
CASES = _set("我的需求 我的申请 进度 查进度 查询进度 我的进度 /my /mine myneeds progress")
OPENING = _by_word(
    {
        "menu": "提交需求 我要提需求 提需求 我有需求 登记需求 /need /needs submitaneed",
        "own": "用您自己的话说说 用自己的话说 自己说 inmyownwords",
        "kind.brief": "简要登记 登记一下 /brief quickregistration",
    }
)
RIGHTS = _by_word(
    {
        "export": "导出我的信息 导出我的数据 导出信息 导出数据 /export exportmydata",
        "erase": "删除我的信息 删除我的数据 删除信息 删除数据 /erase deletemydata",
        "withdraw": "撤回同意 撤销同意 /withdraw withdrawconsent",
    }
)

_LINE = re.compile(r"(?:修改|更改|改|编辑|edit)?(?:第)?([0-9]{1,3})(?:项|条)?")


def line_number(text: str) -> int | None:
    """3 of 「修改3」, 「第 3 项」 or 「3」, where that is all that was said."""
    match = _LINE.fullmatch(said(text))
    return int(match[1]) if match else None
