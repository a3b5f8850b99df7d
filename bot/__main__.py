"""The command line: `python -m bot serve | chat | ask | case | backup | …`. `--help` imports nothing heavy."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from bot.commands.case_arguments import add_case, add_person
from bot.commands.corpus_arguments import add_corpus
from bot.commands.register_arguments import add_registers


def parser() -> argparse.ArgumentParser:
    """Each command names the function that runs it as `module:function`."""
    root = argparse.ArgumentParser(prog="python -m bot", description="科创政策与需求助手")
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="build the index if there is none, then serve the web chat")
    serve.set_defaults(run="serve:serve")

    doctor = commands.add_parser("doctor", help="ask each configured server whether it works, and say what does not")
    _data(doctor)
    doctor.set_defaults(run="doctor:doctor")

    telegram = commands.add_parser("telegram", help="serve the Telegram bot alone (TELEGRAM_BOT_TOKEN)")
    _data(telegram)
    telegram.set_defaults(run="telegram:telegram")

    link = commands.add_parser("staff-link", help="a one-time code that links a Telegram account to a staff account")
    _data(link)
    link.add_argument("account", help="the staff account")
    link.add_argument("--as", dest="acting", required=True, metavar="ACCOUNT", help="the administrator's account")
    link.set_defaults(run="telegram:staff_link")

    mcp = commands.add_parser("mcp", help="the policies for an agent, by the Model Context Protocol (after `make mcp`)")
    _data(mcp)
    mcp.set_defaults(run="mcp:mcp")

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
    ask.add_argument("--why", action="store_true", help="with QUESTION: step by step, why it gets the answer it gets")
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

    add_corpus(commands.add_parser("corpus", help="check, take in, review and publish the policies"), _data)

    _needs(commands)
    add_registers(commands, _data)

    evaluate = commands.add_parser("eval", help="quality on the golden questions: a table and build/eval.json")
    evaluate.add_argument("--failures", action="store_true", help="list the development questions that fail")
    evaluate.add_argument("--intake", action="store_true", help="only what intake reads: a few seconds")
    evaluate.add_argument("--sets", type=Path, help="folder of public sets (default: shared/data beside the checkout)")
    evaluate.add_argument(
        "--model", nargs="?", const="-", metavar="NAME", help="with a language model beside without (default LLM_MODEL)"
    )
    _eval_with_model(evaluate.add_argument_group("with --model"))
    evaluate.set_defaults(run="evaluate:evaluate")
    return root


def _eval_with_model(options: Any) -> None:
    options.add_argument("--sample", type=int, metavar="N", help="N questions, drawn by the hash of their ids")
    options.add_argument("--seconds", type=float, metavar="S", help="patience for one question (default LLM_SECONDS)")
    options.add_argument("--record", type=Path, metavar="FILE", help="keep its replies; gone on with where it exists")
    options.add_argument("--replay", type=Path, metavar="FILE", help="ask the recorded replies instead of a server")
    options.add_argument("--weights", type=Path, metavar="GGUF", help="the model's own file, for its sha256")
    options.add_argument("--served-by", default="", metavar="WORDS", help="what serves it on which machine")


def _needs(commands: Any) -> None:
    add_case(commands.add_parser("case", help="the work of staff on cases"), _data)

    backup = commands.add_parser("backup", help="everything that counts in one file; works while serving")
    _data(backup)
    backup.add_argument("file", metavar="FILE", help="the file to write, such as kechuang.tar.gz")
    backup.add_argument("--no-originals", action="store_true", help="leave out the official files that were taken in")
    backup.set_defaults(run="backup:backup")
    restore = commands.add_parser("restore", help="put a backup back into an empty data folder and database")
    _data(restore)
    restore.add_argument("file", metavar="FILE", help="a file that `backup` wrote")
    restore.add_argument("--force", action="store_true", help="replace what is there")
    restore.set_defaults(run="backup:restore")

    _demo(commands.add_parser("demo", help="a dozen fictional needs, marked 演示: load them, take them away again"))

    person = commands.add_parser("person", help="the rights of a person over what is kept about them")
    add_person(person, _data)


def _demo(demo: argparse.ArgumentParser) -> None:
    actions = demo.add_subparsers(dest="action", required=True, metavar="ACTION")
    load = actions.add_parser("load", help="put them in, with an account to look at them; never done by itself")
    _data(load)
    load.set_defaults(run="demo:load")
    undo = actions.add_parser("undo", help="take exactly them away, and what was done with them")
    _data(undo)
    undo.set_defaults(run="demo:undo")


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
