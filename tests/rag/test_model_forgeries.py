"""Sentences that their quotes do not bear out fall, family by family; fair retellings of the same clauses stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from rag.model_answers.checking import Checked, Written, check
from rag.models import Passage
from rag.reader import Reader
from tests.support.model_forgeries import forgeries, sentences
from tests.support.model_minds import written
from tests.support.policies import policies
from tests.support.shelves import a_reader, memory_places

WHOSE = {"subject", "mosaic"}
"""Families whose words are all of the clause: whose word is whose is no question of words (see roles)."""

CLAUSES = (
    "首次通过高新技术企业认定的，一次性奖励10万元；重新通过认定的奖励5万元。同一企业不得重复享受。",
    "机关、事业单位30日（最长60日）付款；大型企业合理约定期限（未规定60日上限）。",
    "每人仅限享受一次。",
    "全职引进或自主培养的顶尖人才安家费500万元。",
    "拟在主板、科创板、创业板上市的本市企业按进程分阶段补助，累计不超过400万元。",
    "年度“十佳场景示范”，按软硬件投资额10%奖励申报主体，最高200万元（政府投资项目除外）。",
    "首次进入全国软件百强、互联网百强的数字技术企业，最高一次性奖300万元。",
    "国有单位的奖励支出计入工资总额但不受当年总额限制。",
    "无雇工个体户负责人可按灵活就业身份缴社保。",
    "主管部门：市工业和信息化局、市财政局",
    "同一笔贷款不得重复享受中央财政其他贴息；政策期暂定1年。",
)
FAIR = (
    (0, "首次认定的高新技术企业可以获得一次性奖励10万元。"),
    (0, "同一企业不能重复享受。"),
    (1, "大型企业合理约定期限。"),
    (2, "每人只能享受一次。"),
    (3, "全职引进或自主培养的顶尖人才可获得安家费500万元。"),
    (4, "本市企业拟上市的，累计补助最高不超过400万元。"),
    (5, "对申报主体按软硬件投资额10%给予奖励，最高200万元，政府投资项目除外。"),
    (6, "数字技术企业首次进入全国软件百强的，最高可获得一次性奖励300万元。"),
    (7, "国有单位的奖励支出计入工资总额，但不受当年总额限制。"),
    (8, "无雇工的个体户负责人可以按灵活就业身份缴纳社保。"),
    (9, "该政策由市工业和信息化局和市财政局负责。"),
    (10, "同一笔贷款不能重复享受中央财政其他贴息，政策期限暂定为1年。"),
)


def passage(text: str) -> Passage:
    return Passage("p", "d", "article", ("青岛市促进科技创新若干措施",), "第一条", "", text)


def said(text: str, quotes: tuple[tuple[str, str], ...], given: dict[str, Passage]) -> Checked:
    claim = {"text": text, "quotes": [{"passage": handle, "quote": quote} for handle, quote in quotes]}
    return check(Written.model_validate({"completeness": "complete", "claims": [claim]}), given, "奖励多少？")


@pytest.fixture(scope="module")
def reader() -> Reader:
    return a_reader(policies(), memory_places(None))


def stored(reader: Reader) -> Iterator[Passage]:
    shelf = reader.shelf()
    assert shelf is not None
    for version in shelf.opened.documents:
        yield from shelf.opened.passages_of(version.document.id)


def test_no_family_of_forgeries_gets_through(reader: Reader) -> None:
    clauses = [*map(passage, CLAUSES), *list(stored(reader))[::3]]
    tried: Counter[str] = Counter()
    through: Counter[str] = Counter()
    for clause, other in zip(clauses, [*clauses[1:], clauses[0]], strict=True):
        given = {"P1": clause, "P2": other}
        for forgery in forgeries("P1", clause, [("P2", other)]):
            tried[forgery.family] += 1
            through[forgery.family] += bool(said(forgery.text, forgery.quotes, given).claims)
    assert {family: n for family, n in through.items() if n and family not in WHOSE} == {}
    assert all(through[family] <= 0.2 * tried[family] for family in WHOSE)
    assert len(tried) >= 20
    assert sum(tried.values()) > 3000


def test_every_sentence_as_it_stands_is_borne_out(reader: Reader) -> None:
    for clause in [*map(passage, CLAUSES), *stored(reader)]:
        for sentence in sentences(clause.text):
            found = said(sentence, (("P1", sentence),), {"P1": clause})
            assert found.claims or "电话" in sentence, (sentence, found.dropped)


@pytest.mark.parametrize(("place", "text"), FAIR)
def test_a_fair_retelling_stays(place: int, text: str) -> None:
    clause = passage(CLAUSES[place])
    found = said(text, (("P1", CLAUSES[place]),), {"P1": clause})
    assert [claim.text for claim in found.claims] == [text], found.dropped


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("同一企业可以重复享受。", "重复享受"),
        ("重复享受。", "重复享受"),
        ("累计400万元。", "400万元"),
        ("大型企业60日上限。", "60日上限"),
        ("政府投资项目按投资额10%奖励。", "政府投资项目"),
    ],
)
def test_half_a_quote_hides_nothing(text: str, quote: str) -> None:
    """No 「不得」, 「不超过」, 「未规定」 or 「除外」 is cut off in front of what is quoted."""
    given = {f"P{place}": passage(clause) for place, clause in enumerate(CLAUSES)}
    for handle, clause in given.items():
        if quote in clause.text:
            assert said(text, ((handle, quote),), given).claims == ()


def test_what_is_missing_is_named_in_words_of_the_clauses() -> None:
    told = written(
        ("同一企业不能重复享受。", "P1", CLAUSES[0]), missing=("认定条件", "奖励时间", "青鸟归巢奖励", "海豚条件")
    )
    question = "高新技术企业认定条件、奖励时间、青鸟归巢奖励和海豚条件？"
    found = check(Written.model_validate(told), {"P1": passage(CLAUSES[0])}, question)
    assert found.missing == ("认定条件", "奖励时间")
