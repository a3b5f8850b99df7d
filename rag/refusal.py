"""Refuse or answer: one calibrated judgement over the evidence for the leading clause. Pure.

The weights were fitted by logistic regression on development questions only (bench/calibrate.py); each is printed with what
it means, none is about a single question. `python -m bot eval` prints the whole curve of refusing against answering.
"""

from __future__ import annotations

from math import exp

from rag.evidence import Evidence

THRESHOLD = 0.5


def sureness(evidence: Evidence) -> float:
    """How likely the leading clause answers the question, in (0, 1)."""
    cosine = evidence.cosine if evidence.cosine is not None else 0.86
    z = -2.0 + 2.5 * evidence.words + 3.0 * evidence.topic + 1.0 * evidence.whole - 3.0 * evidence.unseen + 20 * (cosine - 0.86)
    return 1 / (1 + exp(-z))
