"""Columns in, columns out: alone, pickled, and in the processes of datasets.Dataset.map."""

from __future__ import annotations

import math
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import stance
from stance.errors import InputError
from stance.scale import ColumnPredictor, Judging
from stance.schema import LABELS

TEXTS = ["NATO met w1 w2.", "Beijing said w77.", "Rain fell on Washington w9 w10 w11."]


def test_columns_are_those_of_csv_and_values_those_of_predict(tiny: Path) -> None:
    found = ColumnPredictor(Judging(model=tiny))({"text": TEXTS, "id": [1, 2, 3]})
    assert list(found) == [
        column for target in ("NATO", "US", "China") for column in (target, *(f"{target}_{label}" for label in LABELS))
    ]
    for number, prediction in enumerate(stance.predict(TEXTS, model=tiny)):
        for target in prediction:
            assert found[target][number] == prediction[target].label
            given = {label: found[f"{target}_{label}"][number] for label in LABELS}
            assert given == pytest.approx(dict(prediction[target].probabilities), abs=1e-6)


def test_rows_without_words_get_none_in_every_column(tiny: Path) -> None:
    found = ColumnPredictor(Judging(("NATO",), tiny), "body")({"body": [None, TEXTS[0], " \u200b", TEXTS[0], math.nan]})
    assert [label is None for label in found["NATO"]] == [True, False, True, False, True]
    assert all(column[0] is None and column[1] == column[3] is not None for column in found.values())
    assert ColumnPredictor(Judging(("NATO",), tiny))({"text": []})["NATO"] == []


def test_label_sets_and_prefix(tiny: Path) -> None:
    found = ColumnPredictor(Judging(("US",), tiny, abstain_risk=0.1), prefix="stance_")({"text": TEXTS})
    assert list(found)[-2:] == ["stance_US_labels", "stance_US_abstained"]
    for labels, abstained, label in zip(
        found["stance_US_labels"], found["stance_US_abstained"], found["stance_US"], strict=True
    ):
        assert labels.split("|")[0] == label
        assert abstained == ("|" in labels)


def test_what_makes_no_sense(tiny: Path) -> None:
    predictor = ColumnPredictor(Judging(("NATO",), tiny))
    with pytest.raises(InputError, match="No column 'text' for the text: did you mean 'Text'"):
        predictor({"Text": TEXTS})
    with pytest.raises(InputError, match="Expected columns by name, as a dict holds them; found list"):
        predictor([{"text": TEXTS[0]}])
    with pytest.raises(InputError, match="Row 1 of the batch: expected a text, found int"):
        predictor({"text": [TEXTS[0], 7]})
    for row in (TEXTS[0], None):  # as map gives it without batched=True
        with pytest.raises(InputError, match=r"found one row. Give batched=True to map"):
            predictor({"text": row})
    with pytest.raises(InputError, match="The batch has a column 'NATO_favor' already"):
        predictor({"text": TEXTS, "NATO_favor": [0, 0, 0]})


def test_it_is_pickled_without_the_model(tiny: Path) -> None:
    mine = stance.Target("Russia", ("Moscow",), "Russia: its government")
    predictor = ColumnPredictor(Judging((mine, "NATO"), str(tiny)))
    before = predictor({"text": TEXTS})
    data = pickle.dumps(predictor)
    assert len(data) < 1000
    assert pickle.loads(data) == predictor
    assert pickle.loads(data)({"text": TEXTS}) == before


MAPPED = """
import json, sys
import datasets
from stance.scale import ColumnPredictor, Judging
datasets.disable_progress_bars()
predictor = ColumnPredictor(Judging(model=sys.argv[1]))
texts = json.loads(sys.argv[2])
predictor({"text": texts})  # the parent has loaded the model before it forks
rows = datasets.Dataset.from_dict({"text": texts * 4, "id": list(range(4 * len(texts)))})
mapped = rows.map(predictor, batched=True, batch_size=len(texts), num_proc=2)
assert datasets.fingerprint.Hasher.hash(predictor) == datasets.fingerprint.Hasher.hash(
    ColumnPredictor(Judging(model=sys.argv[1])))
print(json.dumps(mapped.to_dict()))
"""


def test_datasets_map_in_two_processes(tiny: Path) -> None:
    pytest.importorskip("datasets")
    import json

    command = [sys.executable, "-W", "ignore", "-c", MAPPED, str(tiny), json.dumps(TEXTS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    expected = ColumnPredictor(Judging(model=tiny))({"text": TEXTS})
    assert found.pop("text") == TEXTS * 4
    assert found.pop("id") == list(range(12))
    assert found == {name: values * 4 for name, values in expected.items()}
