"""Clumsy and hostile people at both doors, driven by a seed; and what must hold after each thing they do.

Each has words, a name and a telephone number of their own. What one of them sends may never come back to another, a
number never whole, an answer that was kept never gone unless they dropped it, and whatever they are told leads on.
"""

from __future__ import annotations

import json
import random
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import text as sql

from bot.couriers import Courier
from db.engine import reading
from intake.cases import Case
from intake.models import Step
from intake.review import ReviewError, allowed
from intake.store.cases import verify_chain
from intake.store.drafts import Draft
from tests.support.acceptance import AtTerminal, Browser, Site

WORDING = Path(__file__).parents[2] / "bot" / "wording"
PLACEHOLDER = re.compile(r"\{[a-z_]+\}")
ID_CARD, BANK_CARD, SECRET = "11010519491231002X", "6250946000000016", "本文件密级：机密★10年"
JUNK = (
    "", "   ", "？", "。", "1", "0", "99", "-1", "１", "①", "/1", "/99", "/", "//", "\\", "修改3", "修改99", "第 2 项",
    "是", "否", "好的", "不知道", "都对", "都不要", "同意", "不同意", "提交", "确认", "取消关税影响",
    "跳过这个问题可以吗",
    "😀😀😀", "👨‍👩‍👧‍👦", "مرحبا بالعالم", "\u202eabc", "ＡＢＣ１２３", "a\x00b", "ﷺ" * 30, "<script>alert(1)</script>",
    "'; DROP TABLE cases;--", "{reference}", "{0.__class__}", "%s%s%n", "=HYPERLINK(\"http://x\")", "[red]x[/red]",
    "长" * 499, "很长的一段话，" * 400, "x" * 19_000, "\n".join("一二三四五六七八九十"), "两三百万", "年底前", "明天",
    "昨天", "2020-01-01", "99999999999999999999", "-5", "1e309", "NaN", "零", "13800138000", "1380013800", "8591 1234",
    "(0532)8591 1234转801", "９１３７０２００２６４５７４２５１Ｅ", "91370200264574251O", "9137020026457425", "a@b",
    "a@b.cn", "高企认定奖励多少？", "首次认定高新技术企业奖励多少钱", "这一项要填多少字？", "有什么补贴", "请问怎么填",
    "崂山区有住房补贴吗",
    "我们想知道博士住房补贴怎么申请，流程是什么样的呢？", "你好", "谢谢", "再见", "KC26-AAAAA-A", "KC26-7K2M9-4",
    ID_CARD, f"我的身份证是{ID_CARD}", BANK_CARD, f"卡号 {BANK_CARD}", SECRET, "绝密", "机密",
)  # fmt: skip
CONTROLS = (
    "上一步", "跳过", "暂存", "取消", "预览", "帮助", "转人工", "重新开始", "/back", "/skip", "/save", "/cancel",
    "/preview", "/help", "/human", "/restart", "back", "Skip",
)  # fmt: skip
OPENINGS = (
    "提交需求", "找技术", "找人才", "找资金", "找市场场地", "问政策", "其他合作", "用您自己的话说说", "简要登记",
    "我的需求", "我的草稿", "继续填写", "技术需求", "政策咨询", "智库课题建议", "/my", "/need", "/continue", "我的进度",
)  # fmt: skip
RIGHTS = ("导出我的信息", "删除我的信息", "撤回同意")
STORIES = (
    "我们在崂山做海水淡化膜，反渗透膜三个月后通量衰减40%，想找高校合作研发，预算两三百万，希望明年6月底前完成",
    "想贷款300万扩产，年底前用款，有两项专利可以质押",
    "想招两名膜材料方向的博士，年薪三十万左右",
    "想要一个能帮忙的人",
)
FILES = (
    ("图纸.pdf", b"%PDF-1.7 drawing"), ("说明.txt", "说明文字".encode()), ("a.exe", b"MZ\x90\x00"),
    ("图.png", b"\x89PNG\r\n\x1a\n0000"),
    ("空.txt", b""), ("假.pdf", b"not a pdf"), ("../../etc/passwd.txt", b"text"), ("名" * 150 + ".txt", b"text"),
)  # fmt: skip
KINDS_OF_TEXT: Mapping[str, str] = {
    "date": "2027-06-30", "money": "两三百万", "int": "3", "email": "someone@example.com", "bool": "是",
    "district": "崂山区", "zone": "不在功能区内", "industry": "现代海洋", "lines": "不增加占地（必须）",
    "tags": "反渗透、高盐废水",
}  # fmt: skip


