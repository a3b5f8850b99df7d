"""A small corpus made by hand: invented policies of each kind that answers must tell apart, and one plain document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from rag.models import Document
from rag.policies import Policy

TODAY = date(2026, 3, 2)
JUDGED = date(2026, 1, 20)


@dataclass(frozen=True, slots=True)
class Clause:
    """One article of a digest; its number follows from its place."""

    label: str
    text: str
    confidence: str = "high"


def a_policy(key: str, title: str, **changes: Any) -> Policy:
    """A city policy in force, judged within the last 90 days, with an official source; anything can be changed."""
    fields: dict[str, Any] = {
        "id": key,
        "title": title,
        "issuer": "青岛市科学技术局",
        "level": "city",
        "jurisdiction": "青岛市",
        "categories": ("science",),
        "issued": "2025-01-10",
        "effective": "2025-02-01",
        "status": "有效",
        "status_asof": JUDGED,
        "status_basis": "文件载明有效期",
        "sources": (
            {
                "title": title,
                "kind": "official_site",
                "coverage": "full",
                "official": True,
                "url": f"https://www.qingdao.gov.cn/{key}",
            },
        ),
        "confidence": "high",
    }
    return Policy.model_validate({**fields, **changes})


def a_digest(policy: Policy, clauses: Sequence[Clause], table: str = "", table_name: str = "标准") -> Document:
    """A policy's document: its clauses under the headings that the chunker and `corpus check` know."""
    parts = [
        f"> 这是一份摘要，由本助手用自己的话整理，不是原文：{policy.title}。\n"
        f"> 原文由{policy.issuer}发布；办理和引用时，以主管部门发布的原文为准。\n"
    ]
    parts += [
        f"## 摘要第{number}条〔{clause.label}〕 {{provision={number - 1} confidence={clause.confidence}}}\n\n"
        f"{clause.text}\n"
        for number, clause in enumerate(clauses, start=1)
    ]
    if table:
        parts.append(f"## 摘要附表1〔{table_name}〕 {{table=0 confidence={policy.confidence}}}\n\n{table}\n")
    return Document(policy.id, policy.title, "\n".join(parts), policy)


def hitech() -> Document:
    policy = a_policy(
        "qd-hitech-2025",
        "青岛市高新技术企业培育若干措施",
        doc_no="青科规〔2025〕7号",
        audience=("高新技术企业", "科技企业"),
        industries=("不限",),
        contact="市科技局高新技术处 0532-85911000",
        contact_asof=date(2026, 1, 20),
    )
    return a_digest(
        policy,
        [
            Clause("首次认定", "首次通过高新技术企业认定的，一次性奖励10万元。"),
            Clause("重新认定", "重新通过高新技术企业认定的，一次性奖励5万元。"),
            Clause("条件", "申请认定时，近三年研发费用占同期销售收入的比例不低于3%（销售收入2亿元以上的企业）。"),
            Clause("材料", "申报高新技术企业奖励须提交认定证书、上年度审计报告和申请表。"),
            Clause("时间", "每年5月1日至6月30日受理申报，奖励于当年第四季度公示。"),
        ],
    )


def startup_old() -> Document:
    policy = a_policy(
        "qd-startup-2022",
        "青岛市一次性创业补贴办法（2022年）",
        doc_no="青人社规〔2022〕4号",
        issuer="青岛市人力资源和社会保障局",
        categories=("startup",),
        issued="2022-03-01",
        effective="2022-04-01",
        expires="2025-04-26",
        status="被替代",
        confidence="medium",
        audience=("创业者", "小微企业"),
    )
    return a_digest(
        policy,
        [
            Clause("标准", "首次创办小微企业的，给予一次性创业补贴1万元。", "medium"),
            Clause("社保", "法定代表人须在创办企业连续缴纳社会保险满12个月。", "medium"),
        ],
    )


def startup_new() -> Document:
    policy = a_policy(
        "qd-startup-2025",
        "青岛市创业扶持补贴实施细则",
        doc_no="青人社规〔2025〕2号",
        issuer="青岛市人力资源和社会保障局",
        categories=("startup",),
        issued="2025-04-20",
        effective="2025-04-26",
        supersedes=("qd-startup-2022",),
        confidence="medium",
        audience=("创业者", "小微企业"),
    )
    return a_digest(
        policy,
        [
            Clause("标准", "首次创办小微企业的，给予一次性创业补贴2万元；个体工商户给予3000元。", "medium"),
            Clause("社保", "法定代表人须在创办企业连续缴纳社会保险满6个月。", "medium"),
            Clause("担保贷款", "合伙创业的，创业担保贷款额度最高60万元，期限最长3年。", "medium"),
        ],
    )


