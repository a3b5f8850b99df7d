"""`doctor`: ask every configured server whether it does what is wanted of it, and say so in words."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.commands.house import settings_of
from bot.settings import BUILT_IN_EMBEDDERS, Settings

_WAYS = {
    "json_schema": "结构化输出：按 JSON Schema（最强）",
    "function_calling": "结构化输出：按工具调用",
    "json_mode": "结构化输出：按 JSON 模式",
    "plain": "不支持结构化输出，只能用文字要求 JSON；能用，但不合格的回答会多些（不合格的一律改为摘录）",
}
_FAULTS = {
    "timeout": "连上了但没有在时限内回答。模型可能正在加载，或机器太慢；可调大 LLM_SECONDS",
    "limited": "服务说请求太多（429）。稍后再试，或提高服务方的限额",
    "server": "服务内部出错（5xx）。请看服务方的状态页或日志",
    "unreachable": "连不上。请检查 LLM_BASE_URL、防火墙，以及服务是否已启动（不经代理，直接连接）",
    "cut": "回答中途断开。请检查网络或服务日志",
    "denied": "密钥不被接受（401/403/402）。请检查 LLM_API_KEY 和账户余额",
    "unsupported": "服务不接受请求。请检查 LLM_MODEL 是否写对、LLM_BASE_URL 是否以 /v1 一类的路径结尾，"
    "以及 LLM_PROVIDER 对应的 LangChain 包是否已安装",
}
_PACKAGE = re.compile(r"pip install (?:-U )?`?([a-z0-9-]+)")
_OTHER = "回答不能用。请换一个模型"


_RERANK_FAULTS = {
    fault: words.replace("LLM_BASE_URL", "RERANK_BASE_URL").replace("LLM_API_KEY", "RERANK_API_KEY")
    for fault, words in _FAULTS.items()
    if fault not in {"timeout", "unsupported"}
} | {
    "timeout": "连上了但没有在时限内回答。模型可能正在加载，或机器太慢",
    "unsupported": "服务不接受请求。请检查 RERANK_MODEL 是否写对、RERANK_BASE_URL 其下是否有 /rerank",
}
_ASKED, _NEAR, _FAR = "硕士住房补贴一个月多少？", "硕士研究生住房补贴每月800元。", "红烧肉要用五花肉慢炖两个小时。"
_BATCH = 16
"""Passages that are embedded between two commits (rag/indexing.py)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: None is not configured, and that is no fault."""

    what: str
    works: bool | None
    words: str


def doctor(options: argparse.Namespace) -> int:
    settings = settings_of(options)
    failed = False
    for finding in findings(settings):
        sign = {True: "✓", False: "✗", None: "－"}[finding.works]
        sys.stdout.write(f"{sign} {finding.what}：{finding.words}\n")
        sys.stdout.flush()
        failed |= finding.works is False
    return 1 if failed else 0


def findings(settings: Settings) -> Iterator[Finding]:
    """Each as soon as it is known: some servers take their time."""
    looks: tuple[Callable[[Settings], Finding], ...] = (
        _database, _language_model, _embedder, _reranker, _vector_store
    )  # fmt: skip
    for look in looks:
        yield look(settings)


def _database(settings: Settings) -> Finding:
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    from db.engine import make_engine

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = make_engine(settings.sql_url)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError as fault:
        return Finding("数据库", False, f"连不上（{type(fault).__name__}）。请检查 DATABASE_URL")
    finally:
        engine.dispose()
    return Finding("数据库", True, engine.dialect.name)


def _language_model(settings: Settings) -> Finding:
    if not settings.llm:
        return Finding("语言模型", None, "未配置（LLM_MODEL 为空），答案逐条摘录")
    from bot.language_model import probed_model
    from rag.adapters.chat_model import PROBE
    from rag.ports import ModelError

    name = f"语言模型 {settings.llm_model}"
    if words := _not_installed(settings):
        return Finding(name, False, words)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    model = probed_model(settings)
    try:
        way = model.probe(4 * settings.llm_seconds)
        began = time.monotonic()
        model.ask(PROBE, settings.llm_seconds)
    except ModelError as fault:
        return Finding(name, False, f"{_FAULTS.get(fault.fault, _OTHER)}（{fault}）")
    return Finding(name, True, f"{_WAYS[way]}；{_took(began)}")


def _not_installed(settings: Settings) -> str:
    """What to do where the provider's LangChain package is not here; "" where it is."""
    from rag.adapters.chat_model import make_chat_model

    try:
        make_chat_model(settings.llm_model, provider=settings.llm_provider, base_url=settings.llm_base_url, api_key="-")
    except ImportError as fault:
        named = _PACKAGE.search(str(fault))
        package = named.group(1) if named else f"langchain-{settings.llm_provider}"
        return (
            f"LLM_PROVIDER={settings.llm_provider} 需要先安装 LangChain 包：.venv/bin/python -m pip install {package}"
        )
    except ValueError:
        return f"LangChain 没有名为「{settings.llm_provider}」的提供方。请检查 LLM_PROVIDER；OpenAI 兼容服务写 openai"
    return ""


