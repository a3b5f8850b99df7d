"""Reading a corpus: what is served, what is refused, and what the faults say."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.corpus import Corpus, Fault, check, coverage, read_corpus, render_faults
from rag.models import Category
from rag.reading import decode, normalise

CARD = """\
---
id: qd-a-2025
title: 青岛市某某措施
issuer: 青岛市人民政府
level: city
jurisdiction: 青岛市
categories: [science]
issued: 2021
effective: 2025-04-26
expires: "2028-04"
status: 有效
status_asof: 2026-11-22
status_basis: 通知载明有效期
sources:
  - title: 通知
    kind: official_site
    coverage: excerpt
    official: true
    url: https://www.qingdao.gov.cn/a
confidence: medium
---
"""
BODY = """\
> 这是一份摘要，不是原文。
> 办理时，以主管部门发布的原文为准。

## 摘要第1条〔第三条〕 {provision=0 confidence=high}

每个最高补助100万元。

## 摘要附表1〔标准〕 {table=0 confidence=medium}

| 级别 | 标准 |
| --- | --- |
| 国家级 | 30万元 |

## 办理〔申报与联系〕 {confidence=medium}

主管部门：市科技局
"""


def write(folder: Path, name: str, text: str | bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def read_one(folder: Path, text: str | bytes) -> Corpus:
    write(folder, "qd-a-2025.md", text)
    return read_corpus(folder)


def fault_of(folder: Path, text: str) -> Fault:
    corpus = read_one(folder, text)
    assert corpus.documents == []
    assert len(corpus.faults) == 1, render_faults(corpus.faults)
    return corpus.faults[0]


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.split("\n"), 1) if part in line)


def test_a_policy_file_is_its_card_and_the_text_below(tmp_path: Path) -> None:
    corpus = read_one(tmp_path, CARD + BODY)
    assert corpus.faults == []
    (document,) = corpus.documents
    assert (document.id, document.title, document.text) == ("qd-a-2025", "青岛市某某措施", BODY)
    assert document.policy is not None
    assert (document.policy.issued, document.policy.effective, document.policy.expires) == (
        "2021",
        "2025-04-26",
        "2028-04",
    )


def test_windows_line_ends_a_byte_order_mark_and_gb18030_are_read(tmp_path: Path) -> None:
    expected = read_one(tmp_path, CARD + BODY).documents
    windows = (CARD + BODY).replace("\n", "\r\n")
    assert read_one(tmp_path, b"\xef\xbb\xbf" + windows.encode()).documents == expected
    assert read_one(tmp_path, windows.encode("gb18030")).documents == expected


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\x00\x01" * 9, "青岛市科技政策".encode() * 9 + b"\n\xff", b"PK\x03\x04\x00\x00\xff\x00"]
)
def test_bytes_that_are_no_text_are_a_fault_and_no_gibberish(tmp_path: Path, data: bytes) -> None:
    corpus = read_one(tmp_path, data)
    assert corpus.documents == []
    assert "编码" in corpus.faults[0].what


def test_utf8_with_one_broken_byte_is_not_read_as_gb18030(tmp_path: Path) -> None:
    sound = "青金策年年技元金每百新支青策创励企补知申政企金支".encode()
    broken = sound[:41] + b"A" + sound[42:]
    assert broken.decode("gb18030").startswith("闈掗噾")  # what a reader would be shown
    assert read_one(tmp_path, broken).documents == []


def test_the_line_of_the_first_bad_byte_is_named(tmp_path: Path) -> None:
    assert read_one(tmp_path, "青岛市\n科技\n政策政策政策政策政策".encode() + b"\xff\xff").faults[0].line == 3


def test_a_malformed_file_is_named_and_the_rest_is_served(tmp_path: Path) -> None:
    write(tmp_path, "city/bad.md", CARD.replace("level: city", "level: town") + BODY)
    corpus = read_one(tmp_path, CARD + BODY)
    assert [document.id for document in corpus.documents] == ["qd-a-2025"]
    assert [fault.file for fault in corpus.faults] == ["city/bad.md"]


def test_a_wrong_word_is_answered_with_the_allowed_ones_and_the_nearest(tmp_path: Path) -> None:
    fault = fault_of(tmp_path, CARD.replace("level: city", "level: citty") + BODY)
    assert fault.line == line_of(CARD, "level")
    assert "citty" in fault.what
    assert "“city”" in fault.mend
    assert "national、province、city、district" in fault.mend


@pytest.mark.parametrize(
    ("old", "new", "field", "said"),
    [
        ("categories: [science]", "categories: [sience]", "categories", "“science”"),
        ("categories: [science]", "categories: science", "categories", "[science]"),
        ("categories: [science]", "categories: []", "categories", "至少"),
        ("status: 有效", "status: 已经到期", "status: ", "“已到期”"),
        ("id: qd-a-2025", "id: QD_A", "id: ", "小写字母"),
        ("issued: 2021", "issued: 2021年", "issued", "2025-04"),
        ("issued: 2021", "issued: 2021-02-30", "issued", "2025-04"),
        ("issued: 2021", "issued: 2021-13", "issued", "2025-04"),
        ("issued: 2021", "issued:", "issued", "删去这一行"),
        ("status_asof: 2026-11-22", "status_asof: 2026-11", "status_asof", "年-月-日"),
        ("official: true", "official: maybe", "official: ", "true"),
        ("official: true", "offical: true", "offical", "official"),
        ("title: 青岛市某某措施", "title: 12345", "title: ", "双引号"),
        ("title: 青岛市某某措施", "title: 关于: 的通知", "title: ", "双引号"),
        ("url: https://www.qingdao.gov.cn/a", "url: www.qingdao.gov.cn", "url", "http"),
        ("url: https://www.qingdao.gov.cn/a", "url: https://github.com/a/b", "url", "转载"),
        ("url: https://www.qingdao.gov.cn/a", "url: https://evilgov.cn/a", "url", "转载"),
        ("url: https://www.qingdao.gov.cn/a", "url: https://x@www.gov.cn/a", "url", "转载"),
        ("jurisdiction: 青岛市", "jurisdiction: 崂山", "jurisdiction", "“崂山区”"),
        ("jurisdiction: 青岛市", "jurisdiction: 济南市", "jurisdiction", "可用"),
        ("jurisdiction: 青岛市", "jurisdiction: 全国", "jurisdiction", "level"),
        ('expires: "2028-04"', "expires: 2025-03", "expires", "effective"),
        ('expires: "2028-04"', "expires: 2026-04", "status: ", "已到期"),
        ("confidence: medium", "confidence: low", "confidence", "high"),
        ("confidence: medium", "confidence: medium\ncontact: 市科技局", "contact", "contact_asof"),
        ("confidence: medium", "confidence: medium\ninferred: [audiense]", "inferred", "“audience”"),
        ("confidence: medium", "confidence: medium\nlevel: city", "level", "只留一个"),
        ("confidence: medium", "confidence: medium\nissuing: 2021", "issuing", "issue"),
    ],
)  # fmt: skip
def test_a_fault_names_its_line_and_how_to_mend_it(tmp_path: Path, old: str, new: str, field: str, said: str) -> None:
    assert old in CARD
    text = CARD.replace(old, new) + BODY
    fault = fault_of(tmp_path, text)
    lines = [number for number, line in enumerate(text.split("\n"), 1) if field in line]
    assert fault.line in lines
    assert said in fault.mend


def test_a_missing_field_comes_with_an_example(tmp_path: Path) -> None:
    fault = fault_of(tmp_path, CARD.replace("confidence: medium\n", "") + BODY)
    assert "缺少字段 confidence" in fault.what
    assert "confidence: medium" in fault.mend


@pytest.mark.parametrize(
    "text",
    [
        "---\nid: a\n",
        "---\n- a\n---\nb\n",
        "---\n---\nb\n",
        "---\na: &x 1\nb: *x\n---\nb\n",
        "---\n? [a]\n: b\n---\nb\n",
        "---\nid: " + "[" * 20000 + "\n---\nb\n",
        "---\nid: !!python/object/apply:os.getcwd []\n---\n",
        "---\n\x85a: b\n",
    ],
)
def test_a_card_that_is_none_is_a_fault(tmp_path: Path, text: str) -> None:
    corpus = read_one(tmp_path, text)
    assert corpus.documents == []
    assert corpus.faults


def test_yes_no_and_times_stay_words(tmp_path: Path) -> None:
    text = CARD.replace("通知载明有效期", "no").replace("title: 通知", "title: 9:30")
    policy = read_one(tmp_path, text + BODY).policies[0]
    assert (policy.status_basis, policy.sources[0].title) == ("no", "9:30")


@pytest.mark.parametrize(
    ("old", "new", "at", "said"),
    [
        ("> 办理时，以主管部门发布的原文为准。\n", "", "> 这是", "原文为准"),
        (" confidence=high", "", "摘要第1条", "confidence=high"),
        ("confidence=high", "confidence=low", "摘要第1条", "confidence=high"),
        (" {provision=0 confidence=high}", "", "摘要第1条", "confidence=high"),
        ("provision=0", "provision=1", "摘要第1条", "从 0 数起"),
        ("provision=0", "table=0", "摘要第1条", "provision=N-1"),
        ("provision=0 ", "", "摘要第1条", "provision=N-1"),
        ("## 摘要第1条", "## 第三条", "第三条", "摘要第N条"),
        ("## 摘要第1条", "# 摘要第1条", "摘要第1条", "摘要第N条"),
        ("## 摘要第1条", "## 摘要第1", "摘要第1", "摘要第N条"),
        ("每个最高补助100万元。\n", "", "摘要第1条", "删去这个标题"),
        ("| --- | --- |\n", "", "摘要附表1", "---"),
        ("| 国家级 | 30万元 |", "| 国家级 | 30万元 | 多 |", "国家级", "|"),
        ("每个最高", "按第十二条规定，每个最高", "按第十二条", "自己的话"),
        ("每个最高补助100万元。", "“每个最高补助100万元，由市财政承担，按年发放给企业。”", "“每个", "引号"),
    ],
)
def test_a_digest_keeps_its_grammar_and_never_poses_as_the_law(
    tmp_path: Path, old: str, new: str, at: str, said: str
) -> None:
    assert old in BODY
    text = CARD + BODY.replace(old, new)
    fault = fault_of(tmp_path, text)
    assert fault.line == line_of(text, at)
    assert said in fault.mend


def test_clauses_rise_and_none_comes_twice(tmp_path: Path) -> None:
    again = "\n## 摘要第1条 {provision=0 confidence=medium}\n\n又一次。\n"
    fault = fault_of(tmp_path, CARD + BODY + again)
    assert fault.line == line_of(CARD + BODY + again, "## 摘要第1条 {")
    assert "重复" in fault.what


def test_an_original_has_no_digest_grammar(tmp_path: Path) -> None:
    text = (
        CARD.replace("confidence: medium", "text_kind: original\nconfidence: high")
        + "第一条 按本办法第二条规定执行。\n"
    )
    assert read_one(tmp_path, text).faults == []


@pytest.mark.parametrize("body", ["", " \n\n", "\u200b\n"])
def test_an_empty_body_is_a_fault_behind_the_card(tmp_path: Path, body: str) -> None:
    fault = fault_of(tmp_path, CARD + body)
    assert "没有正文" in fault.what
    assert fault.line == CARD.count("\n") + 1


def test_an_id_used_twice_is_served_once(tmp_path: Path) -> None:
    write(tmp_path, "b/again.md", CARD + BODY)
    corpus = read_one(tmp_path, CARD + BODY)
    assert len(corpus.documents) == 1
    assert [(fault.file, fault.line) for fault in corpus.faults] == [("qd-a-2025.md", line_of(CARD, "id:"))]


def other(name: str, more: str) -> str:
    return CARD.replace("qd-a-2025", name).replace("confidence: medium", f"confidence: medium\n{more}") + BODY


def test_a_relation_that_leads_nowhere_is_named_and_its_file_served(tmp_path: Path) -> None:
    write(tmp_path, "b.md", other("qd-b", "relations:\n  - rel: 依据\n    id: qd-a-2024\nsupersedes: [qd-c]"))
    corpus = read_one(tmp_path, CARD + BODY)
    assert [document.id for document in corpus.documents] == ["qd-b", "qd-a-2025"]
    first, second = corpus.faults
    assert "qd-a-2024" in first.what
    assert "qd-a-2025" in first.mend
    assert (first.line, "qd-c" in second.what) == (CARD.count("\n") + 2, True)


def test_policies_that_replace_each_other_in_a_circle_are_named_once(tmp_path: Path) -> None:
    for name, older in (("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")):
        write(tmp_path, f"{name}.md", other(f"qd-{name}", f"supersedes: [qd-{older}]"))
    faults = check(tmp_path)
    assert len(faults) == 1
    assert "qd-a → qd-b → qd-c → qd-a" in faults[0].what


def test_plain_documents_are_named_by_stem_or_by_path_where_stems_collide(tmp_path: Path) -> None:
    write(tmp_path, "a/x.md", "# 第一个标题\n正文")
    write(tmp_path, "b/x.txt", "第一行\n第二行")
    write(tmp_path, "y.txt", "\n\n  独此一行  \n")
    for skipped in ("README.md", "_draft.md", "_old/z.md", ".hidden.md", "table.csv"):
        write(tmp_path, skipped, "不读")
    corpus = read_corpus(tmp_path)
    assert corpus.faults == []
    assert [(d.id, d.title) for d in corpus.documents] == [
        ("a/x", "第一个标题"),
        ("b/x", "第一行"),
        ("y", "独此一行"),
    ]
    assert all(document.policy is None for document in corpus.documents)


def test_policies_and_plain_documents_may_stand_together(tmp_path: Path) -> None:
    write(tmp_path, "law.md", "第一条 为了……\n")
    corpus = read_one(tmp_path, CARD + BODY)
    assert [(document.id, document.policy is None) for document in corpus.documents] == [
        ("law", True),
        ("qd-a-2025", False),
    ]


def test_a_single_file_is_a_corpus(tmp_path: Path) -> None:
    write(tmp_path, "a.md", CARD + BODY)
    assert [document.id for document in read_corpus(tmp_path / "a.md").documents] == ["qd-a-2025"]


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_a_path_without_documents_is_a_fault(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    corpus = read_corpus(tmp_path / name)
    assert corpus.documents == []
    assert len(corpus.faults) == 1


def test_a_jsonl_is_taken_as_it_is_and_its_bad_lines_are_named(tmp_path: Path) -> None:
    rows = [
        json.dumps({"id": "a", "title": "题", "text": "正文\r\n二"}),
        "",
        "{not json",
        "[1]",
        json.dumps({"title": "x", "text": "y"}),
        json.dumps({"id": "b", "text": " \u200b "}),
        json.dumps({"id": "a", "title": "题", "text": "再来"}),
        json.dumps({"id": 7, "text": "第一行\n第二行\ud800", "more": 1}),
    ]
    write(tmp_path, "docs.jsonl", "\n".join(rows))
    corpus = read_corpus(tmp_path / "docs.jsonl")
    assert [(d.id, d.title, d.text) for d in corpus.documents] == [
        ("a", "题", "正文\n二"),
        ("7", "第一行", "第一行\n第二行"),
    ]
    assert [fault.line for fault in corpus.faults] == [3, 4, 5, 6, 7]


def test_faults_are_rendered_with_file_line_and_mend() -> None:
    assert (
        render_faults([Fault("city/a.md", 7, "缺少字段 id", "补上一行")])
        == "city/a.md:7  缺少字段 id\n    怎么改：补上一行"
    )
    assert render_faults([]) == ""


def test_coverage_counts_by_place_and_category(tmp_path: Path) -> None:
    write(tmp_path, "b.md", other("qd-b", "").replace("[science]", "[talent, science]"))
    counts = coverage(read_one(tmp_path, CARD + BODY).policies)
    assert counts == {"青岛市": {Category.SCIENCE: 2, Category.TALENT: 1}}
    assert counts["青岛市"][Category.FINANCE] == 0


@given(st.text(st.characters(codec=None), max_size=80))
def test_normalised_text_is_settled_and_holds_nothing_unseen(text: str) -> None:
    clean = normalise(text)
    assert normalise(clean) == clean
    assert unicodedata.is_normalized("NFC", clean)
    assert all(c == "\n" or unicodedata.category(c) not in {"Cc", "Cs"} for c in clean)
    assert not set(clean) & set("\u200b\u200e\u202a\u202e\u2066\u2069\ufeff")
    clean.encode()


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=80))
def test_utf8_is_decoded_as_it_was_written(text: str) -> None:
    assert decode(text.encode("utf-8-sig")) == text


@given(st.text("青岛市科技创新补贴一二三，。、《》0123456789abc\n", max_size=80))
def test_gb18030_is_decoded_unless_it_happens_to_be_utf8(text: str) -> None:
    data = text.encode("gb18030")
    try:
        expected = data.decode()
    except UnicodeDecodeError:
        expected = text
    assert decode(data) == expected


@given(st.text(max_size=300), st.sampled_from(["", "---\n", CARD, "---\nid: "]))
def test_any_text_gives_documents_or_faults_and_never_raises(
    tmp_path_factory: pytest.TempPathFactory, text: str, before: str
) -> None:
    folder = tmp_path_factory.mktemp("corpus")
    corpus = read_one(folder, (before + text).encode(errors="replace"))
    assert corpus.documents or corpus.faults
