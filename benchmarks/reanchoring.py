"""Count labelled paragraphs found again in edited copies of their articles; write results/reanchoring.json.

Every copy gets 200 random edits: typos, words dropped or doubled, lines wrapped again or inserted, CRLF, doubled
spaces, straight quotes, changes of case. Where each paragraph truly stands is known from the edits. Anchors are tried
with text and without (stand-off), also on copies from which the paragraph was deleted, and on articles that it is not
from. Right: both ends within three words of the true ones and intersection over union at least 0.9; anything else that
is found is wrong, the right paragraph with an end too far off included. Lines that the edits put in count as
any other words do.
Run: python benchmarks/reanchoring.py [--data ../shared] [--seeds 430-439]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from stance.annotation.anchors import make_anchor, without_text
from stance.annotation.copies import Copy
from stance.annotation.hydration import hydrate
from stance.annotation.standoff import Match, find_all
from stance.schema import Anchor, Annotation, Document, Paragraph
from stance.text.segmentation import segment

RESULT = Path(__file__).parent / "results" / "reanchoring.json"
EDITS = 200
LETTERS = "abcdefghijklmnopqrstuvwxyz"
WIDTHS = (50, 60, 72, 90)
QUOTES = str.maketrans("“”„«»‘’‚", '"""""\'\'\'')
TEASERS = (
    "Read more: What the harbour towns want",
    "Advertisement",
    "Also of interest: Ten walks along the river",
    "Subscribe to our evening letter",
    "Listen to this article (6 minutes)",
    "Photo: a market square in spring",
)

Sign = tuple[str, int | None]
"""A character, and its place in the article before editing; None if it was added."""
Edit = Callable[[list[Sign], random.Random, int], bool]


@dataclass(frozen=True, slots=True)
class Article:
    """An article with its labelled paragraphs."""

    name: str
    text: str
    spans: tuple[tuple[int, int], ...]

    def anchors(self) -> list[Anchor]:
        """Make the anchors of the paragraphs."""
        document = Document(self.text, self.name)
        return [make_anchor(document, Paragraph(self.text[start:end], start, end)) for start, end in self.spans]