class WalkError(AssertionError):
    """Something that must never happen, with the steps that led to it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody was told, whichever door said it."""

    status: str
    text: str
    choices: tuple[tuple[str, str], ...]
    form: Mapping[str, Any] | None


@dataclass(slots=True)
class Walker:
    """One person at one door. `token` stands in all they write, `name` and `phone` are personal."""

    site: Site
    door: Browser | AtTerminal
    token: str
    name: str
    phone: str
    uscc: str
    seen: Seen = field(default_factory=lambda: Seen("", "", (), None))
    offered: dict[str, str] = field(default_factory=dict)
    said: list[tuple[str | None, str | None, str]] = field(default_factory=list)
    person: str = ""
    _count: int = 0

    @property
    def is_web(self) -> bool:
        return isinstance(self.door, Browser)

    @property
    def account(self) -> str:
        return self.door.account

    def drafts(self) -> dict[str, Draft]:
        return {draft.id: draft for draft in self.site.house.needs().drafts.all(self.person)}

    def cases(self) -> list[Case]:
        return self.site.house.needs().cases.of_person(self.person)

    def __post_init__(self) -> None:
        self.send("你好")
        self.person = self._person()

    def _person(self) -> str:
        found = self.site.house.accounts().get(self.account)
        assert found is not None
        return found.person

    # What a door is given

    def send(self, text: str | None = None, choice: str | None = None, key: str | None = None) -> Seen:
        if isinstance(self.door, Browser):
            self._count += 1
            key = key or f"w{self._count}"
            self.said.append((text, choice, key))
            reply = self.door.say(text, choice=choice, key=key)
            self.seen = _seen(reply)
        else:
            self.seen = self._typed(self.door, text, choice)
        self.offered |= dict(self.seen.choices)
        return self.seen

    def _typed(self, door: AtTerminal, text: str | None, choice: str | None) -> Seen:
        """A line at the terminal; what it made of it stands in the record, but for a fault."""
        before = self._last(door)
        line = text if text is not None else self._number(choice)
        screen = door.say(line.replace("\n", " ").replace("\x00", ""))
        last = self._last(door)
        if last is None or last == before or "故障编号" in screen:
            return Seen(
                "screen" if "故障编号" not in screen else "error_internal", screen, self.seen.choices, self.seen.form
            )
        return _seen(json.loads(last))

    def _number(self, choice: str | None) -> str:
        ids = [one for one, _ in self.seen.choices]
        return f"/{ids.index(choice) + 1}" if choice in ids else "/77"

    def _last(self, door: AtTerminal) -> str | None:
        turns = self.site.turns(door.account, door.conversation)
        return turns[-1].reply_json if turns else None

    # What they would answer

    def fitting(self, rng: random.Random) -> str:
        """An answer that fits what is being asked, as far as anybody can tell."""
        form = self.seen.form
        if form is None:
            return rng.choice(OPENINGS)
        if form["input"] in ("story", "consent", "profile", "proposals", "card"):
            special = {
                "story": rng.choice(STORIES) + f"。{self.token}", "consent": "同意", "profile": "确认",
                "proposals": "都对",
                "card": rng.choice(("提交", "我承诺", "对接时披露", "仅经办人可见", "3")),
            }  # fmt: skip
            return special[form["input"]]
        step = self._step(form)
        return self._to(step, rng) if step is not None else f"补充一句：{self.token}的现场情况"

    def _step(self, form: Mapping[str, Any]) -> Step | None:
        book = self.site.house.needs().formbook.forms
        kind = str(form["kind"])
        if kind.startswith("case:"):
            found = self.site.house.needs().cases.get(kind.removeprefix("case:"))
            kind = found.kind if found else ""
        steps = book[kind].steps if kind in book else ()
        return next((step for step in steps if step.id == form["name"]), None)

    def _to(self, step: Step, rng: random.Random) -> str:
        if step.id == "contact_name":
            return self.name
        if step.type == "phone":
            return self.phone
        if step.type == "uscc":
            return self.uscc
        if step.type in KINDS_OF_TEXT:
            return KINDS_OF_TEXT[step.type]
        if step.options:
            return rng.choice(step.options).label
        if step.id == "org_name":
            return f"青岛{self.token}膜科技有限公司"
        words = f"{self.token}：在高盐废水中运行三个月后通量衰减40%，清洗后只能恢复到八成，影响交货"
        return words[: step.max or 200]


