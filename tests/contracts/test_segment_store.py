"""What every SegmentStore must do, in memory and on disk; and what files add: damage is told, never read as truth."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.adapters.segment_files import LEFT_BEHIND, SegmentFiles
from rag.indexing import open_release, publish
from rag.lexical import terms_of
from rag.models import Document, DocumentVersion, Passage
from rag.segments import Segment, SegmentError, SegmentStore, make_segment
from tests.support.policies import policies
from tests.support.shelves import NOW, MemorySegments, folder_places


@pytest.fixture(params=["memory", "files"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> SegmentStore:
    return MemorySegments() if request.param == "memory" else SegmentFiles(tmp_path / "segments")


def a_segment(*texts: str) -> Segment:
    versions = [DocumentVersion(f"v-{text}", Document(text, "题", text), ()) for text in texts]
    passages = [Passage(f"p-{text}", text, "paragraph", ("题",), None, "", text) for text in texts]
    return make_segment(versions, passages)


def arrays(segment: Segment) -> dict[str, np.ndarray]:
    halves = {"p": segment.passages, "d": segment.documents}
    return {f"{half}_{name}": array for half, part in halves.items() for name, array in part.arrays().items()}


@pytest.mark.parametrize("texts", [(), ("创业补贴",), ("创业补贴", "贷款贴息", "🙂", "\U00020bb7")])
def test_a_segment_comes_back_as_it_was_written(store: SegmentStore, texts: tuple[str, ...]) -> None:
    segment = a_segment(*texts)
    store.write(segment)
    back = store.read(segment.id)
    assert back.id == segment.id
    assert all(np.array_equal(array, arrays(back)[name]) for name, array in arrays(segment).items())
    assert store.passage_ids(segment.id) == segment.passages.ids
    assert store.version_ids(segment.id) == segment.documents.ids


@pytest.mark.parametrize("texts", [(), ("创业补贴",), ("创业补贴", "贷款贴息", "住房补贴")])
def test_which_passages_a_segment_holds_is_told_without_reading_it(store: SegmentStore, texts: tuple[str, ...]) -> None:
    segment = a_segment(*texts)
    store.write(segment)
    assert store.holds(segment.id, ["p-创业补贴", "p-贷款贴息", "nowhere", ""]) == set(segment.passages.ids) - {
        "p-住房补贴"
    }
    assert store.holds(segment.id, []) == set()


def test_a_segment_that_is_not_there_is_an_error(store: SegmentStore) -> None:
    with pytest.raises(SegmentError):
        store.read("nowhere")
    with pytest.raises(SegmentError):
        store.passage_ids("nowhere")
    with pytest.raises(SegmentError):
        store.version_ids("nowhere")
    with pytest.raises(SegmentError):
        store.holds("nowhere", ["p"])
    assert store.ids() == set()


def test_writing_the_same_segment_again_changes_nothing(store: SegmentStore) -> None:
    segment = a_segment("创业补贴")
    store.write(segment)
    store.write(segment)
    assert store.ids() == {segment.id}
    assert store.read(segment.id).passages.ids == segment.passages.ids


def test_a_dropped_segment_is_gone_and_dropping_it_again_is_fine(store: SegmentStore) -> None:
    segment = a_segment("创业补贴")
    store.write(segment)
    store.drop(segment.id)
    store.drop(segment.id)
    assert store.ids() == set()


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def overwritten(file: Path) -> None:
    file.write_bytes(b"this is no segment" * 200)


def one_bit_turned(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))


def removed(file: Path) -> None:
    file.unlink()


def turned_into_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def without_an_array(file: Path) -> None:
    np.savez(file, p_ids=np.array([b"p"]))


DAMAGE = [emptied, cut_short, overwritten, one_bit_turned, removed, turned_into_a_folder, without_an_array]


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_a_damaged_file_is_an_error_in_words(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    store, segment = SegmentFiles(tmp_path), a_segment("创业补贴", "贷款贴息", "住房补贴")
    store.write(segment)
    damage(tmp_path / f"{segment.id}.npz")
    with pytest.raises(SegmentError, match=segment.id):
        store.read(segment.id)
    with suppress(SegmentError):  # a part of the file may still tell; what it leaves open the test run would notice
        store.holds(segment.id, ["p-创业补贴"])


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_a_damaged_segment_is_built_again_from_the_stored_texts(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    places = folder_places(tmp_path)
    release = publish(policies(), places, NOW).release
    query = dict.fromkeys(terms_of("创业补贴").tolist(), 1.0)
    whole = open_release(release, places)
    expected = dict(zip(whole.ids, whole.lexical.scores(query).tolist(), strict=True))
    (file,) = tmp_path.glob("*.npz")
    damage(file)
    if file.is_dir():
        file.rmdir()  # a folder in the way needs a hand; the file system's own faults are told below
    opened = open_release(release, places)
    assert dict(zip(opened.ids, opened.lexical.scores(query).tolist(), strict=True)) == pytest.approx(expected)
    live = places.store.live()
    assert live is not None
    assert live.id == release.id
    assert all(places.segments.read(name) for name in live.segments)


@given(places=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 7)), min_size=1, max_size=3))
def test_turned_bits_are_noticed_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, places: list[tuple[float, int]]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "bits"
    store, segment = SegmentFiles(folder), a_segment("创业补贴", "贷款贴息")
    store.write(segment)
    file = folder / f"{segment.id}.npz"
    data = bytearray(file.read_bytes())
    for share, bit in places:
        data[int(share * len(data))] ^= 1 << bit
    file.write_bytes(bytes(data))
    try:
        back = arrays(store.read(segment.id))
    except SegmentError:
        return
    assert all(np.array_equal(array, back[name]) for name, array in arrays(segment).items())


def test_a_folder_that_cannot_be_written_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SegmentError, match="could not be written"):
        SegmentFiles(tmp_path / "file").write(a_segment("创业补贴"))


def test_half_written_files_are_no_segments(tmp_path: Path) -> None:
    store = SegmentFiles(tmp_path)
    store.write(a_segment("创业补贴"))
    (tmp_path / ".abc.123.part").write_bytes(b"half")
    assert len(store.ids()) == 1


def test_what_a_killed_process_left_behind_is_removed_a_day_later(tmp_path: Path) -> None:
    store = SegmentFiles(tmp_path)
    for name, age in ((".old.123.part", 2 * LEFT_BEHIND), (".young.124.part", 60)):
        (tmp_path / name).write_bytes(b"half")
        then = time.time() - age
        os.utime(tmp_path / name, (then, then))
    store.write(a_segment("创业补贴"))
    assert {path.name for path in tmp_path.glob(".*")} == {".young.124.part"}
