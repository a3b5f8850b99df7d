"""What rag/ needs from outside, one Protocol a need, and the one error each may raise.

Adapters live in rag/adapters (embedders, vector stores) and in bot/ (what stands in SQL). Every adapter passes the
port's contract suite under tests/contracts/.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from rag.models import ApprovedAnswer, DocumentVersion, Passage, Release

Vector = NDArray[np.float32]


class EmbedderError(Exception):
    """The embedder cannot serve now (no wheel for this processor, server unreachable, refused input)."""


class VectorStoreError(Exception):
    """The vector store cannot be read or written. It is a cache: whoever catches this may rebuild it."""


class ReleaseStoreError(Exception):
    """The release could not be read or written; nothing of it is visible."""


class ApprovedAnswersError(Exception):
    """The approved answers cannot be read or written now; questions are answered from the policies alone."""


ModelFault = Literal[
    "timeout", "limited", "server", "unreachable", "cut", "empty", "broken", "too_long", "refused", "unsupported",
    "denied", "resting", "busy", "spent",
]  # fmt: skip
"""Why a language model did not answer. The last three are our own refusals to ask it: see rag/model_answers/guarded."""


class ModelError(Exception):
    """The language model did not answer in the shape asked for; whoever catches this goes on without one."""

    def __init__(self, fault: ModelFault, words: str = "") -> None:
        super().__init__(f"{fault}: {words}" if words else fault)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is asked. `system` is ours and public; `given` is data as JSON, whoever wrote it.

    `shape` is the JSON schema of the reply, `name` what it is called ([a-z_]+).
    """

    name: str
    system: str
    given: str
    shape: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ModelReply:
    """What a model said, as a JSON object not yet checked against its shape, and the tokens that it cost."""

    content: Mapping[str, Any]
    tokens_in: int
    tokens_out: int


class LanguageModel(Protocol):
    """A chat model that answers in a shape. Stateless, safe from several threads; no tools, no stream."""

    name: str

    def ask(self, prompt: Prompt, seconds: float) -> ModelReply:
        """Raises ModelError, at the latest after that many seconds. Never asks twice by itself."""

    def warm(self, seconds: float) -> None:
        """Do once what would make the first question wait. Raises ModelError."""


class RerankerError(Exception):
    """The reranker did not judge, or said what cannot be used; the order stays as it was. Faults are a model's."""

    def __init__(self, fault: ModelFault, words: str = "") -> None:
        super().__init__(f"{fault}: {words}" if words else fault)
        self.fault = fault


class Reranker(Protocol):
    """A model that says how well each text answers a question. Stateless, safe from several threads."""

    name: str

    def scores(self, question: str, texts: Sequence[str], seconds: float) -> list[float]:
        """One finite score a text, in the order of the texts; more is better, on no scale that is known.

        Raises RerankerError, at the latest after that many seconds. Never asks twice by itself.
        """


class Embedder(Protocol):
    """LangChain's `Embeddings` with a name. Vectors are of unit length; any LangChain embedder fits underneath."""

    name: str

    def embed_query(self, text: str) -> list[float]: ...

    def embed_documents(self, texts: list[str]) -> list[list[float]]: ...


class VectorStore(Protocol):
    """Immutable segments of vectors. A segment is written once, never changed, and dropped whole."""

    def write(self, segment: str, ids: Sequence[str], vectors: Vector) -> None:
        """Make a segment of unit vectors (rows of `vectors`). Writing one that exists replaces it whole."""

    def search(self, segments: Sequence[str], vector: Vector, k: int) -> list[tuple[str, float]]:
        """The k ids nearest to a unit vector over these segments, with cosines, best first."""

    def segments(self) -> set[str]: ...

    def drop(self, segment: str) -> None:
        """Forget a segment. Dropping one that is not there is no error."""

    def rest(self) -> None:
        """Nobody searches now: let go of what costs memory. The next use takes it up again."""


class VectorCache(Protocol):
    """Vectors by embedder name and passage id; what makes embedding a cost paid once."""

    def get(self, embedder: str, passages: Sequence[str]) -> dict[str, Vector]: ...

    def known(self, embedder: str, passages: Sequence[str]) -> set[str]:
        """Which of these have a vector here."""

    def put(self, embedder: str, vectors: Mapping[str, Vector]) -> None: ...

    def forget(self, embedder: str, passages: Sequence[str]) -> None:
        """Drop these vectors of this embedder; those that are not there are no error."""


class ReleaseStore(Protocol):
    """Documents, passages and releases: the truth that every index is rebuilt from."""

    def live(self) -> Release | None:
        """The published release, or None before the first. Cheap: called at every question."""

    def releases(self, limit: int = 20) -> list[Release]:
        """Newest first."""

    def known(self, passages: Sequence[str]) -> set[str]:
        """Which of these passage ids are stored already."""

    def versions(self, versions: Iterable[str]) -> list[DocumentVersion]: ...

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]: ...

    def publish(self, release: Release, versions: Sequence[DocumentVersion], passages: Sequence[Passage]) -> None:
        """Store what is new and make `release` the live one, in one transaction. Safe to repeat."""

    def resegment(self, release: str, segments: Sequence[str]) -> None:
        """Have the live release be held by these segments; nothing where another one is live by now."""


class ApprovedAnswers(Protocol):
    """Answers that staff wrote and approved; they outrank retrieval (docs/adr: approved answers)."""

    def standing(self) -> Sequence[ApprovedAnswer]:
        """Those that may be given, in the order they were kept. Cheap: called at every question. Raises
        ApprovedAnswersError."""

    def suspend(self, answer: int, why: str) -> bool:
        """Take one that stands out of use, and say why; whether it stood. Raises ApprovedAnswersError."""
