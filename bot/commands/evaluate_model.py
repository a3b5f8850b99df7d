"""`eval --model`: side by side with a served model, whose replies may be recorded, or with a recording of one."""

from __future__ import annotations

import argparse
import hashlib
from datetime import UTC, datetime
from pathlib import Path

from bot.commands.faults import CommandError
from bot.commands.house import settings_of
from bot.language_model import probed_model
from bot.settings import Settings
from rag.adapters.recorded_model import RecordedModel, Recording, RecordingModel
from rag.model_answers.guarded import Caps, GuardedModel, UnkeptBook
from rag.ports import LanguageModel


def with_model(options: argparse.Namespace, root: Path, out: Path) -> int:
    """Print the comparison and write `out`. The daily stop and the longest LLM_SECONDS do not hold here."""
    from rag.evaluation.measuring import measure_model

    settings = settings_of(options)
    try:
        asked = _recorded(options.replay) if options.replay else _served(options, settings)
    except (OSError, ValueError) as fault:
        raise CommandError(f"录音文件用不了：{fault}") from fault
    model = GuardedModel(asked, UnkeptBook(), Caps(options.seconds or settings.llm_seconds))
    model.warm()
    failed = measure_model(root, model, out=out, sample=options.sample)
    if isinstance(asked, RecordedModel) and asked.unknown:
        raise CommandError(f"{asked.unknown} 次提问没有录音：提示词、政策或检索变了，请用 --record 重新录。")
    return failed


def _recorded(file: Path) -> RecordedModel:
    return RecordedModel(Recording.read(file))


def _served(options: argparse.Namespace, settings: Settings) -> LanguageModel:
    """The configured model, or another of its server."""
    if options.model != "-":
        settings = settings.model_copy(update={"llm_model": options.model})
    if not settings.llm or (settings.llm_provider == "openai" and not settings.llm_base_url):
        raise CommandError("还没有配置语言模型：请在 .env 里设置 LLM_BASE_URL、LLM_MODEL（见 .env.example 开头）。")
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    model = probed_model(settings)
    return RecordingModel(model, options.record, _header(options, settings)) if options.record else model


def _header(options: argparse.Namespace, settings: Settings) -> dict[str, str]:
    return {
        "model": settings.llm_model,
        "weights_sha256": _sha256(options.weights) if options.weights else "",
        "served_by": options.served_by,
        "recorded_on": datetime.now(UTC).date().isoformat(),
        "sample": str(options.sample or "all"),
    }


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