def _took(began: float) -> str:
    return f"一次 {time.monotonic() - began:.2f} 秒"


def _embedder(settings: Settings) -> Finding:
    if settings.embed_model in BUILT_IN_EMBEDDERS or not settings.embed_base_url:
        return Finding("向量服务", None, f"未配置，用 EMBED_MODEL={settings.embed_model}")
    from rag.adapters.served_embedder import openai_compatible
    from rag.ports import EmbedderError

    name, key = f"向量服务 {settings.embed_model}", settings.embed_api_key.get_secret_value()
    embedder = openai_compatible(settings.embed_model, settings.embed_base_url, key)
    began = time.monotonic()
    try:
        width = len(embedder.embed_query("住房补贴"))
        took = _took(began)
        batch = [len(vector) for vector in embedder.embed_documents([f"第{n}条" for n in range(1, _BATCH + 1)])]
    except EmbedderError as fault:
        return Finding(name, False, f"不能用（{fault}）。请检查 EMBED_BASE_URL、EMBED_MODEL、EMBED_API_KEY")
    if set(batch) != {width}:
        return Finding(name, False, f"单条 {width} 维，成批 {sorted(set(batch))} 维，前后不一致。请换一个模型或服务")
    return Finding(name, True, f"能用，向量 {width} 维；{took}{_other_width(settings, embedder.name, width)}")


def _other_width(settings: Settings, embedder: str, width: int) -> str:
    """A word where the index holds vectors of another width under this name."""
    from bot.releases import SqlVectorCache
    from db.engine import make_engine
    from rag.ports import VectorStoreError

    engine = make_engine(settings.sql_url)
    try:
        kept = SqlVectorCache(engine).width(embedder)
    except VectorStoreError:  # nothing was indexed yet
        kept = None
    finally:
        engine.dispose()
    return "" if kept in (None, width) else f"；索引里是 {kept} 维，下次启动会在后台重新生成"


def _reranker(settings: Settings) -> Finding:
    if not settings.rerank_model:
        return Finding("重排服务", None, "未配置（RERANK_MODEL 为空），按融合得分排序")
    from rag.adapters.served_reranker import ServedReranker
    from rag.ports import RerankerError
    from rag.reranking import SECONDS

    name, key = f"重排服务 {settings.rerank_model}", settings.rerank_api_key.get_secret_value()
    reranker = ServedReranker(settings.rerank_model, settings.rerank_base_url, key)
    began = time.monotonic()
    try:
        far, near = reranker.scores(_ASKED, [_FAR, _NEAR], 4 * settings.llm_seconds)
    except RerankerError as fault:
        said = _RERANK_FAULTS.get(fault.fault, "回答不能用。请检查 RERANK_BASE_URL 是不是重排服务，或换一个模型")
        return Finding(name, False, f"{said}（{fault}）")
    if near <= far:
        return Finding(name, False, f"能连上，但把无关的段落排在前面（{near:.3g} ≤ {far:.3g}）。请换一个模型")
    took = time.monotonic() - began
    slow = f"；一问最多等 {SECONDS:g} 秒，超过就不用它的排序，请换快一些的模型" if took > SECONDS / 2 else ""
    return Finding(name, True, f"能用，有关 {near:.3g}、无关 {far:.3g}；一次 {took:.2f} 秒{slow}")


def _vector_store(settings: Settings) -> Finding:
    if settings.vector_store == "none" or not settings.chroma_url:
        return Finding("Chroma 服务", None, "未配置，用进程内的向量库" if settings.vector_store != "none" else "未启用")
    from rag.adapters.chroma import served
    from rag.ports import VectorStoreError

    try:
        count = len(served(settings.chroma_url).segments())
    except VectorStoreError as fault:
        return Finding("Chroma 服务", False, f"不能用（{type(fault).__name__}）。请检查 CHROMA_URL")
    return Finding("Chroma 服务", True, f"能用，{count} 个分段")
