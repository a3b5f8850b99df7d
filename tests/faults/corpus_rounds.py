"""Rounds of kill -9 on the assistant's own commands: `make faults` runs ten while a file is taken in, while it is
published, while vectors are made, and while a running server refreshes beside its questions.

After every kill the release that was live answers whole, in a process that has been open all along and in a fresh one;
no file of the corpus, of the originals or of the segments is half of one; and the same command run again finishes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import text

from bot.bootstrap import House, build
from bot.corpus_drafts import Stage
from bot.settings import Settings
from db.engine import reading
from rag.corpus import read_corpus
from rag.indexing import open_release
from rag.models import AnswerStatus, Question
from rag.pipeline import Pipeline
from rag.reader import Reader
from tests.faults.corpus_process import EMBED, PARSE, PUBLISH
from tests.support.policies import policies, write_corpus
from tests.support.servers import free_port

ROOT = Path(__file__).parents[2]
ASKED = "深海装备科技企业首次认定一次性奖励多少钱"
TODAY = date(2026, 5, 4)
GROUPS: Mapping[str, tuple[str, ...]] = {"parse": PARSE, "publish": PUBLISH, "embed": EMBED}
NOTICE = """关于印发青岛市深海装备扶持办法的通知

青海规〔2026〕9号

第一条 支持对象为在青岛市注册的科技企业。

第二条 对首次认定的深海装备科技企业，一次性奖励{amount}万元。

第三条 本办法自2026年4月1日起施行，有效期至2028年12月31日。

青岛市海洋发展局
2026年2月20日
"""


class RoundError(AssertionError):
    """Something that a kill must not do, was done."""


@dataclass(slots=True)
class Ground:
    """A data folder and a corpus under fire, with a house that has been open all along. `number` is the revision of the
    notice that is live: 0 before the first."""

    folder: Path
    house: House
    number: int = 0
    killed: int = 0
    slowest: float = 0.0

    @classmethod
    def at(cls, folder: Path) -> Ground:
        folder.mkdir(parents=True)
        write_corpus(folder / "corpus", policies())
        (folder / "desk").mkdir()
        settings = Settings.model_construct(
            data_dir=folder / "data", corpus_dir=folder / "corpus", embed_model="hashed", golden_file=folder / "none"
        )
        ground = cls(folder, build(settings))
        ground.run("corpus", "index")
        ground.run("staff", "add", "keeper", "--name", "管理员", "--role", "admin")
        ground.house.reader.shelf()
        return ground

    def run(self, *arguments: str, point: str = "") -> subprocess.CompletedProcess[bytes]:
        """The command; with a `point`, until it dies there."""
        entrance = ["tests.faults.corpus_process", point] if point else ["bot"]
        done = subprocess.run(
            [sys.executable, "-m", *entrance, *arguments], cwd=ROOT, env=self.environment, capture_output=True
        )
        wanted = -signal.SIGKILL if point else 0
        if done.returncode != wanted:
            raise RoundError(f"{arguments} ended with {done.returncode}, not {wanted}: {done.stderr.decode()[-800:]}")
        self.killed += bool(point)
        return done

    @property
    def environment(self) -> dict[str, str]:
        own = {
            "DATA_DIR": self.folder / "data",
            "CORPUS_DIR": self.folder / "corpus",
            "GOLDEN_FILE": self.folder / "none",
        }
        return {**os.environ, **{name: str(path) for name, path in own.items()}, "EMBED_MODEL": "hashed"}

    def notice(self) -> Path:
        """The next revision's file."""
        path = self.folder / "desk" / f"notice-{self.number + 1}.txt"
        path.write_text(NOTICE.format(amount=self.number + 1), "utf-8")
        return path

    def hand_on(self) -> None:
        """Confirm what was read and hand it on, as an editor would."""
        taking_in = self.house.taking_in
        (draft,) = taking_in.drafts.all((Stage.DRAFT,))
        taking_in.edit(draft.id, {"id": "qd-deepsea-2026", "categories": "science"}, "keeper")
        taking_in.confirm(draft.id, ["all"], "keeper")
        taking_in.submit(draft.id, "keeper")


def one_round(ground: Ground, group: str, point: str) -> None:
    """Take a revision of the notice in and publish it, with a kill on the way and the same command run again."""
    add = ("corpus", "add", str(ground.notice()), "--as", "keeper")
    publish = ("corpus", "publish", "--as", "keeper")
    if group == "parse":
        ground.run(*add, point=point)
        check(ground, {ground.number})
    ground.run(*add)
    ground.hand_on()
    if group != "parse":
        ground.run(*publish, point=point)
        late = point not in {"file-half", "file-written", "segment-half", "pointed"}
        check(ground, {ground.number + late})
    ground.run(*publish)
    ground.number += 1
    finished(ground)


def check(ground: Ground, expected: set[int]) -> None:
    """Who has been open all along and who opens afresh answer from one whole release; nothing is half of a file."""
    for reader in (ground.house.reader, Reader(ground.house.places)):
        told = _told(reader)
        if told not in expected:
            raise RoundError(f"revision {told} answers, not {sorted(expected)}")
    with reading(ground.house.engine) as connection:
        sound = connection.execute(text("PRAGMA integrity_check")).scalar_one()
    if sound != "ok":
        raise RoundError(f"the database: {sound}")
    corpus = read_corpus(ground.folder / "corpus")
    if corpus.faults or len(corpus.documents) < len(policies()):
        raise RoundError(f"the corpus folder: {corpus.faults}")
    for original in (ground.folder / "data" / "originals").glob("[0-9a-f]*"):
        if hashlib.sha256(original.read_bytes()).hexdigest() != original.stem:
            raise RoundError(f"half an original: {original.name}")


