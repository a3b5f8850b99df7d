"""A wired house over the small corpus: real adapters and database in a data folder, the hashed embedder, no model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.bootstrap import House, build
from bot.clock import Clock
from bot.settings import Settings
from rag.indexing import publish
from rag.models import Document
from tests.support.policies import policies


def small_settings(data_dir: Path, **changes: Any) -> Settings:
    """The defaults, whatever the environment says, with the cheapest embedder and no vector store."""
    return Settings.model_construct(data_dir=data_dir, **{"embed_model": "hashed", "vector_store": "none", **changes})


def a_house(data_dir: Path, clock: Clock, documents: Sequence[Document] | None = None, **changes: Any) -> House:
    """A house with these documents published (the small corpus by default); the caller disposes of its engine."""
    house = build(small_settings(data_dir, **changes), clock)
    publish(policies() if documents is None else documents, house.places, clock.now())
    return house
