"""What a real model said, kept by the digest of what it was asked, and a model that says it again offline.

One JSON object a line: a header (which model, which weights, what served it, when), then a reply or a fault for each
call. The prompt itself is not kept: whoever changes it changes its digest, and there is no recording of it any more.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from rag.ports import LanguageModel, ModelError, ModelFault, ModelReply, Prompt

DIGITS = 16
"""Of the digest; two of some hundred prompts meet by chance once in 10^14 recordings."""

HEADER = ("model", "weights_sha256", "served_by", "recorded_on", "sample")


def digest(prompt: Prompt) -> str:
    """Of all that a model is given: a prompt that differs in one character was never asked."""
    whole = json.dumps([prompt.name, prompt.system, prompt.given, prompt.shape], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


class Recording:
    """A file of replies. `header` says where they come from; `calls` are the replies of each digest in their order."""

    def __init__(self, header: Mapping[str, str], calls: Mapping[str, list[Mapping[str, Any]]]) -> None:
        self.header = header
        self.calls = calls

    @classmethod
    def read(cls, file: Path) -> Recording:
        """Raises OSError where it cannot be read and ValueError where it is no recording."""
        first, *others = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()] or [{}]
        if not isinstance(first, dict) or set(HEADER) - first.keys():
            raise ValueError(f"{file.name} does not begin with {', '.join(HEADER)}")
        if not all(isinstance(call, dict) and "asked" in call for call in others):
            raise ValueError(f"{file.name} holds what is no reply")
        calls: dict[str, list[Mapping[str, Any]]] = {}
        for call in others:
            calls.setdefault(call["asked"], []).append(call)
        return cls({key: str(first[key]) for key in HEADER}, calls)


class RecordedModel:
    """Says again what was recorded: the second time it is asked the same, what was said the second time, and so on.

    `unknown` counts what there is no recording of; such a call fails as "unsupported". Implements `LanguageModel`.
    """

    def __init__(self, recording: Recording) -> None:
        self.name = recording.header["model"]
        self.unknown = 0
        self._calls = recording.calls
        self._asked: Counter[str] = Counter()
        self._lock = threading.Lock()

    def ask(self, prompt: Prompt, seconds: float) -> ModelReply:  # noqa: ARG002  # a recording never waits
        asked = digest(prompt)
        with self._lock:
            turn = self._asked[asked]
            self._asked[asked] += 1
            said = self._calls.get(asked)
            self.unknown += said is None
        if not said:
            raise ModelError("unsupported", "no recording of this prompt")
        return _again(said[min(turn, len(said) - 1)])

    def warm(self, seconds: float) -> None:
        """There is nothing to find out."""


class RecordingModel:
    """Asks another model and keeps what it said, each reply on disk before it is used. Implements `LanguageModel`.

    A file that is there is gone on with: what it has is not asked again, so a long run that broke off costs no more.
    """

    def __init__(self, model: LanguageModel, file: Path, header: Mapping[str, str]) -> None:
        """Raises OSError for a file that cannot be written and ValueError for one of another model."""
        self.name = model.name
        self._model = model
        self._file = file
        self._asked: Counter[str] = Counter()
        self._lock = threading.Lock()
        if file.exists():
            kept = Recording.read(file)
            if kept.header["model"] != header["model"] or kept.header["weights_sha256"] != header["weights_sha256"]:
                raise ValueError(f"{file.name} holds replies of {kept.header['model']}")
            self._kept = kept.calls
        else:
            file.write_text(_line({key: header[key] for key in HEADER}), "utf-8")
            self._kept = {}

    def ask(self, prompt: Prompt, seconds: float) -> ModelReply:
        asked = digest(prompt)
        with self._lock:
            turn = self._asked[asked]
            self._asked[asked] += 1
        before = self._kept.get(asked, [])
        if turn < len(before):
            return _again(before[turn])
        started = time.monotonic()
        call: dict[str, Any] = {"asked": asked, "prompt": prompt.name}
        try:
            reply = self._model.ask(prompt, seconds)
        except ModelError as fault:
            self._keep(call | {"fault": fault.fault, "seconds": round(time.monotonic() - started, 1)})
            raise
        said = {"said": reply.content, "tokens": [reply.tokens_in, reply.tokens_out]}
        self._keep(call | said | {"seconds": round(time.monotonic() - started, 1)})
        return reply

    def warm(self, seconds: float) -> None:
        self._model.warm(seconds)

    def _keep(self, call: Mapping[str, Any]) -> None:
        with self._lock, self._file.open("a", encoding="utf-8") as out:
            out.write(_line(call))


def _again(call: Mapping[str, Any]) -> ModelReply:
    if "fault" in call:
        fault: ModelFault = call["fault"] if call["fault"] in get_args(ModelFault) else "broken"
        raise ModelError(fault, "as recorded")
    tokens_in, tokens_out = call["tokens"]
    return ModelReply(call["said"], int(tokens_in), int(tokens_out))


def _line(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")) + "\n"