def _seen(reply: Mapping[str, Any]) -> Seen:
    choices = tuple((choice["id"], choice["label"]) for choice in reply.get("choices") or ())
    return Seen(str(reply["status"]), str(reply["text"]), choices, reply.get("form"))


@dataclass(slots=True)
class Crowd:
    """Everybody at once, one thing after another, by one seed. `tally` counts what was done and what came of it."""

    site: Site
    people: list[Walker]
    rng: random.Random
    trail: list[str] = field(default_factory=list)
    tally: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    chosen: str = ""

    def walk(self, turns: int) -> None:
        doings: list[tuple[int, str, Callable[[Walker], Any]]] = [
            (34, "press", self._press),
            (26, "answer", self._answer),
            (12, "junk", self._junk),
            (7, "control", lambda who: who.send(self.rng.choice(CONTROLS))),
            (6, "open", lambda who: who.send(self.rng.choice(OPENINGS))),
            (5, "old button", self._old_button),
            (3, "forged button", self._forged_button),
            (3, "again", self._again),
            (3, "file", self._file),
            (2, "page", self._page),
            (6, "staff", self._staff),
            (1, "right", self._right),
            (1, "time", self._time),
        ]
        weights = [weight for weight, _, _ in doings]
        for _ in range(turns):
            ((_, name, do),) = self.rng.choices(doings, weights)
            who = self.rng.choice(self.people)
            self.tally[name] += 1
            self._watched(who, name, do)

    def _watched(self, who: Walker, name: str, do: Callable[[Walker], Any]) -> None:
        mine, theirs = who.drafts(), self._of_others(who)
        before = who.seen
        self.chosen = ""
        seen = do(who)
        self.trail.append(f"{who.token} {name}: {who.said[-1] if who.is_web and who.said else ''} → {who.seen.status}")
        if isinstance(seen, Seen):
            self.statuses[seen.status] += 1
            self._check_told(who, seen)
            if name not in ("staff", "time"):
                self._check_kept(who, before, mine, name)
        if name not in ("staff", "time") and theirs != self._of_others(who):
            self._fail(f"{who.token} changed what is somebody else's")

    def _of_others(self, who: Walker) -> list[Any]:
        """How everything stands that is not this person's."""
        with reading(self.site.house.engine) as connection:
            return [tuple(row) for query in _OWNED for row in connection.execute(sql(query), {"person": who.person})]

    # What must hold

    def _check_told(self, who: Walker, seen: Seen) -> None:
        told = "\n".join((seen.text, *(label for _, label in seen.choices), str(seen.form and seen.form.get("ask"))))
        if seen.status.startswith("error_") and seen.status not in (
            "error_empty",
            "error_too_long",
            "error_unclean_text",
            "error_field_too_long",
        ):
            self._fail(f"a fault: {seen.status} {seen.text}")
        for other in self.people:
            if other is not who and (other.token in told or other.phone in told or other.name in told):
                self._fail(f"{who.token} was told of {other.token}: {told}")
        if who.phone in told:
            self._fail(f"a whole number: {told}")
        if PLACEHOLDER.search(told.replace("{reference}", "")) or any(key in told for key in _keys()):
            self._fail(f"a sentence that is none: {told}")
        if not seen.text.strip() or any(not label.strip() or len(key.encode()) > 64 for key, label in seen.choices):
            self._fail(f"nothing to read: {seen}")
        if seen.form is not None and not seen.choices:
            self._fail(f"no way on: {seen}")

    def _check_kept(self, who: Walker, before: Seen, mine: Mapping[str, Draft], name: str) -> None:
        """What somebody told stays until they give it up; only what was asked may change."""
        after, came = who.drafts(), who.seen.status
        for key, draft in mine.items():
            if key not in after:
                if _holds_something(draft) and not self._may_be_gone(draft, came, after):
                    self._fail(f"a {draft.kind} of {len(draft.answers)} answers is gone: {before.status} → {came}")
            elif came != "form_mine" and (lost := set(draft.answers) - set(after[key].answers)):
                self._fail(f"answers are gone by {name}: {lost} of {draft.kind}: {before.status} → {came}")

    def _may_be_gone(self, draft: Draft, came: str, after: Mapping[str, Draft]) -> bool:
        """It was given up in so many words, became a case or went into one; or a story went on into its form."""
        if draft.kind.startswith("case:") or came in _GIVEN_UP or self.chosen in _ANEW:
            return True
        return draft.kind == "story" and any(not each.parked and each.kind != "story" for each in after.values())

    def check_stored(self) -> None:
        """What stands in the database after all of it."""
        numbers = [*(who.phone for who in self.people), ID_CARD, BANK_CARD]
        names = [who.name for who in self.people]
        with reading(self.site.house.engine) as connection:
            for table, columns in _PUBLIC.items():
                never = numbers if table == "turns" else [*numbers, *names]  # a name said out of turn is just a word
                for row in connection.execute(sql(f"SELECT {columns} FROM {table}")):  # noqa: S608  # names of ours
                    words = " ".join(str(value) for value in row)
                    if any(value in words for value in never):
                        self._fail(f"a personal value in {table}: {words}")
        for case in self.site.cases():
            if not verify_chain(case, self.site.house.needs().cases.events(case.id)):
                self._fail(f"the history of {case.reference} is broken")

    def _fail(self, why: str) -> None:
        raise WalkError("\n".join((why, "after:", *self.trail[-25:])))

    # What they do

    def _press(self, who: Walker) -> Seen:
        if not who.seen.choices:
            return who.send(self.rng.choice(OPENINGS))
        weights = [0.3 if label in ("暂存", "放弃", "上一步", "确定放弃") else 1.0 for _, label in who.seen.choices]
        ((choice, self.chosen),) = self.rng.choices(who.seen.choices, weights)
        return who.send(choice=choice)

    def _answer(self, who: Walker) -> Seen:
        return who.send(who.fitting(self.rng))

    def _junk(self, who: Walker) -> Seen:
        text = self.rng.choice(JUNK)
        return who.send(text) if text.strip() else who.send("嗯")

    def _old_button(self, who: Walker) -> Seen:
        choice, self.chosen = self.rng.choice([*who.offered.items(), ("m:menu", "")])
        return who.send(choice=choice) if who.is_web else self._press(who)

    def _forged_button(self, who: Walker) -> Seen:
        other = self.rng.choice([other for other in self.people if other is not who])
        drafts, cases = list(other.drafts()), [case.reference for case in other.cases()]
        draft, case = self.rng.choice(drafts or ["x"]), self.rng.choice(cases or ["KC26-AAAAA-A"])
        forged = [
            *list(other.offered)[-5:], f"m:cont.{draft}", f"m:del.{draft}", f"m:del!.{draft}.1", f"n:{draft}:1:go",
            f"n:{draft}:1:X", f"t:{case}:v", f"t:{case}:W", f"t:{case}:a", f"t:{case}:c.5", f"t:{case}:s.tried", "n:::",
            "n:a:b:c", "n:x:99999:o1", "p:0000", "p:0000:!", "d:", "d:erase!", "d:erase!1", "m:", "t::", "zzz", ":",
            "m:kind.nope", "m:entry.nope", f"m:anew.talent.{draft}.1", "m:anew.", "topic:x",
        ]  # fmt: skip
        if not who.is_web:
            return who.send(self.rng.choice((case, f"/{self.rng.randint(0, 60)}", f"查看 {case}")))
        return who.send(choice=self.rng.choice(forged))

    def _again(self, who: Walker) -> Seen:
        """The same message once more, as it came; it is answered as it was."""
        if not who.said:
            return self._press(who)
        text, choice, key = self.rng.choice(who.said[-3:])
        return who.send(text, choice, key)

    def _file(self, who: Walker) -> Seen | None:
        if not isinstance(who.door, Browser):
            return None
        reply = who.door.send_file(*self.rng.choice(FILES))
        if "status" in reply and not str(reply["status"]).startswith("error_"):
            who.seen = _seen(reply)
            who.offered |= dict(who.seen.choices)
            return who.seen
        return None

    def _page(self, who: Walker) -> None:
        """A form as one page, half filled in."""
        if not isinstance(who.door, Browser):
            return
        kind = self.rng.choice(list(self.site.house.needs().formbook.forms))
        steps = self.site.house.needs().formbook.form(kind).steps
        chosen = [step for step in steps if self.rng.random() < 0.5 and step.part != "card" and step.type != "file"]
        page = who.door.get(f"/needs/form/{kind}")
        if page.status_code != 200:
            self._fail(f"/needs/form/{kind}: {page.status_code}")
        fields = {step.id: _posted(step, who, self.rng) for step in chosen}
        response = who.door.fill(kind, fields, self.rng.choice(("save", "check", "chat")))
        if response.status_code not in (303, 409, 422):
            self._fail(f"a form of {kind}: {response.status_code} {response.text[:500]}")
        for path in ("/", "/needs", "/needs/mine", f"/needs/check/{kind}", "/needs/privacy"):
            shown = who.door.get(path)
            if shown.status_code >= 400:
                self._fail(f"{path}: {shown.status_code}")
            self._check_page(who, shown.text)

    def _check_page(self, who: Walker, page: str) -> None:
        for other in self.people:
            if other is not who and (other.token in page or other.phone in page):
                self._fail(f"a page of {who.token} tells of {other.token}")

    def _right(self, who: Walker) -> Seen:
        who.send(self.rng.choice(RIGHTS))
        sure = [choice for choice, label in who.seen.choices if label.startswith("确定")]
        return who.send(choice=sure[0]) if sure and self.rng.random() < 0.5 else who.seen

    def _staff(self, _who: Walker) -> None:
        """Something that staff may do to some case."""
        cases = [case for case in self.site.cases() if not case.erased]
        if not cases:
            return
        case, name = self.rng.choice(cases), self.rng.choice(("lead", "lead", "city"))
        may = {move.action for move in allowed(self.site.staff(name), case, self.site.clock.now())}
        action = self.rng.choice([action for action in _STAFF_DOES if action in may] or ["urge"])
        try:
            self.site.act(name, case.reference, action, **_STAFF_DOES[action])
        except ReviewError:
            self.tally["refused"] += 1
        else:
            self.tally[f"staff {action}"] += 1

    def _time(self, _who: Walker) -> None:
        self.site.clock.advance(timedelta(hours=self.rng.choice((1, 5, 24, 100))))
        self.site.house.needs().handling.sweep()
        house = self.site.house
        Courier(house.engine, house.accounts(), {}).run_once(self.site.clock.now())


