"""What goes out to a tool comes back, but for what `lost` says."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stance.annotation.anchors import hash_text
from stance.annotation.files import annotation_to_row, row_to_annotation
from stance.annotation.interchange import potato
from stance.annotation.interchange.formats import FORMATS, Format, lost
from stance.annotation.interchange.reading import Reading, to_seconds, to_time
from stance.annotation.interchange.scheme import Scheme, Term
from stance.annotation.suggestions import is_model
from stance.schema import LABELS, Anchor, Annotation

TARGETS = ("NATO", "the: EU", "中国 🇨🇳")
SCHEME = Scheme(tuple(Term(name, f"What counts as {name}") for name in TARGETS))
HARD = (
    "a\r\nb",
    "😀👩‍👩‍👧 e\u0301",
    "\u202bשלום\u202c عربي",
    "\u2028x\x85y",
    '=1+2;"q",\'',
    "\rx\n",
    "$text",
    " x ",
    "\ufeffx",
)

letters = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
words = st.one_of(st.sampled_from(HARD), st.text(letters, min_size=1, max_size=20))
label = st.sampled_from(LABELS)
by_target = st.dictionaries(st.sampled_from(TARGETS), label)
times = st.sampled_from(
    ["", "2026-11-24T09:30:00Z", "2026-11-24T09:30:00.123+05:30", "2026-02-30T09:30-01:00", "0001-01-01T00:00:00+23:00"]
)
json_values = st.one_of(words, st.integers(-9, 2050), st.booleans(), st.lists(words, max_size=2))


@st.composite
def shares(draw: st.DrawFn) -> dict[str, dict[str, float]]:
    first = draw(st.floats(0, 1))
    one, two = draw(st.permutations(LABELS))[:2]
    return {target: {one: first, two: 1 - first} for target in draw(st.sets(st.sampled_from(TARGETS)))}


@st.composite
def anchors(draw: st.DrawFn) -> Anchor:
    text = draw(words)
    start = draw(st.none() | st.integers(0, 10**6))
    return Anchor(
        document=draw(st.just("") | words),
        document_sha256=draw(st.sampled_from(["", "ab" * 32])),
        start=start,
        end=None if start is None else start + len(text),
        text=text,
        prefix=draw(st.just("") | words),
        suffix=draw(st.just("") | words),
        text_sha256=draw(st.sampled_from(["", hash_text(text)])),
        words=draw(st.none() | st.integers(0, 500)),
        fingerprint=draw(st.sampled_from([(), ("0123abcd", "ffffffff")])),
        edges=draw(st.sampled_from([(), ("00112233", "ff00ff00")])),
    )


@st.composite
def records(draw: st.DrawFn, paragraph: Annotation, annotator: str) -> Annotation:
    return replace(
        paragraph,
        labels=draw(by_target) if annotator else {},
        annotator=annotator,
        reported=draw(st.none() | st.booleans()),
        time=draw(times),
        codebook=draw(st.sampled_from(["", "1.3"])),
        confidence=draw(st.none() | st.floats(0, 1)),
        comment=draw(st.just("") | words),
        soft_labels=draw(shares()),
        doubt=draw(st.dictionaries(st.sampled_from(TARGETS), st.lists(label, max_size=2), max_size=1)),
        votes=draw(st.dictionaries(words, by_target, max_size=2)),
    )


@st.composite
def corpora(draw: st.DrawFn) -> list[Annotation]:
    found = []
    for name in draw(st.lists(words, unique=True, max_size=3)):
        source = draw(st.dictionaries(st.sampled_from(["title", "outlet", "year", "note"]), json_values, max_size=3))
        paragraph = Annotation(name, draw(anchors()), source=source)
        who = st.sampled_from(["", "A", "B@example.org", "Ümit 😀", "model:base", "model:fast"])
        for annotator in draw(st.lists(who, unique=True, min_size=1, max_size=4)):
            found.append(draw(records(paragraph, annotator)))
    return draw(st.permutations(found))


def plain(annotations: Iterable[Annotation]) -> list[str]:
    rows = [annotation_to_row(annotation) for annotation in annotations]
    return sorted(json.dumps(row, sort_keys=True, default=dict) for row in rows)


def come_back(annotations: list[Annotation], chosen: Format) -> list[Annotation]:
    content = chosen.write(annotations, SCHEME)
    assert content == chosen.write(annotations, SCHEME)
    if chosen.name == "potato":
        return list(chosen.read(b"", SCHEME, Reading("out", tasks=content))) if content else []
    return list(chosen.read(content, SCHEME, Reading("out"))) if content else []


@pytest.mark.parametrize("chosen", FORMATS, ids=lambda chosen: chosen.name)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(annotations=corpora())
def test_all_comes_back_but_what_is_lost(chosen: Format, annotations: list[Annotation]) -> None:
    for annotation in annotations:  # the strategy makes what files can hold
        assert row_to_annotation(json.loads(json.dumps(annotation_to_row(annotation))), "x") == annotation
    kept = [
        annotation
        for annotation in annotations
        if not (is_model(annotation) and chosen.models != "kept")
        and not (annotation.annotator and not is_model(annotation) and not chosen.keeps_people)
    ]
    assert plain(come_back(annotations, chosen)) == plain(kept)
    assert bool(lost(annotations, chosen.name)) == (len(kept) < len(annotations))


def in_potato(annotations: list[Annotation], shape: str) -> list[bytes]:
    """Potato's output of each annotator, as if they had answered there."""
    files = []
    for user in dict.fromkeys(annotation.annotator for annotation in annotations):
        mine = [annotation for annotation in annotations if annotation.annotator == user]
        given = {annotation.id: answers(annotation) for annotation in mine}
        if shape == "instances":
            rows = [
                {
                    "user_id": user,
                    "instance_id": name,
                    "displayed_text": "…",
                    "label_annotations": one,
                    "span_annotations": {},
                }
                for name, one in given.items()
            ]
            files.append("\n".join(map(json.dumps, rows)).encode())
            continue
        stored: dict[str, object] = dict(given)
        if shape == "pairs":
            stored = {
                name: [[{"schema": q, "name": key}, value] for q, one in two.items() for key, value in one.items()]
                for name, two in given.items()
            }
        elif shape == "labels":
            stored = {name: {q: {"labels": one} for q, one in two.items()} for name, two in given.items()}
        seen = {a.id: {"annotation_changes": [{"timestamp": 0}, {"timestamp": to_seconds(a.time)}]} for a in mine}
        state = {"user_id": user, "instance_id_to_label_to_value": stored, "instance_id_to_behavioral_data": seen}
        files.append(json.dumps({**state, "instance_id_to_span_to_value": {}}).encode())
    return files