def _told(reader: Reader) -> int:
    """The revision whose amount is quoted; 0 where the notice is not known."""
    answer = Pipeline(reader, lambda: TODAY).answer(Question(ASKED))
    if answer.status in {AnswerStatus.NOT_READY, AnswerStatus.INTERNAL}:
        raise RoundError(f"{answer.status}")
    own = [card.quote for card in (*answer.citations, *answer.nearest) if card.policy == "qd-deepsea-2026"]
    amounts = {int(quote.split("一次性奖励")[1].split("万元")[0]) for quote in own if "一次性奖励" in quote}
    if len(amounts) > 1:
        raise RoundError(f"an answer of two releases: {sorted(amounts)}")
    return amounts.pop() if amounts else 0


def finished(ground: Ground) -> None:
    """The next run has done everything: the notice is live with its vectors, and nothing is left lying about."""
    check(ground, {ground.number})
    live = ground.house.places.store.live()
    if live is None or open_release(live, ground.house.places).vectors_share != 1.0:
        raise RoundError("vectors are missing after the next run")
    draft = ground.house.taking_in.drafts.all()[-1]
    if draft.stage is not Stage.LIVE or draft.attempts != 1:
        raise RoundError(f"the draft is {draft.stage} after {draft.attempts} readings")
    left = [p for place in ("corpus", "data/originals") for p in (ground.folder / place).rglob("*.part")]
    if left:
        raise RoundError(f"left lying about: {left}")


def serving_round(ground: Ground, dice: random.Random) -> None:
    """A server refreshes beside its questions and dies at a moment of chance; started again, it serves and finishes."""
    note = ground.folder / "corpus" / "note.txt"
    note.write_text(f"巡检须知\n第一条 第{ground.number + 1}号设备每{ground.killed + 2}年检验一次。", "utf-8")
    process, _ = _served(ground, "nowhere")
    time.sleep(dice.uniform(0, 1.5))
    process.kill()
    process.wait()
    ground.killed += 1
    check(ground, {ground.number})
    process, took = _served(ground, "nowhere")
    ground.slowest = max(ground.slowest, took)
    try:
        _wait_until_done(ground, process)
    finally:
        process.process.terminate()
        process.wait()


@dataclass(frozen=True, slots=True)
class Served:
    process: subprocess.Popen[bytes]
    port: int

    def kill(self) -> None:
        self.process.kill()

    def wait(self) -> None:
        self.process.wait(30)

    def library(self) -> Mapping[str, object]:
        """What /health says of the corpus. Raises OSError while there is none to answer from."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=20) as response:
            found: Mapping[str, object] = json.loads(response.read())["library"]
        return found


def _served(ground: Ground, point: str) -> tuple[Served, float]:
    """A server that answers, and the seconds that took."""
    port, began = free_port(), time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.corpus_process", point, "serve"],
        cwd=ROOT,
        env={**ground.environment, "PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    served = Served(process, port)
    while process.poll() is None and time.monotonic() - began < 120:
        try:
            if served.library()["ready"]:
                return served, time.monotonic() - began
        except OSError:
            time.sleep(0.1)
    raise RoundError("the server does not come up")


def _wait_until_done(ground: Ground, served: Served) -> None:
    """Until the folder as it is now is what the server answers from, with all of its vectors."""
    wanted = read_corpus(ground.folder / "corpus").versions["note"]
    for _ in range(900):
        live, shown = ground.house.places.store.live(), served.library()
        done = live is not None and live.documents.get("note") == wanted and shown["release"] == live.id
        if done and shown["vectors_ready"] == 1.0:
            return
        time.sleep(0.1)
    raise RoundError("what was begun is not finished by the next server")


def rounds(folder: Path, each: int, groups: Sequence[str]) -> Iterator[str]:
    """A line for each group of points."""
    for group, points in ((group, GROUPS[group]) for group in groups if group in GROUPS):
        ground, began = Ground.at(folder / group), time.perf_counter()
        for number in range(each):
            one_round(ground, group, points[number % len(points)])
        took = time.perf_counter() - began
        yield f"{group:<10}{ground.killed:>4} killed, at {', '.join(points[:each])}: {took:.0f} s"
    if "serve" not in groups:
        return
    ground, dice = Ground.at(folder / "serve"), random.Random(20260504)  # noqa: S311  # moments, not secrets
    for _ in range(each):
        serving_round(ground, dice)
    again = f"serving again after {ground.slowest:.1f} s at most"
    yield f"{'serve':<10}{ground.killed:>4} killed while it refreshed beside its questions; {again}"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=10, help="rounds of each (default 10)")
    options.add_argument("groups", nargs="*", help=f"only these: {', '.join(GROUPS)}, serve")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for line in rounds(Path(folder), chosen.rounds, chosen.groups or [*GROUPS, "serve"]):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    sys.stdout.write("every kill left one whole release serving, and the next run finished\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
