"""The rounds of `make faults` over failing servers, short: a few questions under a few faults."""

from __future__ import annotations

import pytest

from tests.faults.model_rounds import embedder, model, reranker


def test_a_few_faults_of_each_server_in_short(capsys: pytest.CaptureFixture[str]) -> None:
    assert model(6, 0.4, {"refusal"}) == []
    assert reranker(6, 0.4, {"inverted"}) == []
    assert embedder(6, 0.4, {"401"}) == []
    assert capsys.readouterr().out.count("answered 6/6") == 3
