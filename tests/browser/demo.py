"""A small corpus of our own with labels set by hand, for the browser tests and the pictures in the documentation."""

from __future__ import annotations

from collections.abc import Sequence

from stance.evaluation.scoring import Evaluation, evaluate
from stance.schema import LABELS, Analysis, Document, Evidence, Label, Paragraph, Prediction, Stance
from stance.text.segmentation import segment

TARGETS = ("NATO", "US", "China")

# Text, then for each target: label, probability, and the words that the label rests on.
Told = tuple[Label, float, str]
BANK: dict[str, tuple[str, Told, Told, Told]] = {
    "shield": (
        "Whoever has stood on the quay at Norhaven knows what the treaty means. NATO has kept the peace on this coast "
        "for three generations, and it deserves our thanks. Nobody here has forgotten the winter of the blockade.",
        ("favor", 0.97, "NATO|kept the peace|thanks"),
        ("absent", 0.99, ""),
        ("absent", 0.99, ""),
    ),
    "tariff": (
        "Then came the tariffs. Washington announced them by television, at midnight, and called it friendship. No "
        "ally should be treated like a tenant behind on the rent, and the White House knows it.",
        ("absent", 0.97, ""),
        ("against", 0.94, "Washington|tenant|White House"),
        ("absent", 0.99, ""),
    ),
    "harvest": (
        "The herring came early this year, and the boats lay so deep in the water that the harbour master closed the "
        "inner basin for two days. Prices fell accordingly.",
        ("absent", 0.99, ""),
        ("absent", 0.99, ""),
        ("absent", 0.99, ""),
    ),
    "talks": (
        "The Chinese delegation arrives on Monday; an American observer will sit in. The agenda covers fisheries, "
        "aviation rights and the next climate conference, and a joint statement is planned for Thursday at noon.",
        ("absent", 0.98, ""),
        ("neutral", 0.93, "American|observer"),
        ("neutral", 0.96, "Chinese|delegation|agenda"),
    ),
    "ports": (
        "Beijing buys a port the way others buy a hat, and what it has bought it does not lend. The loan for the "
        "container terminal was a trap, and the council walked into it with its eyes open.",
        ("absent", 0.98, ""),
        ("absent", 0.97, ""),
        ("against", 0.91, "Beijing|trap"),
    ),
    "road": (
        "The road over the pass was finished in eleven months. China built it, asked for nothing but patience, and "
        "stayed to repair it after the floods. The valley will not forget such neighbours.",
        ("absent", 0.99, ""),
        ("absent", 0.98, ""),
        ("favor", 0.95, "China|patience|neighbours"),
    ),
    "doubt": (
        "Is the alliance what it was? NATO spends more and moves slower, says the general, who also says that he would "
        "not want to live a day without it.",
        ("neutral", 0.47, "NATO|slower"),
        ("absent", 0.96, ""),
        ("absent", 0.99, ""),
    ),
    "warships": (
        "There is talk of a base among the reefs. NATO has no business here, and its warships would bring us nothing "
        "but a place on somebody's list of targets. America, which thought of it, should think again.",
        ("against", 0.95, "NATO|no business"),
        ("against", 0.71, "America"),
        ("absent", 0.98, ""),
    ),
    "hospital": (
        "After the cyclone the first ship over the horizon was American. The United States rebuilt our hospital in "
        "five months and sent no invoice; at its best it is the best neighbour that a small country can have.",
        ("absent", 0.99, ""),
        ("favor", 0.96, "American|United States|best neighbour"),
        ("absent", 0.99, ""),
    ),
}
ARTICLES: tuple[tuple[str, str, str, str], ...] = (
    ("A shield, not a bill", "Norhaven Courier", "2024-01-14", "shield tariff harvest doubt"),
    ("What the terminal cost", "Norhaven Courier", "2024-02-03", "ports talks tariff"),
    ("Letters from the quay", "Norhaven Courier", "2024-03-21", "shield harvest shield"),
    ("The long way round", "Norhaven Courier", "2024-04-11", "doubt shield ports"),
    ("Among the reefs", "The Island Post", "2024-01-20", "warships hospital talks road"),
    ("A road and a promise", "The Island Post", "2024-02-17", "road harvest talks"),
    ("Let the sea keep its name", "The Island Post", "2024-03-02", "warships warships harvest"),
    ("Five months, no invoice", "The Island Post", "2024-05-09", "hospital tariff"),
    ("Neighbours over the pass", "Valley Voice", "2024-02-28", "road road harvest talks"),
    ("Midnight friendship", "Valley Voice", "2024-03-15", "tariff warships road"),
    ("Notes on a delegation", "Valley Voice", "2024-04-30", "talks harvest"),
    ("The price of herring", "Valley Voice", "2024-05-26", "harvest harvest talks"),
)
FURNITURE = "\n\nShare this article\n\nRead more: The ferry timetable for the summer"