def answers(annotation: Annotation) -> dict[str, dict[str, object]]:
    given: dict[str, dict[str, object]] = {target: {one: "true"} for target, one in annotation.labels.items()}
    if annotation.reported is not None:
        given["reported"] = {"yes": annotation.reported, "no": not annotation.reported}
    if annotation.confidence is not None:
        given["confidence"] = {"number": str(annotation.confidence)}
    return given | ({"comment": {"text_box": annotation.comment}} if annotation.comment else {})


@pytest.mark.parametrize("shape", ["instances", "pairs", "labels", "objects"])
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(annotations=corpora())
def test_what_is_labelled_in_potato_comes_back(shape: str, annotations: list[Annotation]) -> None:
    people = [one for one in annotations if one.annotator and not is_model(one)]
    tasks = potato.to_tasks(annotations, SCHEME)
    found: list[Annotation] = []
    for file in in_potato(people, shape):
        found += [one for one in potato.from_tasks(file, SCHEME, Reading("out", tasks=tasks)) if one.annotator]
    waiting = {one.id: one.codebook for one in annotations if not one.annotator}
    expected = []
    for one in people:
        time = "" if shape == "instances" else max(to_time(0), to_time(to_seconds(one.time)))
        bare = replace(one, time=time, codebook=waiting.get(one.id, ""), soft_labels={}, doubt={}, votes={})
        if one.labels or one.reported is not None or one.confidence is not None or one.comment:
            expected.append(bare)
    assert plain(found) == plain(expected)
