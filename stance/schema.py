"""What travels between the parts of stance: frozen dataclasses, and the label set, once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from stance.display import Row, table_html
from stance.errors import InputError

__all__ = [
    "KINDS",
    "LABELS",
    "Analysis",
    "Anchor",
    "Annotation",
    "Document",
    "Evidence",
    "Kind",
    "Label",
    "Paragraph",
    "Prediction",
    "Share",
    "Span",
    "Stance",
]

Label = Literal["favor", "against", "neutral", "absent"]
"""Stance of a paragraph's own voice toward a target; what each means is said in the codebook."""
LABELS: tuple[Label, ...] = get_args(Label)

Kind = Literal["body", "heading", "metadata", "furniture"]
"""What a block of a document is; only ``body`` blocks bear stances."""
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text.

    Attributes:
        start: First code point, counted from 0.
        end: Code point after the last.
        text: What stands there.
    """

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A stretch of a text that a label rests on.

    Attributes:
        start: First code point in the text that was judged.
        end: Code point after the last.
        text: What stands there.
        unit: ``"sentence"``, ``"word"``, or ``"mention"`` for a name of the target.
        weight: By how much the label's probability falls when it is taken away, in [-1, 1]; below 0 it speaks against
            the label. `stance.reporting.explanation` says from which reading it is taken away.
    """

    start: int
    end: int
    text: str
    unit: Literal["sentence", "word", "mention"]
    weight: float

    def to_dict(self, offset: int = 0) -> dict[str, Any]:
        """Give everything as plain JSON types.

        Args:
            offset: What is added to start and end, in code points: where the text starts in its document.
        """
        return {
            "start": self.start + offset,
            "end": self.end + offset,
            "text": self.text,
            "unit": self.unit,
            "weight": round(self.weight, 4),
        }


@dataclass(frozen=True, slots=True)
class Document:
    """A text as it was read, before anything is done to it.

    Attributes:
        text: The whole text, unchanged; every offset counts its code points.
        name: File name, or what else tells the document from others; may be empty.
        id: The row's own id as it stands there, if it came from a table.
        encoding: The encoding that it was decoded from, if it came as bytes.
        breaks: What line breaks mean: ``"layout"`` if that has to be found out, ``"blocks"`` if each ends a block (text
            extracted from HTML), ``"none"`` if the text is one paragraph (a row of a table).
        source: What else is known of it, from the columns of a table that were asked for: outlet, year and the like.

    Raises:
        InputError: If the text is no string.
    """

    text: str
    name: str = ""
    id: str | int | float | None = None
    encoding: str | None = None
    breaks: Literal["layout", "blocks", "none"] = "layout"
    source: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise InputError(f"Expected the text of a document, found {type(self.text).__name__}. Give a string.")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A block of a document, exactly as it stands there.

    Attributes:
        text: ``document.text[start:end]``.
        start: First code point in the document.
        end: Code point after the last.
        kind: What the block is; ``body`` is a paragraph of running text.
        index: Number of the block in its document, all kinds counted, from 0.
    """

    text: str
    start: int
    end: int
    kind: Kind = "body"
    index: int = 0


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a paragraph stands, and by what it is found again in another copy of its document.

    Text, prefix and suffix are the W3C Web Annotation Data Model's TextQuoteSelector, start and end its
    TextPositionSelector (section 4.2). What is not known is None or empty.

    Attributes:
        document: Name of the document.
        document_sha256: SHA-256 of the document's text as UTF-8, in hexadecimal.
        start: First code point in the document.
        end: Code point after the last.
        text: The paragraph, exactly as it stands there.
        prefix: What stands before it.
        suffix: What stands after it.
        text_sha256: SHA-256 of the normalised paragraph (`stance.annotation.anchors.normalise`).
        words: How many words the paragraph has.
        fingerprint: Hashes of some of its runs of words, to find it by where there is no text.
        edges: Codes of its first and of its last words, a few bits each, to tell where it starts and ends then.
    """

    document: str = ""
    document_sha256: str = ""
    start: int | None = None
    end: int | None = None
    text: str | None = None
    prefix: str = ""
    suffix: str = ""
    text_sha256: str = ""
    words: int | None = None
    fingerprint: tuple[str, ...] = ()
    edges: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one annotator said of one paragraph; or a paragraph that waits for annotation.

    Attributes:
        id: Id of the paragraph; the same for all its annotators.
        anchor: Where the paragraph stands.
        labels: Target name -> label. A target that was not annotated is not there.
        annotator: Who labelled; empty if nobody has.
        reported: Whether the evaluation is mostly relayed speech; None if not said.
        time: When, in ISO 8601 with zone.
        codebook: Version of the codebook.
        confidence: The annotator's confidence in [0, 1].
        comment: What the annotator noted.
        soft_labels: Target name -> label -> share in [0, 1] of the annotators, or probability; each sums to 1.
        doubt: Target name -> labels that nearly were given.
        votes: Annotator -> target -> label, where labels of several were settled into one.
        source: What is known of the document: title, outlet, speaker, year, genre, licence and the like.
    """

    id: str
    anchor: Anchor
    labels: Mapping[str, Label] = field(default_factory=dict)
    annotator: str = ""
    reported: bool | None = None
    time: str = ""
    codebook: str = ""
    confidence: float | None = None
    comment: str = ""
    soft_labels: Mapping[str, Mapping[Label, float]] = field(default_factory=dict)
    doubt: Mapping[str, Sequence[Label]] = field(default_factory=dict)
    votes: Mapping[str, Mapping[str, Label]] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str | None:
        """The paragraph, where it is at hand."""
        return self.anchor.text


@dataclass(frozen=True, slots=True)
class Stance:
    """Where a text stands toward one target.

    Attributes:
        target: Name of the target.
        label: The most probable label.
        probabilities: Calibrated probability in [0, 1] of each of the four labels; they sum to 1.
        mentions: Where the target is named, in code points of the text.
        labels: The labels that are left at the risk that was asked for, most probable first; `label` is the first of
            them. Empty if no risk was asked for.
        evidence: What the label rests on, in code points of the text, in its order; empty if it was not asked for, and
            of ``absent``.
    """

    target: str
    label: Label
    probabilities: Mapping[Label, float]
    mentions: tuple[Span, ...] = ()
    labels: tuple[Label, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    @property
    def probability(self) -> float:
        """Probability of the label given."""
        return self.probabilities[self.label]

    @property
    def abstained(self) -> bool:
        """Whether more than one label is left at the risk that was asked for; False if none was."""
        return len(self.labels) > 1

    def __repr__(self) -> str:
        return f"{self.target}: {self.label} {self.probability:.2f}"

    def to_dict(self) -> dict[str, Any]:
        """Give label, probabilities and mentions as plain JSON types.

        Labels and abstained are there if a risk was asked for, evidence where there is any.
        """
        return {
            "label": self.label,
            "probabilities": dict(self.probabilities),
            **({"labels": list(self.labels), "abstained": self.abstained} if self.labels else {}),
            "mentions": [{"start": span.start, "end": span.end, "text": span.text} for span in self.mentions],
            **({"evidence": [item.to_dict() for item in self.evidence]} if self.evidence else {}),
        }


@dataclass(frozen=True, slots=True)
class Prediction:
    """Where a text stands toward each target asked for.

    Attributes:
        text: The text that was judged, unchanged.
        stances: Target name -> stance, in the order asked for.
        windows: In how many windows the text was read; more than 1 where it is longer than the model's.
        model: Name of the model.

    ``prediction["NATO"]`` is the stance toward NATO.
    """

    text: str
    stances: Mapping[str, Stance]
    windows: int
    model: str

    def __getitem__(self, target: str) -> Stance:
        return self.stances[target]

    def __iter__(self) -> Iterator[str]:
        return iter(self.stances)

    def __len__(self) -> int:
        return len(self.stances)

    def __repr__(self) -> str:
        words = " ".join(self.text.split())
        shown = words if len(words) <= 48 else words[:47] + "…"
        return f"Prediction({', '.join(map(repr, self.stances.values()))} | {shown!r})"

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain JSON types: text, windows, model, stances."""
        return {
            "text": self.text,
            "windows": self.windows,
            "model": self.model,
            "stances": {target: stance.to_dict() for target, stance in self.stances.items()},
        }


