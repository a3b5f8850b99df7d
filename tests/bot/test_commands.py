"""The command line inside one process: exit codes, standard output for data only, one line for what can be mended."""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from bot.__main__ import main, parser
from bot.commands.faults import CommandError, in_words
from bot.ownership import own
from rag.adapters.hashed import HashedEmbedder
from rag.ports import EmbedderError, ReleaseStoreError, VectorStoreError
from rag.segments import SegmentError
from tests.support.policies import changed, gazelle, hitech, plain, policies, write_corpus
from tests.support.servers import embedding_server

ROOT = Path(__file__).parents[2]
REWARD = "首次认定高新技术企业奖励多少钱"
Run = Callable[..., int]


@pytest.fixture(autouse=True)
def _logging_put_back() -> Iterator[None]:
    """A command sets up the logging of its process; that of the test run is put back."""
    root, level, handlers = logging.root, logging.root.level, logging.root.handlers[:]
    hooks = sys.excepthook, threading.excepthook
    yield
    logging.captureWarnings(False)
    root.handlers[:], sys.excepthook, threading.excepthook = handlers, *hooks
    root.setLevel(level)


@pytest.fixture
def run(sqlite_engine: Engine, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command as `python -m bot` would, with the cheapest embedder, from a folder without a .env."""
    monkeypatch.chdir(tmp_path)
    for name, value in {"EMBED_MODEL": "hashed", "VECTOR_STORE": "none", "DATA_DIR": str(data_dir)}.items():
        monkeypatch.setenv(name, value)

    def command(*arguments: object, given: str | bytes = "") -> int:
        raw = given.encode() if isinstance(given, str) else given
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), "utf-8"))
        return main([str(argument) for argument in arguments])

    return command


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus", [*policies(), plain()])


@pytest.fixture
def indexed(run: Run, corpus: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    assert run("corpus", "index", "--corpus", corpus) == 0
    capfd.readouterr()
    return run


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def batch(*entries: dict[str, Any]) -> str:
    return "\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)


# ---------------------------------------------------------------------------------------------------------- ask, search


def test_a_question_is_answered_on_standard_output(indexed: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert indexed("ask", REWARD) == 0
    told = capfd.readouterr()
    assert "一次性奖励10万元" in told.out
    assert told.err == ""


def test_district_and_day_are_heeded(indexed: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert indexed("ask", "首次创办小微企业创业补贴多少", "--as-of", "2023-06-01", "--district", "崂山") == 0
    assert "一次性创业补贴1万元" in capfd.readouterr().out


def test_a_batch_answers_each_line_with_the_full_answer(indexed: Run, capfd: pytest.CaptureFixture[str]) -> None:
    given = batch(
        {"id": 1, "text": REWARD, "as_of": "2026-03-02"},
        {
            "id": "后",
            "text": "硕士呢",
            "history": [{"role": "user", "text": "博士住房补贴一个月多少"}, {"role": "assistant", "text": "…"}],
        },
        {"id": None, "text": "住房补贴每月多少", "district": "崂山"},
        {"text": "首次创办小微企业创业补贴多少", "as_of": "2023-06-01", "whatever": [1]},
        {"id": "empty"},
    )
    assert indexed("ask", "--batch", given=f"{given}\n\n   \n") == 0
    told = capfd.readouterr()
    first, second, third, fourth, fifth = lines(told.out)
    assert told.err == ""
    assert [entry["id"] for entry in (first, second, third, fourth, fifth)] == [1, "后", None, None, "empty"]
    assert first["answer"]["status"] == "answered"
    card = first["answer"]["citations"][0]
    assert (card["policy"], card["policy_status"], card["level"]) == ("qd-hitech-2025", "现行有效", "city")
    assert "每月800元" in second["answer"]["text"]
    assert "ls-compute-2025" in {card["policy"] for card in third["answer"]["citations"]}
    assert fourth["answer"]["citations"][0]["policy"] == "qd-startup-2022"
    assert fifth["answer"]["status"] == "error_empty"
    for entry in (first, second, third, fourth):
        for claim in entry["answer"]["claims"]:
            assert all(quote["quote"] for quote in claim["quotes"])


def test_a_batch_is_read_from_a_file_with_or_without_a_mark(
    indexed: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, mark in (("plain", b""), ("marked", b"\xef\xbb\xbf")):
        (tmp_path / name).write_bytes(mark + batch({"id": name, "text": REWARD}).encode() + b"\r\n")
        assert indexed("ask", "--batch", tmp_path / name) == 0
        assert lines(capfd.readouterr().out)[0]["id"] == name


def test_searches_come_best_first_with_their_documents(indexed: Run, capfd: pytest.CaptureFixture[str]) -> None:
    given = batch(
        {"id": "a", "text": "瞪羚企业奖励"}, {"id": "b", "text": ""}, {"id": "c", "text": "激光雷达标定板距离"}
    )
    assert indexed("search", "--batch", "-", "--k", 4, given=given) == 0
    first, empty, third = lines(capfd.readouterr().out)
    assert first["hits"][0]["document"] == "sd-gazelle-2024"
    assert len(first["hits"]) == 4
    assert [hit["score"] for hit in first["hits"]] == sorted((hit["score"] for hit in first["hits"]), reverse=True)
    assert empty["hits"] == []
    assert third["hits"][0].keys() == {"document", "passage", "article", "text", "score"}
    assert (third["hits"][0]["document"], third["hits"][0]["article"]) == ("lidar-note", "第一条")


def test_what_cannot_be_encoded_is_given_back_as_json_all_the_same(
    indexed: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    given = '{"id": "\\ud800", "text": "\\ud800\\u0000' + REWARD + '"}'
    assert indexed("ask", "--batch", given=given) == 0
    (entry,) = lines(capfd.readouterr().out)
    assert entry["id"] == "\ud800"
    assert entry["answer"]["status"] == "answered"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{nonsense", "第 2 行"),
        ("[1, 2]", "第 2 行"),
        ('"text"', "第 2 行"),
        ("[" * 100_000, "第 2 行"),
        ('{"id": 1, "text": "x", "as_of": "2026-02-30"}', "第 2 行"),
        ('{"id": 1, "text": "x", "as_of": 20260101}', "YYYY-MM-DD"),
        ('{"id": 1, "text": "x", "history": "before"}', "history"),
        ('{"id": 1, "text": "x", "history": [{"text": "no role"}]}', "history"),
        ('{"id": 1, "text": "x", "history": [{"role": "system", "text": "y"}]}', "history"),
        ('{"id": 1, "text": "x", "history": {"role": "user"}}', "history"),
        ('{"id": 1, "text": "x", "district": 7}', "district"),
        (b"\xff\xfe{}", "UTF-8"),
    ],
)
def test_a_bad_line_is_told_in_one_line_after_what_came_before_it(
    indexed: Run, line: str | bytes, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    raw = line.encode() if isinstance(line, str) else line
    assert indexed("ask", "--batch", given=b'{"id": 0, "text": "hello"}\n' + raw + b"\n") == 1
    told = capfd.readouterr()
    assert said in told.err
    assert len(told.err.splitlines()) == 1
    assert [entry["id"] for entry in lines(told.out)] in ([0], [])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ask"], "请写出问题"),
        (["ask", REWARD, "--as-of", "yesterday"], "YYYY-MM-DD"),
        (["ask", "--batch", "no-such-file.jsonl"], "no-such-file.jsonl"),
        (["search", "--batch", "-", "--k", "0"], "--k"),
        (["search", "--batch", "."], "读不到文件"),
    ],
)
def test_a_wrong_argument_is_told_in_one_line(
    indexed: Run, arguments: list[str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert indexed(*arguments) == 1
    told = capfd.readouterr()
    assert said in told.err
    assert len(told.err.splitlines()) == 1
    assert told.out == ""


@pytest.mark.parametrize("arguments", [["ask", REWARD], ["search", "--batch", "-"]])
def test_without_an_index_one_line_says_how_to_make_one(
    run: Run, arguments: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 1
    assert "corpus index" in capfd.readouterr().err


@pytest.mark.parametrize(
    "arguments", [[], ["dance"], ["corpus"], ["search"], ["search", "--batch", "-", "--k", "many"]]
)
def test_a_command_that_is_none_ends_with_two(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(arguments)
    assert ended.value.code == 2
    assert "usage" in capfd.readouterr().err


def test_lexical_search_is_there_without_vectors(indexed: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert indexed("search", "--batch", "-", "--no-vectors", given=batch({"id": 1, "text": "瞪羚企业奖励"})) == 0
    assert lines(capfd.readouterr().out)[0]["hits"][0]["document"] == "sd-gazelle-2024"
    assert indexed("ask", "--no-vectors", REWARD) == 0
    assert "10万元" in capfd.readouterr().out


# --------------------------------------------------------------------------------------------------------------- corpus


def test_a_sound_corpus_passes_the_check(run: Run, corpus: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("corpus", "check", "--corpus", corpus) == 0
    assert capfd.readouterr().out == ""


def test_a_malformed_policy_is_named_skipped_and_the_rest_is_served(
    run: Run, corpus: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (corpus / "broken.md").write_text("---\nid: broken\nlevel: galaxy\n---\n正文\n", "utf-8")
    (corpus / "binary.md").write_bytes(b"\x80\x81\xff" * 50)
    assert run("corpus", "check", "--corpus", corpus) == 1
    named = capfd.readouterr()
    assert all(part in named.err for part in ("broken.md:", "binary.md:", "怎么改"))
    assert run("corpus", "index", "--corpus", corpus) == 1
    assert f"共 {len(policies()) + 1} 份" in capfd.readouterr().err
    assert run("ask", REWARD) == 0
    assert "10万元" in capfd.readouterr().out


def test_an_empty_corpus_is_told_and_leaves_what_is_published(
    indexed: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert indexed("corpus", "index", "--corpus", tmp_path / "empty") == 1
    assert str(tmp_path / "empty") in capfd.readouterr().err
    assert indexed("ask", REWARD) == 0


def test_a_corpus_that_is_not_there_is_told(run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    for action in ("index", "check"):
        assert run("corpus", action, "--corpus", "nowhere") == 1
        assert "nowhere" in capfd.readouterr().err


def test_indexing_again_publishes_nothing_and_a_change_publishes_it(
    indexed: Run, corpus: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert indexed("corpus", "index", "--corpus", corpus) == 0
    assert "没有变化：第 1 版" in capfd.readouterr().err
    write_corpus(corpus, [changed(hitech(), "10万元", "20万元")])
    (corpus / "sd-gazelle-2024.md").unlink()
    assert indexed("corpus", "index", "--corpus", corpus) == 0
    told = capfd.readouterr().err
    assert "第 2 版" in told
    assert "新增 0，修改 1，撤下 1" in told
    assert "写入 1 段" in told
    assert indexed("ask", REWARD) == 0
    assert "20万元" in capfd.readouterr().out


def test_a_jsonl_is_indexed_as_it_is(run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "texts.jsonl"
    rows = [
        {"id": "lidar", "title": "激光雷达标定须知", "text": plain().text},
        {"id": 7, "title": "", "text": "无题的一段话。"},
    ]
    file.write_text(batch(*rows) + "\n{broken\n", "utf-8")
    assert run("corpus", "index", "--corpus", file) == 1
    assert "texts.jsonl:3" in capfd.readouterr().err
    assert run("search", "--batch", "-", given=batch({"id": 1, "text": "标定板距离"})) == 0
    assert lines(capfd.readouterr().out)[0]["hits"][0]["document"] == "lidar"


def test_the_status_says_what_is_live(run: Run, corpus: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("corpus", "status") == 1
    assert "还没有发布过" in capfd.readouterr().err
    assert run("corpus", "index", "--corpus", corpus) == 0
    capfd.readouterr()
    assert run("corpus", "status") == 0
    told = capfd.readouterr().err
    assert all(part in told for part in ("第 1 版", f"{len(policies()) + 1} 份", "向量 100%", "hashed"))


def test_an_index_of_another_embedder_is_embedded_anew(
    indexed: Run, corpus: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with embedding_server() as server:
        monkeypatch.setenv("EMBED_MODEL", "other")
        monkeypatch.setenv("EMBED_BASE_URL", server.url)
        assert indexed("corpus", "index", "--corpus", corpus) == 0
        assert "没有变化" in capfd.readouterr().err
        assert indexed("corpus", "status") == 0
        assert "向量 100%（served-other）" in capfd.readouterr().err
        server.fail = 500
        assert indexed("ask", REWARD) == 0
        assert "10万元" in capfd.readouterr().out


def test_an_embedder_that_is_gone_is_told_and_words_are_indexed(
    run: Run, corpus: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with embedding_server() as gone:
        monkeypatch.setenv("EMBED_BASE_URL", gone.url)
    monkeypatch.setenv("EMBED_MODEL", "other")
    assert run("corpus", "index", "--corpus", corpus) == 0
    assert "词语检索不受影响" in capfd.readouterr().err
    assert run("ask", REWARD) == 0
    assert "10万元" in capfd.readouterr().out


def test_vectors_that_travel_with_a_corpus_spare_the_embedder(
    run: Run, corpus: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CORPUS_DIR", str(corpus))
    assert run("corpus", "ship-vectors") == 0
    assert (corpus / "_vectors" / f"{HashedEmbedder.name}.npz").is_file()
    (corpus / "_vectors" / "broken.npz").write_bytes(b"not a file of vectors")
    embedded: list[str] = []
    genuine = HashedEmbedder.embed_documents

    def counting(self: HashedEmbedder, texts: list[str]) -> list[list[float]]:
        embedded.extend(texts)
        return genuine(self, texts)

    monkeypatch.setattr(HashedEmbedder, "embed_documents", counting)
    assert run("corpus", "index") == 0
    assert embedded == []
    write_corpus(corpus, [changed(gazelle(), "50万元", "60万元")])
    assert run("corpus", "index") == 0
    assert len(embedded) == 1
    capfd.readouterr()


def test_shipped_vectors_that_are_damaged_are_passed_over(
    run: Run, corpus: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (corpus / "_vectors").mkdir()
    (corpus / "_vectors" / f"{HashedEmbedder.name}.npz").write_bytes(b"PK\x03\x04 not a file of vectors")
    assert run("corpus", "index", "--corpus", corpus) == 0
    assert run("corpus", "status") == 0
    assert "向量 100%" in capfd.readouterr().err


# ---------------------------------------------------------------------------------------------------- what goes wrong


def test_a_folder_that_is_owned_elsewhere_is_left_alone(
    indexed: Run, corpus: Path, data_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with own(data_dir, "serve", "http://127.0.0.1:8000"):
        assert indexed("corpus", "index", "--corpus", corpus) == 1
        told = capfd.readouterr()
        assert str(os.getpid()) in told.err
        assert "http://127.0.0.1:8000" in told.err
        assert len(told.err.splitlines()) == 1
        assert indexed("ask", REWARD) == 0  # reading needs no ownership


def test_an_index_folder_that_is_lost_is_built_again(
    indexed: Run, data_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for file in (data_dir / "index" / "segments").iterdir():
        file.write_bytes(b"damaged")
    assert indexed("ask", REWARD) == 0
    assert "10万元" in capfd.readouterr().out


def test_an_index_folder_that_cannot_be_used_is_one_line(
    run: Run, corpus: Path, data_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (data_dir / "index").write_text("a file where a folder should be")
    assert run("corpus", "index", "--corpus", corpus) == 1
    told = capfd.readouterr()
    assert "数据目录" in told.err
    assert "Traceback" not in told.err


def test_a_full_disk_leaves_what_was_published(
    indexed: Run, corpus: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    write_corpus(corpus, [changed(hitech(), "10万元", "20万元")])
    with monkeypatch.context() as patched:
        patched.setattr("rag.adapters.segment_files.os.fsync", full)
        assert indexed("corpus", "index", "--corpus", corpus) == 1
    told = capfd.readouterr()
    assert "Traceback" not in told.err
    assert "磁盘" in told.err
    assert indexed("ask", REWARD) == 0
    assert "10万元" in capfd.readouterr().out
    assert indexed("corpus", "index", "--corpus", corpus) == 0
    assert indexed("ask", REWARD) == 0
    assert "20万元" in capfd.readouterr().out


def test_a_database_that_is_none_is_one_line(run: Run, data_dir: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (data_dir / "assistant.db").write_bytes(b"this is not a database" * 500)
    assert run("ask", REWARD) == 1
    told = capfd.readouterr()
    assert "数据库" in told.err
    assert "Traceback" not in told.err


def test_a_wrong_setting_ends_with_two_and_one_line(
    run: Run, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "eighty")
    assert run("ask", REWARD) == 2
    told = capfd.readouterr()
    assert "PORT" in told.err
    assert len(told.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (CommandError("请写出问题"), "请写出问题"),
        (ReleaseStoreError("locked"), "政策索引"),
        (SegmentError("segment x"), "重建索引"),
        (EmbedderError("the server went away"), "--no-vectors"),
        (VectorStoreError("Chroma failed"), "--no-vectors"),
        (OSError(errno.ENOSPC, "No space left"), "磁盘已满"),
        (OperationalError("SELECT secret", {}, Exception("disk I/O error")), "disk I/O error"),
    ],
)
def test_faults_are_told_in_one_line(fault: Exception, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with in_words() as ended:
        raise fault
    told = capsys.readouterr()
    assert ended.code == 1
    assert said in told.err
    assert len(told.err.splitlines()) == 1
    assert "secret" not in told.err
    assert told.out == ""


def test_an_interrupted_command_ends_with_130() -> None:
    with in_words() as ended:
        raise KeyboardInterrupt
    assert ended.code == 130


def test_a_fault_that_nobody_foresaw_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), in_words():
        raise ZeroDivisionError


def test_a_command_without_a_fault_ends_with_nought() -> None:
    with in_words() as ended:
        pass
    assert ended.code == 0


def test_help_costs_under_a_second_of_cpu_and_imports_nothing_heavy() -> None:
    """Every command's help in one process each would cost seconds; one process that asks for all of them cannot lie."""
    script = (
        "import sys, time\n"
        "from bot.__main__ import parser\n"
        "for words in ([], ['serve'], ['chat'], ['ask'], ['search'], ['eval'], ['corpus'], ['corpus', 'check'],\n"
        "              ['corpus', 'index'], ['corpus', 'status'], ['corpus', 'ship-vectors']):\n"
        "    try:\n        parser().parse_args([*words, '--help'])\n"
        "    except SystemExit as ended:\n        assert ended.code == 0, words\n"
        "heavy = {'chromadb', 'langchain', 'langchain_core', 'fastapi', 'sqlalchemy', 'numpy', 'openai', 'pydantic'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
        "sys.exit(time.process_time() > 1)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "[]\n")
    assert done.stdout.count("usage:") == 11


def test_eval_of_intake_prints_its_figures_and_meets_its_bars(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "--intake"]) == 0
    printed = capsys.readouterr()
    assert "intake, read as annotated" in printed.out
    assert "annotated answer, found unsure" in printed.err
