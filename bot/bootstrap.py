"""The only chooser of adapters: settings → the parts, wired. Whatever is heavy is imported where it is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from bot.accounts import Accounts
from bot.clock import Clock, SystemClock
from bot.conversation import Conversation
from bot.dialogs.ask import AskDialog
from bot.history import History
from bot.releases import SqlReleaseStore, SqlVectorCache
from bot.settings import Settings
from db.engine import make_engine
from db.migrating import upgrade
from rag.adapters.segment_files import SegmentFiles
from rag.indexing import Indexes
from rag.pipeline import Limits, Pipeline
from rag.ports import Embedder, EmbedderError, VectorStore
from rag.reader import Reader

if TYPE_CHECKING:
    from bot.library import PublishedLibrary


@dataclass(frozen=True, slots=True)
class House:
    """Everything that is wired, for the doors and the command line. `notes` say what works less than it could."""

    settings: Settings
    clock: Clock
    engine: Engine
    places: Indexes
    reader: Reader
    pipeline: Pipeline
    ask: AskDialog
    notes: list[str] = field(default_factory=list)

    def conversation(self) -> Conversation:
        return Conversation(
            self.ask, History(self.engine, self.clock), self.accounts(), history_turns=self.settings.history_turns
        )

    def accounts(self) -> Accounts:
        return Accounts(self.engine, self.clock)

    def library(self) -> PublishedLibrary:
        from bot.library import PublishedLibrary

        return PublishedLibrary(self.reader, self.clock, self.notes)


def build(settings: Settings, clock: Clock | None = None, *, vectors: bool = True) -> House:
    """Wire the house. `vectors=False` works lexically whatever the settings say."""
    clock = clock or SystemClock()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = make_engine(settings.sql_url)
    upgrade(engine)
    notes: list[str] = []
    embedder = _embedder(settings, notes) if vectors else None
    places = Indexes(
        store=SqlReleaseStore(engine),
        segments=SegmentFiles(settings.data_dir / "index" / "segments"),
        cache=SqlVectorCache(engine),
        embedder=embedder,
        vectors=_vectors(settings) if embedder else None,
        exact_scan_max=settings.exact_scan_max,
    )
    reader = Reader(places, settings.status_stale_days)
    limits = Limits(longest_question=settings.question_max_chars, dense_weight=settings.dense_weight)
    pipeline = Pipeline(reader, clock.today, limits)
    ask = AskDialog(pipeline, settings.fallback_contact, settings.question_max_chars)
    return House(settings, clock, engine, places, reader, pipeline, ask, notes)


def _embedder(settings: Settings, notes: list[str]) -> Embedder | None:
    if settings.embed_model == "none":
        notes.append("未启用向量检索（EMBED_MODEL=none），按词语检索")
        return None
    if settings.embed_model == "hashed":
        from rag.adapters.hashed import HashedEmbedder

        return HashedEmbedder()
    if settings.embed_base_url:
        from rag.adapters.served_embedder import openai_compatible

        return openai_compatible(
            settings.embed_model, settings.embed_base_url, settings.embed_api_key.get_secret_value()
        )
    return _local(notes)


def _local(notes: list[str]) -> Embedder | None:
    from rag.adapters.local_embedder import LocalEmbedder

    embedder = LocalEmbedder()
    try:
        embedder.check()
    except EmbedderError:
        notes.append("本机不能运行自带的向量模型（缺少对应的安装包或 AVX2），按词语检索")
        return None
    return embedder


def _vectors(settings: Settings) -> VectorStore | None:
    if settings.vector_store == "none":
        return None
    from rag.adapters.chroma import embedded, served

    return served(settings.chroma_url) if settings.chroma_url else embedded(settings.data_dir / "index" / "chroma")


def shipped_vectors(corpus: Path) -> Sequence[Path]:
    """The vector files that travel with a corpus, so that a first run does not wait for the embedder."""
    return sorted((corpus / "_vectors").glob("*.npz"))
