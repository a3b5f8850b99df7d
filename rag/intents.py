"""What somebody is after, judged from the question's vector: a linear model over the default embedder's space.

Patterns catch what is said outright; this catches what is meant (「小巨人名额怎么运作,懂的都懂」). It is trained by
bench/train_intents.py on our own examples, and exists for the embedder it was trained on only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np

from rag.models import AnswerStatus
from rag.ports import Vector

POLICY = "policy"
STATUS = {
    "illegal": AnswerStatus.ILLEGAL,
    "injection": AnswerStatus.INJECTION,
    "private": AnswerStatus.PRIVATE,
    "promise": AnswerStatus.NO_PROMISE,
    "sensitive": AnswerStatus.SENSITIVE,
    "off_topic": AnswerStatus.OFF_TOPIC,
    "smalltalk": AnswerStatus.SMALLTALK,
    "vague": AnswerStatus.CLARIFY,
}


FROM = {
    "illegal": 0.72,
    "injection": 0.4,
    "private": 0.65,
    "promise": 0.65,
    "sensitive": 0.35,
    "off_topic": 0.6,
    "smalltalk": 0.5,
    "vague": 0.5,
}
"""The odds from which a question is taken for one of these: where five-fold training stopped at most one of 595 policy
questions a class. Missing one costs little, since the evidence is judged all the same; stopping a good one costs more.
"""


@dataclass(frozen=True, slots=True)
class IntentModel:
    """`weights` is (classes × dimensions + 1): scores are weights · [vector, 1]; probabilities their softmax."""

    classes: tuple[str, ...]
    weights: Vector

    def judge(self, vector: Vector) -> Mapping[str, float]:
        scores = self.weights[:, :-1] @ vector + self.weights[:, -1]
        odds = np.exp(scores - scores.max())
        return dict(zip(self.classes, (odds / odds.sum()).tolist(), strict=True))


def meant(odds: Mapping[str, float]) -> AnswerStatus | None:
    """The status that a question's odds end it with, the surest first; None for a policy question."""
    sure = [name for name in FROM if odds.get(name, 0.0) >= FROM[name]]
    return STATUS[max(sure, key=lambda name: odds[name] - FROM[name])] if sure else None


@lru_cache(maxsize=4)
def intent_model(embedder: str) -> IntentModel | None:
    """The model of an embedder's space; None where there is none, and patterns judge alone."""
    path = resources.files("rag").joinpath(f"data/intents/{embedder}.npz")
    if not path.is_file():
        return None
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return IntentModel(tuple(str(name) for name in arrays["classes"]), arrays["weights"].astype(np.float32))
