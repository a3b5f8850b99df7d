"""`doctor`: ask every configured server whether it does what is wanted of it, and say so in words."""

from __future__ import annotations

import argparse
import sys
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
_OTHER = "回答不能用。请换一个模型"


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
    looks: tuple[Callable[[Settings], Finding], ...] = (_database, _language_model, _embedder, _vector_store)
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
    from rag.ports import ModelError

    name = f"语言模型 {settings.llm_model}"
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        way = probed_model(settings).probe(4 * settings.llm_seconds)
    except ModelError as fault:
        return Finding(name, False, f"{_FAULTS.get(fault.fault, _OTHER)}（{fault}）")
    return Finding(name, True, _WAYS[way])


def _embedder(settings: Settings) -> Finding:
    if settings.embed_model in BUILT_IN_EMBEDDERS or not settings.embed_base_url:
        return Finding("向量服务", None, f"未配置，用 EMBED_MODEL={settings.embed_model}")
    from rag.adapters.served_embedder import openai_compatible
    from rag.ports import EmbedderError

    name, key = f"向量服务 {settings.embed_model}", settings.embed_api_key.get_secret_value()
    try:
        vector = openai_compatible(settings.embed_model, settings.embed_base_url, key).embed_query("住房补贴")
    except EmbedderError as fault:
        return Finding(name, False, f"不能用（{fault}）。请检查 EMBED_BASE_URL、EMBED_MODEL、EMBED_API_KEY")
    return Finding(name, True, f"能用，向量 {len(vector)} 维")


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
