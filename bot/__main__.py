"""The command line: `python -m bot serve | chat | ask | search | corpus | eval`. `--help` imports nothing heavy."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path


def parser() -> argparse.ArgumentParser:
    """Each command names the function that runs it as `module:function`."""
    root = argparse.ArgumentParser(prog="python -m bot", description="科创政策与需求助手")
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="build the index if there is none, then serve the web chat")
    serve.set_defaults(run="serve:serve")

    chat = commands.add_parser("chat", help="ask in this terminal")
    _data(chat)
    chat.set_defaults(run="chat:chat")

    ask = commands.add_parser("ask", help="answer one question, or a batch: JSON lines in, JSON lines out")
    _data(ask)
    ask.add_argument("question", nargs="?", help="the question (omit it with --batch)")
    ask.add_argument(
        "--batch", nargs="?", const="-", metavar="FILE", help="read {id, text, …} lines (default: standard input)"
    )
    ask.add_argument("--district", help="the asker's district or zone")
    ask.add_argument("--as-of", dest="as_of", help="answer as of YYYY-MM-DD")
    ask.add_argument("--no-vectors", action="store_true", help="search lexically only")
    ask.set_defaults(run="ask:ask")

    search = commands.add_parser("search", help="search a batch of queries: JSON lines in, JSON lines out")
    _data(search)
    search.add_argument(
        "--batch", required=True, metavar="QUERIES.jsonl", help="lines of {id, text}; - for standard input"
    )
    search.add_argument("--k", type=int, default=10, help="passages a query (default 10)")
    search.add_argument("--no-vectors", action="store_true", help="search lexically only")
    search.set_defaults(run="ask:search_batch")

    _corpus(commands.add_parser("corpus", help="check and index the policies"))

    evaluate = commands.add_parser("eval", help="quality on the golden questions: a table and build/eval.json")
    evaluate.add_argument("--failures", action="store_true", help="list the development questions that fail")
    evaluate.add_argument("--sets", type=Path, help="folder of public sets (default: shared/data beside the checkout)")
    evaluate.set_defaults(run="evaluate:evaluate")
    return root


def _corpus(corpus: argparse.ArgumentParser) -> None:
    actions = corpus.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser("check", help="name file, line and mend of every fault; exit 1 if there is one")
    check.add_argument("--corpus", type=Path, help="folder or JSONL (default CORPUS_DIR)")
    check.set_defaults(run="corpus:check")
    index = actions.add_parser("index", help="publish what is new and changed")
    _data(index)
    index.add_argument("--corpus", type=Path, help="folder of policies or texts, or a JSONL of {id, title, text}")
    index.add_argument("--no-vectors", action="store_true", help="lexical index only")
    index.set_defaults(run="corpus:index")
    status = actions.add_parser("status", help="what is live")
    _data(status)
    status.set_defaults(run="corpus:status")
    ship = actions.add_parser("ship-vectors", help="write the vectors of CORPUS_DIR beside it, to travel with it")
    ship.add_argument("--corpus", type=Path, help="folder of policies (default CORPUS_DIR)")
    ship.set_defaults(run="corpus:ship_vectors")


def _data(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", type=Path, metavar="DIR", help="data folder (default DATA_DIR)")


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    # More threads than one make the embedder's OpenMP spin on a busy machine; set before anything loads it.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from bot.commands.faults import in_words

    module, _, function = options.run.partition(":")
    with in_words() as ended:
        run = getattr(import_module(f"bot.commands.{module}"), function)
        ended.code = int(run(options))
    return ended.code


if __name__ == "__main__":
    sys.exit(main())
