"""The benchmark: answers to groups, scores by hand, systems, resuming, failures, the leaderboard."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stance.errors import InputError, SkippedError
from stance.evaluation.baselines import predict_words
from stance.evaluation.benchmark.catalogue import DEFAULT_SYSTEMS, SYSTEMS, make_systems
from stance.evaluation.benchmark.fewshot import FewShot, choose_rows
from stance.evaluation.benchmark.lexicon import judge_by_words
from stance.evaluation.benchmark.report import write_leaderboard
from stance.evaluation.benchmark.runner import Plan, run_benchmark
from stance.evaluation.benchmark.scores import Scheme, answer_rows, ceiling_rows, headline, score_rows
from stance.evaluation.benchmark.sets import read_set
from stance.evaluation.benchmark.simple import FilePredictions, Lexicon, Majority, Tfidf
from stance.evaluation.benchmark.store import Result, Store
from stance.evaluation.benchmark.systems import Advance, Answers, group_answers
from stance.evaluation.benchmark.tasks import Task, load_task
from stance.schema import LABELS, Label, Span

GOLD: tuple[Label, ...] = ("favor", "against", "neutral", "against", "neutral", "favor")


def nothing(share: float) -> None:
    """Watch no progress."""


class Fixed:
    """A system that says what it is told to, and counts how often it is asked."""

    def __init__(self, labels: tuple[Label | None, ...] = GOLD, name: str = "fixed", version: int = 1) -> None:
        self.name, self.labels, self.version, self.asked = name, labels, version, 0

    def identity(self) -> Mapping[str, Any]:
        return {"version": self.version}

    def predict(self, task: Task, advance: Advance) -> Answers:
        self.asked += 1
        advance(1.0)
        return Answers(self.labels[: len(task.items)])


class Broken(Fixed):
    def predict(self, task: Task, advance: Advance) -> Answers:
        raise RuntimeError("out of | <memory>")


class Elsewhere(Fixed):
    def identity(self) -> Mapping[str, Any]:
        raise SkippedError("its weights are not here")


@pytest.fixture
def task(small_set: Path, tmp_path: Path) -> Task:
    return load_task(read_set(small_set), tmp_path)


def open_task(task: Task) -> Task:
    return replace(task, definition=replace(task.definition, target=()))


def run(small_set: Path, *systems: Any, **changes: Any) -> list[Result]:
    plan = Plan(data=small_set.parent, output=small_set.parent / "out", draws=40, command="stance benchmark small")
    return run_benchmark([read_set(small_set)], systems, replace(plan, **changes))


def test_a_label_alone_goes_to_its_group(task: Task) -> None:
    said: tuple[Label | None, ...] = ("favor", "against", "absent", None, "neutral", "absent")
    assert group_answers(task, Answers(said)) == ("favor", "against", "neutral", None, "neutral", "neutral")


def test_probabilities_are_summed_over_a_group(task: Task) -> None:
    shares = np.tile([0.4, 0.0, 0.3, 0.3], (6, 1))  # favor is the most probable label, neutral or absent the group
    shares[0] = [0.1, 0.6, 0.3, 0.0]
    said: tuple[Label | None, ...] = ("against", *(["favor"] * 4), None)
    assert group_answers(task, Answers(said, shares)) == ("against", *(["neutral"] * 4), None)


def test_a_label_that_a_set_lacks_takes_no_side(task: Task) -> None:
    present = replace(
        task, definition=replace(task.definition, labels={"p": ("favor",), "c": ("against",), "n": ("neutral",)})
    )
    assert group_answers(present, Answers(("absent",) * 6)) == ("neutral",) * 6
    shares = np.tile([0.06, 0.01, 0.03, 0.9], (6, 1))  # every target is there, so absent does not count
    assert group_answers(present, Answers(("absent",) * 6, shares)) == ("favor",) * 6
    sides = replace(task, definition=replace(task.definition, labels={"p": ("favor",), "c": ("against",)}))
    with pytest.raises(InputError, match="small has no label for 'absent', and none that takes no side"):
        group_answers(sides, Answers(("absent",) * 6))
    with pytest.raises(InputError, match="Expected 6 answers, found 1"):
        group_answers(task, Answers(("absent",)))


def test_scores_by_hand(task: Task) -> None:
    said: tuple[Label | None, ...] = ("favor", "against", "favor", "favor", "absent", None)
    rows = answer_rows(task, Answers(said))
    scheme = Scheme.of(task.definition)
    scores = score_rows(rows, scheme, draws=20, seed=0)
    assert set(scores) == {"all", "new"}
    # all: favor 1 of 3 predicted and of 2 gold -> F1 0.4; against 1 of 1 and of 2 -> 2/3
    assert scores["all"]["pooled"].metrics["f_avg"].value == pytest.approx((0.4 + 2 / 3) / 2)
    # new (t1, t2, t4, t5): favor 1 of 2 and of 1 -> 2/3; against 1 of 1 and of 2 -> 2/3
    assert headline(scores, scheme).value == pytest.approx(2 / 3)
    assert rows[4]["label"] == "neutral" and rows[4]["said"] == "absent" and rows[5]["label"] is None
    assert "text" not in rows[0] and rows[0]["parts"] == ["new"]


def test_annotators_are_scored_against_each_other(task: Task) -> None:
    rows = ceiling_rows(task)
    assert rows is not None
    assert [row["gold"] for row in rows] == list(GOLD)
    assert [row["label"] for row in rows] == ["neutral", "against", "neutral", "against", "neutral", "favor"]
    assert ceiling_rows(replace(task, definition=replace(task.definition, annotators=()))) is None
    bare = replace(task, items=(replace(task.items[0], fields={}),))
    with pytest.raises(InputError, match="id 'test-t1': expected labels of the annotators A and B toward Trains"):
        ceiling_rows(bare)


def test_majority_counts_each_target_where_they_are_fixed(task: Task) -> None:
    train = tuple(item for item in task.train if item.gold != ("neutral", "absent") or item.target.name == "Cars")
    task.__dict__["train"] = train + tuple(item for item in train if item.text.startswith("The railway"))
    assert Majority().predict(task, nothing).labels == (*["against"] * 3, *["favor"] * 3)  # of a tie, the first
    bare = replace(task, definition=replace(task.definition, files=replace(task.definition.files, train=())))
    assert Majority().predict(bare, nothing).learned == "labels of its dev"
    none = replace(bare, definition=replace(bare.definition, files=replace(bare.definition.files, dev=())))
    with pytest.raises(SkippedError, match="small has neither train nor dev"):
        Majority().predict(none, nothing)


def test_the_lexicon_by_hand(task: Task) -> None:
    assert Lexicon().predict(task, nothing).labels == ("favor", "against", "absent", "against", "absent", "favor")
    far = "NATO " + "met and " * 12 + "praised"
    assert judge_by_words(far, [Span(0, 4, "NATO")]) == "neutral"
    assert judge_by_words("NATO was not praised", [Span(0, 4, "NATO")]) == "against"
    assert judge_by_words("NATO met", []) == "absent"


@pytest.mark.train
@pytest.mark.parametrize("kind", ["lr", "svm"])
def test_tfidf_learns_words_and_not_names(task: Task, kind: str) -> None:
    answers = Tfidf(kind).predict(task, nothing)
    assert set(answers.labels) <= {"favor", "against", "neutral"} and len(answers.labels) == 6
    assert len(Tfidf(kind).predict(open_task(task), nothing).labels) == 6
    bare = replace(task, definition=replace(task.definition, files=replace(task.definition.files, train=())))
    with pytest.raises(SkippedError, match="small has no train split to learn from"):
        Tfidf(kind).predict(bare, nothing)
    texts, labels = ["good good day", "bad bad day"] * 4, ["favor", "against"] * 4
    assert predict_words((texts, labels), (texts, labels), ["good", "bad"], classifier=kind) == ["favor", "against"]
    assert predict_words((["x"], ["neutral"]), (["x"], ["neutral"]), ["y"], classifier=kind) == ["neutral"]
    with pytest.raises(InputError, match="Unknown classifier 'lrr': did you mean 'lr'"):
        predict_words((texts, labels), (texts, labels), ["good"], classifier="lrr")


def write_predictions(path: Path, *, leave_out: int = 0, shares: bool = False) -> None:
    rows = [
        {"id": f"test-t{number}", "target": "Trains" if number < 4 else "Cars", "label": label}
        | ({"probabilities": {label: 1.0}} if shares else {})
        for number, label in enumerate(GOLD, 1)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in reversed(rows[leave_out:])), encoding="utf-8")


def test_predictions_of_a_file_or_a_folder(task: Task, tmp_path: Path) -> None:
    write_predictions(tmp_path / "mine.jsonl", shares=True)
    answers = FilePredictions(str(tmp_path / "mine.jsonl")).predict(task, nothing)
    assert answers.labels == GOLD and answers.probabilities is not None and answers.probabilities.shape == (6, 4)
    (tmp_path / "made").mkdir()
    with pytest.raises(SkippedError, match=r"made has no small\.jsonl"):
        FilePredictions(str(tmp_path / "made")).predict(task, nothing)
    write_predictions(tmp_path / "made" / "small.jsonl")
    answers = FilePredictions(str(tmp_path / "made")).predict(task, nothing)
    assert answers.labels == GOLD and answers.probabilities is None
    write_predictions(tmp_path / "mine.jsonl", leave_out=2)
    with pytest.raises(InputError, match="found none for 2: first id 'test-t1' toward 'Trains'"):
        FilePredictions(str(tmp_path / "mine.jsonl")).predict(task, nothing)
    (tmp_path / "mine.jsonl").write_text('{"id": "z", "target": "Cars", "label": "favor"}\n')
    with pytest.raises(SkippedError, match="has no judgement of small"):
        FilePredictions(str(tmp_path / "mine.jsonl")).predict(task, nothing)
    with pytest.raises(InputError, match="no such file or folder"):
        FilePredictions(str(tmp_path / "none.jsonl"))


def test_predictions_are_joined_as_strictly_as_evaluate_does(task: Task, tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"

    def answer(change: Mapping[str, Any], *more: Mapping[str, Any], folder: bool = False) -> Answers:
        rows = [{"id": item.id, "target": item.target.name, "label": "favor", "text": item.text} for item in task.items]
        rows[0] |= change
        path = tmp_path / "made" / "small.jsonl" if folder else file
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in (*rows, *more)), encoding="utf-8")
        return FilePredictions(str(path.parent if folder else path)).predict(task, nothing)

    again = {"id": "test-t1", "target": "Trains", "label": "against"}
    with pytest.raises(InputError, match=r"line 7: id 'test-t1' stands toward 'Trains' before, at .*line 1"):
        answer({}, again)
    with pytest.raises(InputError, match=r"line 1: id 'test-t1' has another text than the set's: .* shuffled"):
        answer({"text": task.items[1].text + " More."})
    with pytest.raises(InputError, match="line 2: id 'test-t2': 'Trains': expected probabilities, as other rows"):
        answer({"probabilities": {"favor": 1.0}})
    other = again | {"id": "test-t9"}
    assert answer({}, other).labels == ("favor",) * 6  # a file may hold rows of other sets
    with pytest.raises(InputError, match=r"small\.jsonl: line 7: id 'test-t9' is none of small's"):
        answer({}, other, folder=True)


def test_the_label_counts_where_all_four_are_told_apart(task: Task) -> None:
    """As in ``stance evaluate``: a system may say another label than its most probable one."""
    labels = {label: (label,) for label in LABELS}
    whole = replace(task, definition=replace(task.definition, labels=labels))
    shares = np.tile([0.4, 0.3, 0.2, 0.1], (6, 1))
    said: tuple[Label | None, ...] = ("against", "favor", "absent", None, "neutral", "favor")
    assert group_answers(whole, Answers(said, shares)) == said


def test_kept_judgements_may_hold_odd_ends_of_lines(tmp_path: Path) -> None:
    store = Store(tmp_path)
    rows = [{"id": "a\u2028b", "target": "Trains\x85", "label": None}]
    assert store.rows(store.write(Result("small", "fixed", "done", "k"), rows)) == rows


def test_setfit_takes_few_rows_a_label_and_says_what_it_lacks(task: Task) -> None:
    rows = choose_rows(task.train, 2, seed=1)
    assert sorted(item.gold[0] for item in rows) == ["against", "against", "favor", "favor", "neutral", "neutral"]
    assert rows == choose_rows(task.train, 2, seed=1)
    try:
        import setfit  # noqa: F401
    except ImportError:
        with pytest.raises(SkippedError, match="pip install setfit"):
            FewShot().identity()


def test_systems_by_name(tmp_path: Path) -> None:
    write_predictions(tmp_path / "mine.jsonl")
    names = (*DEFAULT_SYSTEMS, "pair", "setfit", "nli:some/model", f"predictions:{tmp_path / 'mine.jsonl'}")
    made = [system.name for system in make_systems(names)]
    assert made == [*DEFAULT_SYSTEMS, "pair", "setfit", "nli:some/model", "predictions:mine.jsonl"]
    assert set(DEFAULT_SYSTEMS) - {"base"} <= set(SYSTEMS)
    with pytest.raises(InputError, match="Unknown system 'majorty': did you mean 'majority'"):
        make_systems(["majorty"])
    with pytest.raises(InputError, match="Two systems have the name 'lexicon'"):
        make_systems(["lexicon", "lexicon"])
    with pytest.raises(InputError, match="No system given"):
        make_systems([])


def test_nothing_is_run_twice(small_set: Path) -> None:
    system = Fixed()
    first = run(small_set, system)
    assert run(small_set, system) == first and system.asked == 1
    assert [result.status for result in first] == ["done", "ceiling"]
    assert first[0].official["value"] == 1.0 and first[0].judgements == {"judgements": 6, "documents": 5, "failures": 0}


@pytest.mark.parametrize("change", ["data", "version", "judgements", "result", "set"])
def test_what_has_changed_is_run_again(small_set: Path, change: str) -> None:
    system, beside = Fixed(), small_set.parent / "out" / "results" / "small" / "fixed.json"
    run(small_set, system)
    if change == "data":
        with (small_set.parent / "train.jsonl").open("a") as file:
            file.write(json.dumps({"id": "more", "text": "Cars.", "target": "Cars", "label": "none"}) + "\n")
    elif change == "version":
        system.version = 2
    elif change == "judgements":
        beside.with_suffix(".jsonl").write_text("{}\n")
    elif change == "result":
        beside.write_text("{")
    else:
        small_set.write_text(small_set.read_text().replace('part = "new"', 'part = ""'))
    run(small_set, system)
    assert system.asked == 2
    small_set.write_text(small_set.read_text().replace('source = "nobody"', 'source = "us"'))
    run(small_set, system)
    assert system.asked == 2  # whom to cite changes no answer


def test_other_draws_only_score_again(small_set: Path) -> None:
    system = Fixed(("favor", "against", "favor", "favor", "absent", None))
    first = run(small_set, system)[0]
    second = run(small_set, system, draws=60)[0]
    assert system.asked == 1 and second.bootstrap == {"draws": 60, "seed": 0} != first.bootstrap
    assert second.official["value"] == first.official["value"] and second.seconds == first.seconds


def test_a_failure_costs_no_other_result(small_set: Path, caplog: pytest.LogCaptureFixture) -> None:
    good = Fixed()
    broken, absent, other, _ = run(small_set, Broken(name="broken"), Elsewhere(name="away"), good)
    assert (broken.status, broken.reason) == ("failed", "RuntimeError: out of | <memory>")
    assert "Traceback" in broken.origin["traceback"] and "broken failed on small" in caplog.text
    assert (absent.status, absent.reason) == ("skipped", "its weights are not here")
    assert other.status == "done" and good.asked == 1
    short = run(small_set, Fixed(("favor",), name="short"))[0]
    assert short.status == "failed" and "Expected 6 answers, found 1" in short.reason


def test_a_result_outlives_a_machine_that_lacks_its_system(small_set: Path) -> None:
    done = run(small_set, Fixed(name="away"))[0]
    assert run(small_set, Elsewhere(name="away"))[0] == done


def test_a_try_stays_apart(small_set: Path) -> None:
    system = Fixed()
    tried = run(small_set, system, limit=2)[0]
    assert tried.limit == 2 and tried.judgements["judgements"] == 2
    assert Store(small_set.parent / "out").read_set("small") == []
    whole = run(small_set, system)[0]
    assert whole.limit == 0 and system.asked == 2
    assert {result.system for result in Store(small_set.parent / "out").read_set("small")} == {
        "fixed",
        whole.system,
    } | {"annotator B against A"}


def test_names_that_are_no_file_names(tmp_path: Path) -> None:
    store = Store(tmp_path)
    one, other = store.place("s", "nli:a/b"), store.place("s", "nli:a-b")
    assert one != other and one.parent == other.parent == tmp_path / "results" / "s"
    assert store.place("s", "../../x").parent == one.parent
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file: cannot be made"):
        Store(tmp_path / "file")


def board(small_set: Path, *systems: Any) -> tuple[str, dict[str, Any]]:
    results = run(small_set, *systems)
    plan = Plan(data=small_set.parent, output=small_set.parent / "out", draws=40, command="stance benchmark small")
    text, values = write_leaderboard(results, [read_set(small_set)], plan)
    return text.read_text(encoding="utf-8"), json.loads(values.read_text(encoding="utf-8"))


def test_the_leaderboard_compares_with_the_best_and_with_what_is_published(small_set: Path) -> None:
    worse = Fixed(("against", "favor", "neutral", "against", "neutral", "favor"), name="worse | *system*")
    text, values = board(small_set, worse, Fixed(), Broken(name="broken"), Elsewhere(name="away"))
    found = values["sets"]["small"]
    assert [row["system"] for row in found["rows"]] == ["fixed", "worse | *system*"]
    best, other = found["rows"]
    assert best["difference"] is None and best["official"]["value"] == 1.0
    # new (t1, t2, t4, t5): favor none; against 1 of 2 and of 2 -> F1 1/2; F_avg 1/4
    assert other["official"]["value"] == pytest.approx(0.25)
    assert other["difference"]["value"] == pytest.approx(-0.75) and other["difference"]["to"] == "fixed"
    assert 0 < other["difference"]["p"] <= 1
    assert best["parts"]["all"]["value"] == 1.0 and set(best["targets"]) == {"Trains", "Cars"}
    # of Trains new has t1 (favor) and t2 (against); fixed gives no probabilities
    labels = best["labels"]["Trains"]
    assert [(name, own["f1"]["value"], own["support"]) for name, own in labels.items()] == [
        ("favor", 1.0, 1),
        ("against", 1.0, 1),
        ("neutral or absent", None, 0),
    ]
    assert best["calibration"] == {}
    # the ceiling on new: A says favor, against, against, none; B none, against, against, none
    assert found["ceilings"][0]["official"]["value"] == pytest.approx(0.5)
    assert {(row["system"], row["status"]) for row in found["missing"]} == {("broken", "failed"), ("away", "skipped")}
    assert found["published"][0]["value"] == 0.5 and values["command"] == "stance benchmark small"
    assert best["origin"]["versions"]["stance"] and len(found["data_sha256"]["test.jsonl"]) == 64
    assert "| fixed | 1.000 [" in text and "(ceiling)" in text and "published, not run again" in text
    assert "RuntimeError: out of \\| \\<memory\\>" in text and "its weights are not here" in text


def test_the_leaderboard_keeps_what_comes_from_elsewhere_inert(small_set: Path) -> None:
    text, _ = board(small_set, Fixed(name="a|b <script>"))
    assert "<script>" not in text and "a\\|b \\<script\\>" in text
    assert "<b>" not in text and "[system](" not in text and "*us*" not in text.replace("\\*", "")


def test_a_set_whose_official_metric_cannot_be_had(small_set: Path) -> None:
    """No gold label takes a side, so there is no F_avg, no difference and no p; the leaderboard is written."""
    gold = small_set.parent / "test.jsonl"
    gold.write_text(gold.read_text().replace('"pro"', '"none"').replace('"con"', '"none"'))
    text, values = board(small_set, Fixed(name="one"), Fixed(name="two"))
    best, other = values["sets"]["small"]["rows"]
    assert best["official"]["value"] is None and other["difference"]["p"] is None
    assert "nan" not in text and "| n/a | n/a |" in text


def test_results_of_other_data_are_not_compared(small_set: Path) -> None:
    run(small_set, Fixed(name="old"))
    lines = (small_set.parent / "test.jsonl").read_text().splitlines()
    (small_set.parent / "test.jsonl").write_text("\n".join(lines[:-1]) + "\n")
    text, values = board(small_set, Fixed(name="new"))
    assert [row["system"] for row in values["sets"]["small"]["rows"]] == ["new"]
    assert "old: of other data: run it again" in text
    small_set.write_text(small_set.read_text().replace('metric = "f_avg"', 'metric = "macro_f1"'))
    text, values = board(small_set)
    assert values["sets"]["small"]["rows"] == [] and "new: of another definition of the set: run it again" in text
    small_set.write_text(small_set.read_text().replace('metric = "macro_f1"', 'metric = "f_avg"'))
    (small_set.parent / "out" / "results" / "small" / "old.jsonl").unlink()
    (small_set.parent / "out" / "results" / "small" / "new.jsonl").unlink()
    text, values = board(small_set)
    assert values["sets"]["small"]["rows"] == [] and "its judgements are not on disk: run it again" in text


def test_probabilities_of_every_label_are_kept(task: Task) -> None:
    shares = np.full((6, 4), 0.25)
    rows = answer_rows(task, Answers(("favor",) * 6, shares))
    assert rows[0]["probabilities"] == dict.fromkeys(LABELS, 0.25)
    scores = score_rows(rows, Scheme.of(task.definition), draws=10, seed=0)
    assert "ece" in scores["all"]["pooled"].metrics
