"""What the web door counts for /metrics."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)


class Observed:
    """Questions by status, their latency in seconds, and how many are in flight, in the registry it is given."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.questions = Counter("kc_web_questions", "Questions taken at the web door", ["status"], registry=registry)
        self.seconds = Histogram(
            "kc_web_question_seconds", "Seconds from question to reply", buckets=BUCKETS, registry=registry
        )
        self.in_flight = Gauge("kc_web_questions_in_flight", "Questions being answered", registry=registry)
        self.refused = Counter("kc_web_refused", "Requests the door itself refused", ["status"], registry=registry)