_STAFF_DOES: Mapping[str, Mapping[str, Any]] = {
    "accept": {}, "start": {}, "urge": {}, "take_over": {}, "hand_back": {},
    "ask": {"steps": ["key_indicators", "budget_band", "coop_modes"], "text": "请补充指标。"},
    "note": {"text": "已约专家周三来访", "public": True},
    "answer": {"outcome": "solved", "text": "已与研究院签订合作意向，样机通过。", "citations": ["青科规〔2025〕7号"]},
    "reject": {"reason": "out_of_scope", "text": "这件事属于市场监管部门的职责范围。", "alternative": "请拨打 12345。"},
    "told_offline": {"text": "已电话告知"},
}  # fmt: skip
_GIVEN_UP = frozenset({"form_submitted", "form_dropped", "form_erased", "form_case"})
_ANEW = frozenset({"放弃旧的，重新填", "Give it up and start anew"})


def _holds_something(draft: Draft) -> bool:
    return bool(draft.answers or draft.pending.get("proposals") or draft.pending.get("story"))


_OWNED = (
    "SELECT id, rev, parked, answers, pending FROM drafts WHERE person <> :person ORDER BY id",
    "SELECT id, rev, state FROM cases WHERE person <> :person ORDER BY id",
    "SELECT person, answers FROM profiles WHERE person <> :person ORDER BY person",
)
_PUBLIC = {
    "turns": "question, reply, reply_json",
    "outbox": "key, kind, body, error",
    "staff_notices": "*",
    "case_events": "*",
}


def _posted(step: Step, who: Walker, rng: random.Random) -> str:
    if step.must_be_yes:
        return "yes"
    if rng.random() < 0.15:
        return rng.choice(JUNK).replace("\x00", "")
    if step.options:
        return rng.choice(step.options).code
    return "yes" if step.type == "bool" else who._to(step, rng)


@lru_cache
def _keys() -> tuple[str, ...]:
    """The keys of all sentences: none may be read by anybody."""
    return tuple(
        key
        for file in sorted(WORDING.glob("*.zh.toml"))
        for key in _dotted(tomllib.loads(file.read_text("utf-8")))
        if key.count(".") and not key.endswith((".no", ".yes"))
    )


def _dotted(book: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for name, value in book.items():
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{before}{name}.")
        else:
            yield before + name