def read_articles(data: Path) -> list[Article]:
    """Read the articles and where their labelled paragraphs stand."""
    articles = []
    for line in (data / "corpus" / "articles.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        text = (data / "articles" / row["file"]).read_bytes().decode("utf-8")
        spans = tuple((block["start"], block["end"]) for block in row["blocks"] if "id" in block)
        articles.append(Article(row["file"], text, spans))
    return articles


def text_of(signs: Sequence[Sign]) -> str:
    """Give the text."""
    return "".join(sign for sign, _ in signs)


def _pick(signs: Sequence[Sign], generator: random.Random) -> int:
    """Choose a character that breaks no line."""
    while True:
        place = generator.randrange(len(signs) - 1)
        if signs[place][0] not in "\r\n":
            return place


def substitute(signs: list[Sign], generator: random.Random, _width: int) -> bool:
    """Put another letter for a character."""
    place = _pick(signs, generator)
    signs[place] = (generator.choice(LETTERS), signs[place][1])
    return True


def delete(signs: list[Sign], generator: random.Random, _width: int) -> bool:
    """Leave out a character."""
    del signs[_pick(signs, generator)]
    return True


def insert(signs: list[Sign], generator: random.Random, _width: int) -> bool:
    """Put in a letter."""
    place = _pick(signs, generator)
    signs.insert(place, (generator.choice(LETTERS), signs[place][1]))
    return True


def transpose(signs: list[Sign], generator: random.Random, _width: int) -> bool:
    """Exchange two characters."""
    place = _pick(signs, generator)
    if signs[place + 1][0] in "\r\n":
        return False
    (one, first), (other, second) = signs[place], signs[place + 1]
    signs[place], signs[place + 1] = (other, first), (one, second)
    return True


def _pick_word(signs: Sequence[Sign], generator: random.Random) -> tuple[int, int]:
    return generator.choice([match.span() for match in re.finditer(r"\S+", text_of(signs))])


def drop_word(signs: list[Sign], generator: random.Random, _width: int) -> bool:
    """Leave out a word and the space after it."""
    start, end = _pick_word(signs, generator)
    del signs[start : end + (end < len(signs) and signs[end][0] == " ")]
    return True


def double_word(signs: list[Sign], generator: random.Random, _width: int) -> bool:
    """Write a word twice."""
    start, end = _pick_word(signs, generator)
    signs[end:end] = [(" ", signs[end - 1][1]), *signs[start:end]]
    return True


def wrap(signs: list[Sign], generator: random.Random, width: int) -> bool:
    """Wrap lines that stand together to another width."""
    text = text_of(signs)
    parts = [match.span() for match in re.finditer(r"[^\r\n]+(?:\r?\n[^\r\n]+)*", text)]
    long = [span for span in parts if any(len(line) > width for line in text[slice(*span)].splitlines())]
    if not long:
        return False
    start, end = generator.choice(long)
    part = [(" " if sign == "\n" else sign, origin) for sign, origin in signs[start:end] if sign != "\r"]
    line = 0
    for place, (sign, origin) in enumerate(part):
        line += 1
        rest = "".join(sign for sign, _ in part[place + 1 : place + 1 + width]).partition(" ")[0]
        if sign == " " and line + len(rest) > width:
            part[place] = ("\n", origin)
            line = 0
    signs[start:end] = part
    return True


def insert_line(signs: list[Sign], generator: random.Random, _width: int) -> bool:
    """Put a teaser after a line."""
    ends = [place for place, (sign, _) in enumerate(signs) if sign == "\n"]
    place = generator.choice(ends)
    signs[place:place] = [(sign, None) for sign in "\n" + generator.choice(TEASERS)]
    return True


def carriage_returns(signs: list[Sign], _generator: random.Random, _width: int) -> bool:
    """End every line with CRLF."""
    changed: list[Sign] = []
    for sign, origin in signs:
        if sign == "\n" and (not changed or changed[-1][0] != "\r"):
            changed.append(("\r", origin))
        changed.append((sign, origin))
    done = len(changed) > len(signs)
    signs[:] = changed
    return done


def double_space(signs: list[Sign], generator: random.Random, _width: int) -> bool:
    """Write a space twice."""
    place = generator.choice([place for place, (sign, _) in enumerate(signs) if sign == " "])
    signs.insert(place, signs[place])
    return True


def straighten_quotes(signs: list[Sign], _generator: random.Random, _width: int) -> bool:
    """Make every quotation mark straight."""
    before = text_of(signs)
    signs[:] = [(sign.translate(QUOTES), origin) for sign, origin in signs]
    return before != text_of(signs)


def change_case(signs: list[Sign], generator: random.Random, _width: int) -> bool:
    """Write a word in capitals, or small."""
    start, end = _pick_word(signs, generator)
    change = generator.choice((str.upper, str.lower, str.title))
    signs[start:end] = [(change(sign) if len(change(sign)) == 1 else sign, origin) for sign, origin in signs[start:end]]
    return True


KINDS: tuple[Edit, ...] = (
    substitute,
    delete,
    insert,
    transpose,
    drop_word,
    double_word,
    wrap,
    insert_line,
    carriage_returns,
    double_space,
    straighten_quotes,
    change_case,
)


def edit_text(text: str, generator: random.Random) -> list[Sign]:
    """Make random edits; one that changes nothing is drawn again."""
    signs: list[Sign] = [(sign, place) for place, sign in enumerate(text)]
    width, done = generator.choice(WIDTHS), 0
    while done < EDITS:
        done += generator.choice(KINDS)(signs, generator, width)
    return signs


def true_span(signs: Sequence[Sign], start: int, end: int) -> tuple[int, int]:
    """Tell where a paragraph stands after the edits, without white space at its ends."""
    places = [
        place
        for place, (sign, origin) in enumerate(signs)
        if origin is not None and start <= origin < end and not sign.isspace()
    ]
    return places[0], places[-1] + 1


def judge(match: Match | None, span: tuple[int, int], text: str) -> str:
    """Tell whether a paragraph was found: ends within 3 words, intersection over union at least 0.9."""
    if match is None:
        return "missing"
    off = [
        len(re.findall(r"\w+", text[min(one, other) : max(one, other)]))
        for one, other in ((match.start, span[0]), (match.end, span[1]))
    ]
    shared = min(match.end, span[1]) - max(match.start, span[0])
    union = max(match.end, span[1]) - min(match.start, span[0])
    if max(off) > 3 or shared / union < 0.9:
        return "wrong"
    return "exact" if (match.start, match.end) == span else "right"


def copy_of(text: str, name: str = "") -> Copy:
    """Make a text ready for searching."""
    document = Document(text, name)
    return Copy(document, segment(document))


def stand_off(anchors: Iterable[Anchor]) -> list[Anchor]:
    """Take the text out of anchors."""
    return [without_text(Annotation("", anchor)).anchor for anchor in anchors]


def measure(articles: Sequence[Article], seeds: Sequence[int], *, bare: bool) -> dict[str, Any]:
    """Count how paragraphs are found in unedited, edited and foreign articles, and where they were deleted."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in ("unedited", "edited", "deleted", "foreign")}
    for number, article in enumerate(articles):
        anchors = stand_off(article.anchors()) if bare else article.anchors()
        plain = copy_of(article.text)
        for match, span in zip(find_all(anchors, plain), article.spans, strict=True):
            counts["unedited"][judge(match, span, article.text)] += 1
        for other in articles:
            if other is not article:
                copy = copy_of(other.text)
                counts["foreign"].update("wrong" if match else "missing" for match in find_all(anchors, copy))
        for seed in seeds:
            signs = edit_text(article.text, random.Random(f"{seed} {number}"))
            text = text_of(signs)
            spans = [true_span(signs, *span) for span in article.spans]
            for match, span in zip(find_all(anchors, copy_of(text)), spans, strict=True):
                counts["edited"][judge(match, span, text)] += 1
            for number_of, (first, last) in enumerate(spans):
                found = find_all(anchors, copy_of(text[:first] + text[last:]))
                counts["deleted"]["wrong" if found[number_of] else "missing"] += 1
    return {name: summary(counter) for name, counter in counts.items()}


def summary(counts: Counter[str]) -> dict[str, Any]:
    """Name the counts."""
    total = sum(counts.values())
    right = counts["exact"] + counts["right"]
    return {
        "paragraphs": total,
        "right": right,
        "exact": counts["exact"],
        "missing": counts["missing"],
        "wrong": counts["wrong"],
        "share_right": round(right / total, 4),
    }


def synthetic(documents: int, annotations: int) -> tuple[list[Document], list[Annotation]]:
    """Make documents of random words, and annotations of their paragraphs: a third in documents edited since."""
    generator = random.Random(0)
    vocabulary = ["".join(generator.choices(LETTERS, k=generator.randint(2, 10))) for _ in range(8000)]
    weights = [1 / (rank + 3) for rank in range(len(vocabulary))]
    copies, items = [], []
    for number in range(documents):
        paragraphs = [
            " ".join(generator.choices(vocabulary, weights, k=generator.randint(40, 120))).capitalize() + "."
            for _ in range(12)
        ]
        document = Document("\n\n".join(paragraphs), f"{number}.txt")
        blocks = [block for block in segment(document) if block.kind == "body"]
        items += [Annotation(f"{number}-{block.index}", make_anchor(document, block)) for block in blocks]
        text = document.text if number % 3 == 0 else "Made up.\n\n" + document.text
        text = text if number % 3 < 2 else text_of(edit_text(text, generator))
        copies.append(Document(text, f"copy-{number}.txt"))
    return copies, generator.sample(items, annotations)


def measure_time(documents: int, annotations: int) -> dict[str, Any]:
    """Take the time to find annotations in documents whose names tell nothing."""
    copies, items = synthetic(documents, annotations)
    report: dict[str, Any] = {"documents": documents, "annotations": annotations}
    for name, given in (("with_text", items), ("without_text", [without_text(item) for item in items])):
        start = time.perf_counter()
        found = hydrate(given, copies)
        report[name] = {"seconds": round(time.perf_counter() - start, 1), **found.to_dict()}
        report[name].pop("missing_ids", None)
    return report


def main() -> None:
    """Run the measurements and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared"))
    parser.add_argument(
        "--seeds",
        default="430-439",
        help="first and last seed of edits; constants were set on 0-19, 100-159, 300-309; 200-209, 400-429 were seen",
    )
    parser.add_argument("--try-out", action="store_true", help="only print, write nothing, take no times")
    arguments = parser.parse_args()
    first, last = map(int, arguments.seeds.split("-"))
    articles = read_articles(arguments.data)
    labels = (arguments.data / "corpus" / "articles.jsonl").read_bytes()
    report: dict[str, Any] = {
        "command": f"python benchmarks/reanchoring.py --seeds {arguments.seeds}",
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("stance-kit", "rapidfuzz")},
        },
        "data_sha256": {
            "articles.jsonl": hashlib.sha256(labels).hexdigest(),
            **{item.name: hashlib.sha256(item.text.encode("utf-8")).hexdigest() for item in articles},
        },
        "edits_per_article": EDITS,
        "seeds": [first, last],
        "constants_set_on_seeds": [[0, 19], [100, 159], [300, 309]],
        "looked_at_before": [[200, 209], [400, 429]],
    }
    for name, bare in (("with_text", False), ("without_text", True)):
        report[name] = measure(articles, range(first, last + 1), bare=bare)
        print(name, json.dumps(report[name], indent=1))
    if not arguments.try_out:
        report["time"] = measure_time(500, 3600)
        print(json.dumps(report["time"], indent=1))
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