@dataclass(frozen=True, slots=True)
class Share:
    """How many paragraphs of a document bear a label toward a target.

    Attributes:
        count: Number of body paragraphs with the label.
        total: Number of body paragraphs.
    """

    count: int
    total: int

    @property
    def share(self) -> float:
        """``count / total`` in [0, 1]; 0 where the document has no body paragraph."""
        return self.count / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Analysis:
    """A document, its blocks, and where its body paragraphs stand.

    Attributes:
        document: What was analysed.
        blocks: Every block of the document, in order.
        predictions: One for each body block, in order.
        summary: Target name -> label -> how many body paragraphs bear it.
    """

    document: Document
    blocks: tuple[Paragraph, ...]
    predictions: tuple[Prediction, ...]
    summary: Mapping[str, Mapping[Label, Share]] = field(default_factory=dict)

    @property
    def paragraphs(self) -> tuple[Paragraph, ...]:
        """The body blocks: ``paragraphs[i]`` is what ``predictions[i]`` judges."""
        return tuple(block for block in self.blocks if block.kind == "body")

    def __repr__(self) -> str:
        parts = [f"Analysis({self.document.name or 'document'!r}: {len(self.predictions)} paragraphs"]
        for target, shares in self.summary.items():
            counts = " ".join(f"{label} {share.count}" for label, share in shares.items())
            parts.append(f"{target} {counts}")
        return "; ".join(parts) + ")"

    def _repr_html_(self) -> str:
        """Show the document in a notebook: its paragraphs with their labels, and the counts."""
        judged = iter(self.predictions)
        rows = []
        for block in self.blocks:
            stances = next(judged).stances if block.kind == "body" else {}
            cells = [f"{stance.label} {stance.probability:.0%}" for stance in stances.values()]
            rows.append(Row(block.text, tuple(cells), tuple(stance.label for stance in stances.values())))
        targets = list(self.predictions[0]) if self.predictions else []
        counts = [
            ", ".join(f"{label} {share.count}" for label, share in self.summary.get(target, {}).items() if share.count)
            for target in targets
        ]
        return table_html(self.document.name or "document", targets, rows, counts)

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain JSON types: document, blocks (stances on the body ones), summary."""
        judged = iter(self.predictions)
        blocks = []
        for block in self.blocks:
            row: dict[str, Any] = {
                "index": block.index,
                "kind": block.kind,
                "start": block.start,
                "end": block.end,
                "text": block.text,
            }
            if block.kind == "body":
                prediction = next(judged).to_dict()
                row |= {"windows": prediction["windows"], "stances": prediction["stances"]}
            blocks.append(row)
        return {
            "document": self.document.name,
            "id": self.document.id,
            "blocks": blocks,
            "summary": {
                target: {label: {"count": s.count, "total": s.total, "share": s.share} for label, s in shares.items()}
                for target, shares in self.summary.items()
            },
        }
