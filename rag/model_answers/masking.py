"""What of a person never leaves in a prompt: telephone, identity and card numbers, addresses, names of contacts. Pure.

A masked text is no longer the passage's own, so a quote across a mask does not verify: the claim falls, nothing leaks.
"""

from __future__ import annotations

import re

_D = "[0-9０-９]"
_S = "[ \\-－—　]?"
_MASKS = (
    ("〔证件号〕", re.compile(rf"(?<!{_D})[1-8１-８](?:{_S}{_D}){{16}}{_S}[0-9０-９XxＸｘ](?!{_D})")),
    ("〔卡号〕", re.compile(rf"(?<!{_D})[2-6２-６](?:{_S}{_D}){{14,18}}(?!{_D})")),
    ("〔电话〕", re.compile(rf"(?<!{_D})(?:[+＋]?(?:86|８６){_S})?[1１][3-9３-９](?:{_S}{_D}){{9}}(?!{_D})")),
    ("〔电话〕", re.compile(rf"(?<!{_D})[(（]?[0０]{_D}{{2,3}}[)）]?{_S}[1-9１-９]{_D}{{6,7}}(?!{_D})")),
    ("〔邮箱〕", re.compile(r"[A-Za-z0-9._%+-]+\s?[@＠]\s?[A-Za-z0-9-]+(?:[.．][A-Za-z0-9-]+)+")),
    ("〔微信〕", re.compile(r"(?i:(?<=微信号)|(?<=微信)|(?<=QQ))\s*[:：是为]?\s*[A-Za-z0-9_-]{5,20}")),
)
_SURNAMES = (
    "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁郑罗宋谢唐韩曹许邓萧冯曾程蔡彭潘袁于董余苏叶吕魏蒋田杜丁沈姜范江傅钟卢汪戴崔任陆廖姚方金邱夏谭"
    "韦贾邹石熊孟秦阎薛侯雷白龙段郝孔邵史毛常万顾赖武康贺严尹钱施牛洪龚汤陶黎温莫易樊乔文安殷颜庄章鲁倪庞邢俞翟蓝聂齐"
)
_NAMED = re.compile(
    r"(?P<cue>联系人|经办人|负责人|法定代表人|法人代表|法人|联络人|收件人|申请人|对接人|我叫|我是|本人|姓名|名字叫)"
    rf"(?P<between>\s*(?:[:：是为叫]|姓名[:：]?)?\s*)(?P<name>[{_SURNAMES}][\u4e00-\u9fff]{{1,2}})"
    r"(?=[，,。；;、\s)）]|电话|手机|联系|$|[0-9０-９〔])"
)


def masked(text: str) -> str:
    """The text as it may be sent: what identifies somebody replaced by a word in 〔〕."""
    for word, pattern in _MASKS:
        text = pattern.sub(word, text)
    return _NAMED.sub(r"\g<cue>\g<between>〔姓名〕", text)
