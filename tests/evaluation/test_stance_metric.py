"""The metrics as a module of Hugging Face evaluate: from its folder, without a network."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]  # evaluate and datasets warn about themselves


def test_it_loads_from_its_folder_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import evaluate

    from stance.evaluation import stance_metric
    from stance.evaluation.metrics import classification_report, count_labels, label_numbers

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    metric = evaluate.load(stance_metric.__path__[0], cache_dir=str(tmp_path))
    gold, made = ["favor", "absent", "absent"], ["favor", "absent", "against"]
    found = metric.compute(predictions=made, references=gold)
    assert found["macro_f1"] == pytest.approx((1 + 2 / 3) / 2)
    assert found["side_f1"] == 1 and found["f_avg"] == 1
    assert found["report"] == classification_report(count_labels(label_numbers(gold), label_numbers(made)))
    assert metric.compute(predictions=["absent"], references=["absent"])["presence_f1"] is None
    with pytest.raises(ValueError, match="found 'pro'"):
        metric.compute(predictions=["pro"], references=["favor"])
