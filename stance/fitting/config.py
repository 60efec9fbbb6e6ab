"""Recipes: everything that determines a training run, as documented dataclasses that check themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

from stance.errors import InputError, suggest
from stance.schema import LABELS

__all__ = [
    "DEV_METRICS",
    "FORMS",
    "Augmentation",
    "DataFile",
    "EncoderChoice",
    "Export",
    "Loss",
    "NetworkChoice",
    "Recipe",
    "Schedule",
]

FORMS = ("auto", "paragraphs", "pairs", "mentions")
"""What a row holds: labels toward several targets; a target and a label; or mentions marked by offsets."""

DEV_METRICS = {"macro_f1": "macro-F1", "f_avg": "F_avg"}
"""What epochs and seeds may be compared by on dev, and how it is written."""


def _require(wrong: bool, name: str, expected: str, found: object) -> None:
    if wrong:
        raise InputError(f"Recipe field {name!r} has to {expected}, found {found!r}.")


@dataclass(frozen=True, slots=True)
class EncoderChoice:
    """Which encoder reads the texts.

    Attributes:
        source: Hub id, folder (one that begins with a dot is relative to the recipe), ``package:NAME/FOLDER`` (a folder
            in an installed package), or ``model:NAME`` (a model that stance wrote, with its head: training goes on).
        sha256: Expected hash of its ``model.safetensors``, or of its parts, joined by "+"; empty if it is not checked.
        layers: How many of its layers are kept, from the first; 0 keeps all.
        frozen: How many of its first layers are not trained; the embeddings never are.
    """

    source: str
    sha256: str = ""
    layers: int = 0
    frozen: int = 0

    def __post_init__(self) -> None:
        for name in ("layers", "frozen"):
            _require(getattr(self, name) < 0, f"encoder.{name}", "be 0 or more", getattr(self, name))


@dataclass(frozen=True, slots=True)
class NetworkChoice:
    """How the text is read and the labels are found.

    Attributes:
        kind: ``"one-pass"``: the text is encoded once, each target attends over its token states. ``"pair"``: text and
            description are encoded together, once a target; for comparison, cannot be exported.
        blind: Whether the targets' names are masked and nothing is said of the target: the text-only twin, by which one
            sees whether a model looks at the target at all; cannot be exported.
        blocks: How often a target looks at the text; 0 means 2, or as often as in the model that training goes on from.
        heads: Attention heads of a block; they have to divide the head's width. 0 means 6, or as in that model.
        width: Width of the head's own states; 0 means the encoder's, or as in that model.
        dropout: Share of features dropped in the head, in [0, 1).
        window: Most tokens read at once, the special ones included.
        overlap: Tokens that consecutive windows share.
    """

    kind: str = "one-pass"
    blind: bool = False
    blocks: int = 0
    heads: int = 0
    width: int = 0
    dropout: float = 0.1
    window: int = 320
    overlap: int = 64

    def __post_init__(self) -> None:
        _require(self.kind not in ("one-pass", "pair"), "network.kind", "be 'one-pass' or 'pair'", self.kind)
        _require(not 0 <= self.dropout < 1, "network.dropout", "lie in [0, 1)", self.dropout)
        for name in ("blocks", "heads", "width"):
            _require(getattr(self, name) < 0, f"network.{name}", "be 0 or more", getattr(self, name))
        room = self.window - 2
        _require(not 0 <= self.overlap < room, "network.overlap", f"be below window - 2 = {room}", self.overlap)


@dataclass(frozen=True, slots=True)
class DataFile:
    """Labelled rows.

    Attributes:
        file: JSONL, CSV, TSV or Parquet, or ``hub:NAME`` (``hub:NAME:CONFIG``) for a data set of the Hugging Face hub,
            or what else `datasets.load_dataset` loads.
        form: One of `FORMS`; ``"auto"`` is told by the first row's fields.
        split: Split of a data set of the hub, ``"train"`` and so on; of no meaning for files.
        labels: Label in the file -> label here, or several of which it may be any (``["neutral", "absent"]`` where a
            data set does not tell them apart). Empty means that the file uses the labels of the codebook.
        weight: What the loss of its rows is multiplied by.
        share: Share of its rows that is used, in (0, 1]; chosen by the seed.
        long: What is done about texts longer than a window: ``"refuse"``, or ``"leave out"`` with a warning that counts
            them (not of the test file, whose score would be another's).
    """

    file: str
    form: str = "auto"
    split: str = "train"
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    weight: float = 1.0
    share: float = 1.0
    long: str = "refuse"

    def __post_init__(self) -> None:
        _require(self.form not in FORMS, "form", f"be one of {', '.join(FORMS)}", self.form)
        _require(not 0 < self.weight < inf, "weight", "be above 0 and finite", self.weight)
        _require(not 0 < self.share <= 1, "share", "lie in (0, 1]", self.share)
        _require(self.long not in ("refuse", "leave out"), "long", "be 'refuse' or 'leave out'", self.long)
        for known in self.labels.values():
            for label in known:
                if label not in LABELS:
                    raise InputError(f"{self.file}: label map: unknown label {label!r}: {suggest(label, LABELS)}.")
        groups = {frozenset(known) for known in self.labels.values()}
        if frozenset() in groups or sum(map(len, groups)) > len(frozenset().union(*groups)):
            raise InputError(f"{self.file}: label map: a label here belongs to one there, and none is empty.")


@dataclass(frozen=True, slots=True)
class Loss:
    """What is minimised: cross-entropy, weighted.

    Attributes:
        class_weights: ``"none"``, ``"sqrt"`` or ``"balanced"``: inverse frequency of each label toward each target, to
            the power 0, 1/2 or 1. Targets with few rows share one set of weights.
        smoothing: Share of a label's weight that is spread over all four labels, in [0, 1).
        doubt: Share that goes to the labels that an annotator nearly gave, where there are any, in [0, 1).
        soft: Share of the gold label's weight that soft labels take, where there are any, in [0, 1].
    """

    class_weights: str = "sqrt"
    smoothing: float = 0.0
    doubt: float = 0.0
    soft: float = 1.0

    def __post_init__(self) -> None:
        known = ("none", "sqrt", "balanced")
        _require(self.class_weights not in known, "loss.class_weights", f"be one of {known}", self.class_weights)
        for name in ("smoothing", "doubt"):
            _require(not 0 <= getattr(self, name) < 1, f"loss.{name}", "lie in [0, 1)", getattr(self, name))
        _require(not 0 <= self.soft <= 1, "loss.soft", "lie in [0, 1]", self.soft)


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast.

    Attributes:
        epochs: Passes over the training data.
        batch_size: Rows in a batch, on each device.
        accumulate: Batches whose gradients are summed before a step.
        encoder_rate: Peak learning rate of the encoder's last layer.
        layer_decay: Factor by which the rate falls from one layer to the one below, in (0, 1].
        head_rate: Peak learning rate of the head.
        warmup: Share of the steps over which the rates rise; they fall linearly after, in [0, 1).
        weight_decay: Decay of AdamW.
        clip: Largest norm of a gradient.
        patience: Epochs without a better score on dev after which training stops; 0 never stops.
        keep: ``"best"`` keeps the weights of the epoch that is best on dev, ``"last"`` those of the last.
        metric: What epochs and seeds are compared by on dev: ``"macro_f1"``, the mean of the targets that the model is
            for, or ``"f_avg"``, the mean F1 of favor and against, these targets as one. Where dev has none of them,
            all of its targets count as one.
        average: Decay of a moving average of the weights, step by step, which is what is scored and kept, in [0, 1); 0
            keeps the weights themselves. It begins with the weights after the first step, of which it keeps a share of
            ``average`` to the power of the steps. (After Polyak and Juditsky 1992, SIAM J. Control Optim.
            30(4):838-855, whose mean gives all steps the same weight.)
        checkpoint_steps: Steps from one checkpoint to the next; each epoch ends with one.
        gradient_checkpointing: Whether activations are computed twice to save memory.
        precision: ``"fp32"``, ``"bf16"``, or ``"auto"``: bf16 where the device multiplies it.
    """

    epochs: int = 4
    batch_size: int = 16
    accumulate: int = 1
    encoder_rate: float = 1e-4
    layer_decay: float = 1.0
    head_rate: float = 5e-4
    warmup: float = 0.06
    weight_decay: float = 0.01
    clip: float = 1.0
    patience: int = 0
    keep: str = "best"
    metric: str = "macro_f1"
    average: float = 0.0
    checkpoint_steps: int = 100
    gradient_checkpointing: bool = False
    precision: str = "auto"

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "accumulate", "encoder_rate", "head_rate", "clip", "checkpoint_steps"):
            found = getattr(self, name)
            _require(not 0 < found < inf, f"schedule.{name}", "be above 0 and finite", found)
        _require(not 0 <= self.weight_decay < inf, "schedule.weight_decay", "be 0 or more", self.weight_decay)
        _require(not 0 <= self.warmup < 1, "schedule.warmup", "lie in [0, 1)", self.warmup)
        _require(not 0 < self.layer_decay <= 1, "schedule.layer_decay", "lie in (0, 1]", self.layer_decay)
        _require(self.patience < 0, "schedule.patience", "be 0 or more", self.patience)
        _require(self.keep not in ("best", "last"), "schedule.keep", "be 'best' or 'last'", self.keep)
        _require(self.metric not in DEV_METRICS, "schedule.metric", f"be one of {tuple(DEV_METRICS)}", self.metric)
        _require(not 0 <= self.average < 1, "schedule.average", "lie in [0, 1)", self.average)
        known = ("auto", "fp32", "bf16")
        _require(self.precision not in known, "schedule.precision", f"be one of {known}", self.precision)


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How training texts are varied, anew each epoch; each a share in [0, 1].

    Attributes:
        swap: Share of the rows in which two targets change names, and labels.
        replace: Share of the rows in which a target gets the name of one that is not asked for ("Russia", "the EU"),
            and is asked for by it: so the head learns to look where it is told.
        mask: Share of the rows in which one target's names are masked; where they stand is still marked.
        noise: Share of the rows that get the slips of machine translation, in 0 to 20 % of the words.
    """

    swap: float = 0.0
    replace: float = 0.0
    mask: float = 0.0
    noise: float = 0.0

    def __post_init__(self) -> None:
        for name in ("swap", "replace", "mask", "noise"):
            _require(not 0 <= getattr(self, name) <= 1, f"augment.{name}", "lie in [0, 1]", getattr(self, name))


@dataclass(frozen=True, slots=True)
class Export:
    """How the weights are stored and multiplied.

    Attributes:
        precision: ``"auto"``: the first of ``"int8"``, ``"fp16"``, ``"fp32"`` that leaves 98 % of the labels on dev as
            they are (``"fp16"`` where dev has marked mentions only, for which that is not measured); or one of these.
        bits: How many bits of a byte are used where weights are stored in bytes, 4 to 8. Fewer do not make the file
            smaller, but what is made of it by compression: a wheel, a repository.
        arithmetic: ``"fp32"``, or ``"int8"``: the encoder's matrices are multiplied in whole numbers, which is faster
            and changes a label in some hundreds.
    """

    precision: str = "auto"
    bits: int = 8
    arithmetic: str = "fp32"

    def __post_init__(self) -> None:
        known = ("auto", "int8", "fp16", "fp32")
        _require(self.precision not in known, "export.precision", f"be one of {known}", self.precision)
        kinds = ("fp32", "int8")
        _require(self.arithmetic not in kinds, "export.arithmetic", f"be one of {kinds}", self.arithmetic)
        _require(not 4 <= self.bits <= 8, "export.bits", "lie in 4 to 8", self.bits)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that determines a training run.

    Attributes:
        name: Name of the model.
        encoder: The encoder.
        train: Files to learn from.
        dev: File to choose the epoch, temperatures and label sets by.
        test: File to report on, never chosen by; None reports on dev alone.
        network: The network.
        loss: The loss.
        schedule: Epochs and rates.
        augment: How texts are varied.
        export: How the weights are stored.
        targets: Names of the targets that the model is for: built in, or of `targets_file`. Rows of the form
            ``paragraphs`` are read for these; they are what the model is asked for unless a user names others. Empty
            for a model that learns from ``pairs`` and ``mentions`` of any target.
        targets_file: TOML file of targets of one's own; empty if there is none.
        seed: Seed of order, dropout, initial head and augmentation; 0 or more.
        about: What the card should say beside the figures, in Markdown: whose labels, which licence, known failures.
        base: Folder that file names are relative to; set when a recipe is read from a file.
    """

    name: str
    encoder: EncoderChoice
    train: tuple[DataFile, ...]
    dev: DataFile
    test: DataFile | None = None
    network: NetworkChoice = NetworkChoice()
    loss: Loss = Loss()
    schedule: Schedule = Schedule()
    augment: Augmentation = Augmentation()
    export: Export = Export()
    targets: tuple[str, ...] = ("NATO", "US", "China")
    targets_file: str = ""
    seed: int = 42
    about: str = ""
    base: str = ""

    def __post_init__(self) -> None:
        if not self.train:
            raise InputError("Recipe field 'train' has to name at least one file.")
        _require(self.seed < 0, "seed", "be 0 or more", self.seed)
        if self.test and self.test.long != "refuse":
            raise InputError("Recipe field 'test.long' has to be 'refuse': every row of a test file counts.")
        varied = self.augment != Augmentation()
        if self.network.blind and varied:
            raise InputError("Recipe field 'network.blind' masks every target, so 'augment' has to be left out.")
        if self.network.kind == "pair" and self.augment.replace:
            raise InputError("Recipe field 'augment.replace' adds targets to a text, so it does not go with 'pair'.")

    @property
    def exportable(self) -> bool:
        """Whether the network can be exported, or is for comparison only."""
        return self.network.kind == "one-pass" and not self.network.blind