def housing() -> Document:
    policy = a_policy(
        "qd-housing-2021",
        "青岛市高校毕业生住房补贴政策问答",
        issuer="青岛市人力资源和社会保障局",
        categories=("talent",),
        issued="2021",
        effective=None,
        status="待核实",
        confidence="medium",
        audience=("高校毕业生",),
        sources=({"title": "毕业生补贴整理", "kind": "repost", "coverage": "excerpt", "official": False},),
    )
    rows = "| 学历 | 住房补贴标准 |\n| --- | --- |\n| 本科 | 每月500元 |\n| 硕士 | 每月800元 |\n| 博士 | 每月1200元 |"
    return a_digest(
        policy,
        [
            Clause("对象", "毕业三年内在青就业的全日制本科及以上高校毕业生可以申请住房补贴。", "medium"),
            Clause("标准", "住房补贴按月发放，最长36个月；博士每月1200元，硕士每月800元，本科每月500元。", "medium"),
        ],
        rows,
        "住房补贴标准",
    )


def laoshan() -> Document:
    policy = a_policy(
        "ls-compute-2025",
        "崂山区智能算力扶持办法",
        doc_no="青崂政办字〔2025〕9号",
        issuer="青岛市崂山区人民政府",
        level="district",
        jurisdiction="崂山区",
        audience=("人工智能企业",),
        industries=("人工智能",),
    )
    return a_digest(
        policy,
        [
            Clause("算力券", "人工智能企业购买智能算力服务的，按合同额的30%给予算力补贴，每家每年最高100万元。"),
            Clause("住房", "区内企业新引进的博士，另给予区级住房补贴每月300元。"),
        ],
    )


def loan_gone() -> Document:
    policy = a_policy(
        "qd-loan-2020",
        "青岛市科技型企业贷款贴息办法",
        doc_no="青财规〔2020〕11号",
        issuer="青岛市财政局",
        categories=("finance",),
        issued="2020-06-01",
        effective="2020-07-01",
        expires="2023-12-31",
        status="已到期",
        audience=("科技企业",),
    )
    return a_digest(
        policy,
        [
            Clause("标准", "科技型企业贷款按实付利息的40%给予贴息，单户每年贴息不超过50万元。"),
            Clause("方式", "贷款贴息先付后贴，每年集中受理一次。"),
        ],
    )


def gazelle() -> Document:
    policy = a_policy(
        "sd-gazelle-2024",
        "山东省瞪羚企业培育办法",
        doc_no="鲁工信发〔2024〕3号",
        issuer="山东省工业和信息化厅",
        level="province",
        jurisdiction="山东省",
        audience=("瞪羚企业",),
    )
    return a_digest(
        policy,
        [
            Clause("奖励", "新认定的省瞪羚企业给予50万元奖励，由省级财政安排。"),
            Clause("条件", "申报瞪羚企业的，近三年营业收入复合增长率不低于20%。"),
        ],
    )


def policies() -> list[Document]:
    """In force, superseded and its successor, unverified with a table, of a district, expired, provincial."""
    return [hitech(), startup_old(), startup_new(), housing(), laoshan(), loan_gone(), gazelle()]


def plain() -> Document:
    """A text taken as it is: no card, no place, no legal state."""
    text = (
        "激光雷达标定须知\n\n"
        "第一条 激光雷达出厂前应当在恒温暗室内完成标定，标定板距离为12米。\n"
        "第二条 标定记录保存期限为5年，由质量部门归档。\n"
    )
    return Document("lidar-note", "激光雷达标定须知", text)


def changed(document: Document, old: str, new: str) -> Document:
    """The document with other wording in one place."""
    assert document.text.count(old) == 1
    return Document(document.id, document.title, document.text.replace(old, new), document.policy)


def recarded(document: Document, **changes: Any) -> Document:
    """The document with another card over the same text."""
    assert document.policy is not None
    policy = Policy.model_validate({**document.policy.model_dump(), **changes})
    return Document(document.id, policy.title, document.text, policy)


def write_corpus(folder: Path, documents: Sequence[Document]) -> Path:
    """The documents as files: policies with their front matter, plain texts as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    for document in documents:
        text = document.text
        if document.policy is not None:
            card = document.policy.model_dump(mode="json", exclude_defaults=True)
            text = f"---\n{yaml.safe_dump(card, allow_unicode=True, sort_keys=False)}---\n{text}"
        (folder / f"{document.id}.md").write_text(text, "utf-8")
    return folder
