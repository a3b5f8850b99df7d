"""Servers that fail in every way, two hundred questions each: the language model, the reranker, the embedder.

`make faults` runs it; names choose some of its parts: python -m tests.faults.model_rounds model reranker embedder.
Every question must be answered by its clause within 30 s, and within one once five have failed.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.bootstrap import House
from bot.clock import FixedClock
from bot.filling import fill_until_whole
from tests.bot.test_model_faults import CLAUSE, FAULTS, REWARD, honest
from tests.support.houses import a_house
from tests.support.model_server import model_server
from tests.support.rerank_server import RerankServer, rerank_server
from tests.support.servers import EmbeddingServer, embedding_server

QUESTIONS, SECONDS = 200, 25.0
LONGEST, AFTER_FIVE = 30.0, 1.0
BREAKS = {"hang", "trickle", "429", "500", "empty", "cut", "refusal", "no choices", "broken JSON", "another shape"}
"""Faults that the fuse counts. The others are answers, of which nothing is proven: each is tried and mended once."""


@dataclass(frozen=True, slots=True)
class Round:
    """What became of the questions under one fault: how many were answered, the slowest, the slowest after five."""

    answered: int
    slowest: float
    later: float
    asked: int


def asked(house: House, questions: int) -> Round:
    took, answered = [], 0
    for number in range(questions):
        began = time.monotonic()
        answer = house.ask.ask(REWARD, account=f"somebody {number}").answer
        took.append(time.monotonic() - began)
        answered += bool(answer and answer.citations and answer.claims[0].text == CLAUSE and not answer.generated)
    return Round(answered, max(took), max(took[5:], default=0.0), 0)


@contextmanager
def a_house_with(**settings: Any) -> Iterator[House]:
    clock = FixedClock(datetime(2026, 3, 2, 2, 0, tzinfo=UTC))
    with tempfile.TemporaryDirectory() as folder:
        house = a_house(Path(folder), clock, **settings)
        try:
            yield house
        finally:
            house.engine.dispose()


def model(questions: int = QUESTIONS, seconds: float = SECONDS, only: set[str] | None = None) -> list[str]:
    """Each fault anew, with a fuse of its own."""
    faults: list[str] = []
    for name, said in FAULTS.items():
        if only is not None and name not in only:
            continue
        with model_server(honest) as server:
            settings = {"llm_base_url": server.url, "llm_model": "m", "llm_seconds": seconds, "llm_tokens_day": 0}
            with a_house_with(**settings) as house:
                if house.model is None:
                    raise RuntimeError("the model is configured")
                house.model.warm()
                server.reply = lambda _body, said=said: said  # type: ignore[misc]  # bound now
                found = asked(house, questions)
                calls = len(server.asked)
        faults += told(f"model, {name}", found, questions, calls, breaks=name in BREAKS)
    return faults


RERANKER: Mapping[str, Callable[[RerankServer], None]] = {
    "hang": lambda server: setattr(server, "hang", True),
    "500": lambda server: setattr(server, "fail", 500),
    "429": lambda server: setattr(server, "fail", 429),
    "rubbish": lambda server: setattr(server, "said", {"results": [{"index": 0, "relevance_score": 1}] * 16}),
    "a megabyte": lambda server: setattr(server, "said", b"x" * 1_000_000),
    "inverted": lambda server: setattr(server, "judge", lambda _q, texts: [float(n) for n in range(len(texts))]),
}


def reranker(questions: int = QUESTIONS, _seconds: float = SECONDS, only: set[str] | None = None) -> list[str]:
    faults: list[str] = []
    for name, spoil in RERANKER.items():
        if only is not None and name not in only:
            continue
        with rerank_server() as server:
            with a_house_with(rerank_base_url=server.url, rerank_model="m") as house:
                spoil(server)
                found = asked(house, questions)
            faults += told(f"reranker, {name}", found, questions, len(server.seen), breaks=name != "inverted")
    return faults


EMBEDDER: Mapping[str, Callable[[EmbeddingServer], None]] = {
    "500": lambda server: setattr(server, "fail", 500),
    "401": lambda server: setattr(server, "fail", 401),
    "ragged": lambda server: setattr(server, "said", "ragged"),
    "none": lambda server: setattr(server, "said", "none"),
    "another width": lambda server: setattr(server, "width", 48),
}


def embedder(questions: int = QUESTIONS, _seconds: float = SECONDS, only: set[str] | None = None) -> list[str]:
    """Once the passages are embedded, the server goes wrong."""
    faults: list[str] = []
    for name, spoil in EMBEDDER.items():
        if only is not None and name not in only:
            continue
        with embedding_server() as server:
            with a_house_with(embed_model="bge-m3", embed_base_url=server.url) as house:
                fill_until_whole(house)
                before = len(server.seen)
                spoil(server)
                found = asked(house, questions)
            breaks = name in {"500", "401", "none"}
            faults += told(f"embedder, {name}", found, questions, len(server.seen) - before, breaks=breaks)
    return faults


def told(name: str, found: Round, questions: int, calls: int, *, breaks: bool) -> list[str]:
    """One line of figures, and what of it is not as it must be."""
    say(
        f"{name:24} answered {found.answered}/{questions}  slowest {found.slowest:6.2f} s  "
        f"after five {found.later:5.2f} s  calls {calls}"
    )
    wrong = []
    if found.answered != questions:
        wrong.append(f"{name}: {questions - found.answered} not answered by the clause")
    if found.slowest > LONGEST:
        wrong.append(f"{name}: took {found.slowest:.1f} s")
    if breaks and questions > 5 and found.later > AFTER_FIVE:
        wrong.append(f"{name}: took {found.later:.1f} s after five failures")
    return wrong


PARTS: Mapping[str, Callable[..., list[str]]] = {"model": model, "reranker": reranker, "embedder": embedder}


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(names: list[str]) -> int:
    logging.disable(logging.WARNING)  # a line a question otherwise
    faults = [fault for name in names or PARTS for fault in PARTS[name]()]
    for fault in faults:
        say(f"FAULT {fault}")
    say("no fault" if not faults else f"{len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
