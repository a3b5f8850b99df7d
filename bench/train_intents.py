"""Trains rag/data/intents/<embedder>.npz: softmax regression from the embedder's vectors to what somebody is after.

    python -m bench.train_intents        (prints five-fold recalls and false alarms, then writes the model)

It reads tests/evals/probes.jsonl and the development part of the golden questions; held-out ones are never read.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.adapters.local_embedder import LocalEmbedder
from rag.guardrails import clean
from rag.intents import FROM, POLICY

ROOT = Path(__file__).parents[1]
EVALS = ROOT / "tests" / "evals"
PENALTY, STEPS, RATE, SCALE = 3e-3, 1500, 0.4, 10.0
POLICY_LABELS = {"benign", "near_miss", "nonexistent", "other_region"}
GOLDEN = {
    f"unanswerable_{name}": name for name in ("illegal", "injection", "private", "promise", "sensitive", "off_topic")
}
OTHERS = {"smalltalk", "vague"}

Array = NDArray[np.float64]


def examples() -> list[tuple[str, str]]:
    """(text, class). What is about policy, answerable or not, is one class; mixed injections are left out."""
    probes = [json.loads(line) for line in (EVALS / "probes.jsonl").read_text("utf-8").splitlines()]
    golden = [json.loads(line) for line in (EVALS / "golden.jsonl").read_text("utf-8").splitlines()]
    found = [(probe["text"], _of_probe(probe["label"])) for probe in probes if probe["label"] != "injection_mixed"]
    return found + [
        (entry["question"], _of_golden(entry["kind"]))
        for entry in golden
        if entry["part"] == "dev" and not entry["history"]
    ]


def _of_probe(label: str) -> str:
    return POLICY if label in POLICY_LABELS else label


def _of_golden(kind: str) -> str:
    if kind in {"smalltalk", "clarify"}:
        return {"smalltalk": "smalltalk", "clarify": "vague"}[kind]
    return GOLDEN.get(kind, POLICY)


def train(vectors: Array, labels: Sequence[str], classes: Sequence[str]) -> Array:
    """Gradient descent with momentum on the weighted log loss; rare classes count by the root of their share."""
    target = np.eye(len(classes))[[classes.index(label) for label in labels]]
    centre = vectors.mean(axis=0)
    inputs = np.hstack([(vectors - centre) * SCALE, np.ones((len(vectors), 1))])
    share = target.sum(axis=0) / target.sum(axis=0).max()
    weight = (1 / np.sqrt(share))[target.argmax(axis=1)]
    weight /= weight.sum()
    weights = np.zeros((len(classes), inputs.shape[1]))
    speed = np.zeros_like(weights)
    for _ in range(STEPS):
        slope = ((softmax(inputs @ weights.T) - target) * weight[:, None]).T @ inputs
        slope[:, :-1] += PENALTY * weights[:, :-1]
        speed = 0.9 * speed + slope
        weights -= RATE * speed
    weights[:, :-1] *= SCALE
    weights[:, -1] -= weights[:, :-1] @ centre
    return weights


def softmax(scores: Array) -> Array:
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    whole: Array = odds / odds.sum(axis=1, keepdims=True)
    return whole


def main() -> int:
    embedder = LocalEmbedder()
    found = examples()
    vectors = np.array([embedder.embed_query(clean(text)) for text, _ in found], dtype=np.float64)
    labels = [label for _, label in found]
    classes = sorted(set(labels))
    _report(vectors, labels, classes)
    path = ROOT / "rag" / "data" / "intents" / f"{embedder.name}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, classes=np.array(classes), weights=train(vectors, labels, classes).astype(np.float32))
    sys.stdout.write(f"{len(found)} examples → {path.relative_to(ROOT)}\n")
    return 0


def _report(vectors: Array, labels: Sequence[str], classes: Sequence[str]) -> None:
    """Five-fold: what the model finds of each class from its odds on, and how many policy questions it would stop."""
    fold = np.random.default_rng(0).integers(0, 5, len(labels))
    odds = np.zeros((len(labels), len(classes)))
    for part in range(5):
        rest = fold != part
        weights = train(vectors[rest], [labels[int(i)] for i in np.flatnonzero(rest)], classes)
        odds[~rest] = softmax(np.hstack([vectors[~rest], np.ones((int((~rest).sum()), 1))]) @ weights.T)
    truth = np.array(labels)
    for column, name in enumerate(classes):
        flagged = odds[:, column] >= FROM.get(name, 0.5)
        found, total = int((flagged & (truth == name)).sum()), int((truth == name).sum())
        alarms = int((flagged & (truth == POLICY)).sum()) if name != POLICY else 0
        sys.stdout.write(
            f"{name:10} found {found}/{total}  policy questions stopped {alarms}/{int((truth == POLICY).sum())}\n"
        )


if __name__ == "__main__":
    sys.exit(main())