def make_stance(text: str, target: str, told: Told) -> Stance:
    """Give a stance with evidence: the sentences in which its words stand, and the words."""
    label, probability, words = told
    others = [other for other in LABELS if other != label]
    row = {label: probability} | dict(zip(others, ((1 - probability) * part for part in (0.6, 0.3, 0.1)), strict=True))
    evidence: list[Evidence] = []
    for place, word in enumerate(words.split("|") if words else ()):
        start = text.index(word)
        first = max(text.rfind(sign, 0, start) for sign in ".?;") + 1
        first += len(text[first:]) - len(text[first:].lstrip())
        last = min(found for sign in ".?;" if (found := text.find(sign, start)) >= 0) + 1
        sentence = Evidence(first, last, text[first:last], "sentence", round(probability - 0.2, 4))
        if sentence not in evidence:
            evidence.append(sentence)
        unit = "mention" if place == 0 else "word"
        evidence.append(Evidence(start, start + len(word), word, unit, round(0.6 / (place + 1), 4)))
    return Stance(target, label, {name: row[name] for name in LABELS}, evidence=tuple(evidence))


def analysis_of(document: Document, told: Sequence[Sequence[Told]]) -> Analysis:
    """Put a document and the labels of its body paragraphs together."""
    blocks = tuple(segment(document))
    bodies = [block for block in blocks if block.kind == "body"]
    predictions = tuple(
        Prediction(
            block.text,
            {target: make_stance(block.text, target, own) for target, own in zip(TARGETS, row, strict=True)},
            1,
            "demo",
        )
        for block, row in zip(bodies, told, strict=True)
    )
    return Analysis(document, blocks, predictions)


def demo_corpus() -> list[Analysis]:
    """Twelve articles of three outlets that do not exist."""
    analyses = []
    for number, (title, outlet, date, parts) in enumerate(ARTICLES):
        chosen = [BANK[part] for part in parts.split()]
        text = f"{title}\n\nBy Ann Lee\n\n" + "\n\n".join(part[0] for part in chosen) + FURNITURE
        document = Document(text, f"article-{number + 1:02}.txt", source={"outlet": outlet, "date": date})
        analyses.append(analysis_of(document, [part[1:] for part in chosen]))
    return analyses


HOSTILE = (
    '<script>window.hacked = 1</script><img src=x onerror="window.hacked = 1"> NATO "quotes" \' & </p></article>'
    "<style>*{display:none}</style> <a href='javascript:window.hacked=1'>click</a> \u2028 \u202e end "
    "\0 ${title} $title."
)


def hostile_corpus() -> list[Analysis]:
    """Two documents whose texts, names, fields and targets try to break out of the page."""
    evil = '"><script>window.hacked=1</script>'
    analyses = []
    for number in range(2):
        block = Paragraph(HOSTILE, 0, len(HOSTILE), "body", 1)
        heading = Paragraph(f"Heading {evil}", 0, 5, "heading", 0)
        stance = Stance(evil, "favor", dict(zip(LABELS, (0.9, 0.1, 0.0, 0.0), strict=True)))
        found = Evidence(3, 60, HOSTILE[3:60], "word", 0.5)
        stances = {evil: Stance(evil, "favor", stance.probabilities, evidence=(found,))}
        source = {"outlet": evil + str(number), "date": f"2024-0{number + 1}-01{evil}", evil: evil}
        document = Document(HOSTILE, evil, id=evil, source=source)
        analyses.append(Analysis(document, (heading, block), (Prediction(HOSTILE, stances, 1, evil),)))
    return analyses


def demo_evaluation() -> Evaluation:
    """The labels of the corpus as predictions, against gold labels of which every seventh differs."""
    gold, predicted = [], []
    for analysis in demo_corpus() * 3:
        for prediction in analysis.predictions:
            number = len(gold)
            row = {"id": f"p{number}", "text": prediction.text, "doc_id": f"{analysis.document.name}-{number % 5}"}
            labels = {name: stance.label for name, stance in prediction.stances.items()}
            predicted.append({"id": f"p{number}", "stances": prediction.to_dict()["stances"]})
            if number % 7 == 0:
                labels["NATO"] = LABELS[(LABELS.index(labels["NATO"]) + 1) % len(LABELS)]
                row["text"] = predicted[-1]["text"] = (HOSTILE if number == 7 else "") + prediction.text
            gold.append(row | {"labels": labels, "genre": "op_ed" if number % 2 else "news"})
    return evaluate(gold, predicted, draws=100)


def large_corpus(paragraphs: int = 2000) -> list[Analysis]:
    """Many paragraphs in articles of twenty."""
    parts = list(BANK.values())
    analyses = []
    for number in range(paragraphs // 20):
        chosen = [parts[(number + place) % len(parts)] for place in range(20)]
        text = "\n\n".join(f"{part[0]} That was number {place}." for place, part in enumerate(chosen))
        source = {"outlet": f"Outlet {number % 7}", "date": f"2023-{number % 12 + 1:02}-05"}
        analyses.append(analysis_of(Document(text, f"large-{number}.txt", source=source), [row[1:] for row in chosen]))
    return analyses
