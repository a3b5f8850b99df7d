"""`corpus check | index | status | ship-vectors`, and the indexing that `serve` and `chat` do at a first start."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot.bootstrap import House
from bot.commands.faults import CommandError
from bot.commands.house import house_of, settings_of
from bot.ownership import own
from bot.phrases import Phrases
from bot.refreshing import NoCorpusError
from rag.adapters.vector_file import write_vectors as write_vector_file
from rag.corpus import check as check_corpus
from rag.faults import Fault, render_faults
from rag.indexing import Published

_LABELS = {"chunking": "整理政策条款", "embedding": "生成向量"}
_TROUBLES = {
    "embedder": "向量未能全部生成（{fault}）。词语检索不受影响；修复后再次运行会从中断处继续。",
    "vectors": "向量库不可用（{fault}）。它只是缓存，检索不受影响。",
}
_NAMED = 10
"""Policies that are named of those that stay although the folder does not show them."""


def say(text: str) -> None:
    """Words for the person at the terminal: standard error, so that standard output stays data."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201  # as the sentence says


def check(options: argparse.Namespace) -> int:
    path = settings_of(options).corpus_dir
    faults = check_corpus(path) if path.exists() else None
    if faults is None:
        raise CommandError(f"没有找到政策目录 {path}。请用 --corpus 指明，或在 .env 中设置 CORPUS_DIR。")
    say(render_faults(faults) if faults else f"{path}：没有发现问题。")
    return 1 if faults else 0


def index(options: argparse.Namespace) -> int:
    house = house_of(options)
    with own(house.settings.data_dir, "corpus index"):
        return index_corpus(house, removing=options.removing)


def index_corpus(house: House, *, embed: bool = True, removing: bool = False) -> int:
    """Publish CORPUS_DIR. Faulty files are named and skipped; returns 1 if there were any, with the rest published."""
    try:
        with Bar() as bar:
            done = house.work.refresh(bar.show, embed=embed, removing=removing)
    except NoCorpusError as fault:
        raise CommandError(_no_corpus(fault)) from None
    _say_faults(done.faults)
    if done.trouble:
        say(_TROUBLES[done.trouble].format(fault=done.detail))
    if done.held:
        names = "、".join(done.held[:_NAMED])
        words = Phrases(house.settings.default_lang, "corpus_life")
        say(words.say("done.held", count=len(done.held), names=names))
    say(_summary(done.published, done.documents))
    return 1 if done.faults else 0


def _no_corpus(fault: NoCorpusError) -> str:
    if fault.why == "missing":
        return f"没有找到政策目录 {fault.path}。请用 --corpus 指明，或在 .env 中设置 CORPUS_DIR。"
    _say_faults(fault.faults)
    return f"{fault.path} 里没有可用的政策。请放入 .md 政策文件（见 docs/how-to-add-a-policy.md）后重试。"


def _say_faults(faults: Sequence[Fault]) -> None:
    if faults:
        say(render_faults(faults))
        say("以上文件已跳过，其余照常入库。")


def _summary(done: Published, documents: int) -> str:
    plan = done.plan
    if plan.empty:
        return f"政策库没有变化：第 {done.release.number} 版，{documents} 份。"
    return (
        f"已发布第 {done.release.number} 版：共 {documents} 份（新增 {len(plan.add)}，修改 {len(plan.change)}，"
        f"撤下 {len(plan.retire)}），写入 {done.written} 段。"
    )


def status(options: argparse.Namespace) -> int:
    card = house_of(options).library().release()
    if card is None:
        say("还没有发布过政策库。运行 python -m bot corpus index 建立。")
        return 1
    say(
        f"第 {card.number} 版（{card.id}），{card.created_at:%Y-%m-%d %H:%M} UTC 发布：{card.documents} 份，"
        f"{card.passages} 段，向量 {card.vectors_ready:.0%}（{card.embedder or '未启用'}）"
    )
    return 0


def ship_vectors(options: argparse.Namespace) -> int:
    """Embed the corpus in a throw-away folder and write its vectors beside it."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        options.data = folder
        house = house_of(options)
        index_corpus(house)
        shelf, embedder = house.reader.shelf(), house.places.embedder
        if shelf is None or embedder is None:
            raise CommandError("本机没有可用的向量模型，无法生成随库向量。")
        vectors = house.places.cache.get(embedder.name, list(shelf.opened.ordinal))
    path = house.settings.corpus_dir / "_vectors" / f"{embedder.name}.npz"
    write_vector_file(path, vectors)
    say(f"已写入 {path}：{len(vectors)} 段。")
    return 0


class Bar:
    """A progress bar on standard error, a task a stage."""

    def __init__(self) -> None:
        columns: Sequence[object] = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=Console(stderr=True), transient=False)  # type: ignore[arg-type]  # mixed columns
        self._tasks: dict[str, int] = {}

    def show(self, stage: str, done: int, of: int) -> None:
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(_LABELS[stage], total=of)
        self._progress.update(self._tasks[stage], completed=done, total=of)  # type: ignore[arg-type]  # rich's own id type

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
