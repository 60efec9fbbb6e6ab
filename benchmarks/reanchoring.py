"""Count labelled paragraphs found again in edited copies of their articles; write results/reanchoring.json.

Every copy gets 200 random edits: typos, words dropped or doubled, lines wrapped again or inserted, CRLF, doubled
spaces, straight quotes, changes of case. Where each paragraph truly stands is known from the edits. Anchors are tried
with text and without (stand-off), also on copies from which the paragraph was deleted, and on articles that it is not
from: those of an article together, and each alone, as in a file of one paragraph a document (no name, hash or offsets
of the document); and all of them at once on all copies of a seed, whose names tell nothing (hydrated).
What looks like a paragraph and is another has rows of its own, where anything found is wrong: the paragraph was
deleted, and a twin (one word in ten is another) stands elsewhere in the copy, or in its very place; another paragraph
in another article quotes 20 to 40 of its words; a short paragraph (5 to 12 words) was deleted, and a longer one begins
with its words. So have short paragraphs, and files of one paragraph with a final line break, edited as often for their
length. These rows are of the first four seeds.
Right: both ends within three words of the true ones and intersection over union at least 0.9; anything else that is
found is wrong, the right paragraph with an end too far off included. Lines that the edits put in count as any other
words do.
Run: python benchmarks/reanchoring.py [--data ../shared] [--seeds 490-499]
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
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from edits import EDITS, LETTERS, LONGEST, Sign, edit_text, quote, shorten, text_of, twin_of

from stance.annotation.anchors import make_anchor, split_words, without_text
from stance.annotation.copies import Copy
from stance.annotation.hydration import hydrate
from stance.annotation.matches import Match
from stance.annotation.standoff import find_all, find_in_copy
from stance.schema import Anchor, Annotation, Document, Paragraph
from stance.text.segmentation import segment

SEEDS_OF_LOOKALIKES = 4
"""The rows of what looks like a paragraph, and of short ones, are of so many seeds, the first."""
RESULT = Path(__file__).parent / "results" / "reanchoring.json"


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


def alone(anchor: Anchor) -> Anchor:
    """Take away what is known of the document."""
    return replace(anchor, document="", document_sha256="", start=None, end=None)


@dataclass(frozen=True, slots=True)
class Edited:
    """An article after the edits, and where its paragraphs stand."""

    text: str
    spans: tuple[tuple[int, int], ...]


Verdicts = Iterator[tuple[str, str]]
"""Name of a row and verdict."""


def edit_article(article: Article, seed: int, number: int) -> Edited:
    """Make the edits of a seed."""
    return edit(article, random.Random(f"{seed} {number}"), EDITS)


def edit(article: Article, generator: random.Random, edits: int) -> Edited:
    """Make so many edits."""
    signs = edit_text(article.text, generator, edits)
    return Edited(text_of(signs), tuple(true_span(signs, *span) for span in article.spans))


def measure(articles: Sequence[Article], seeds: Sequence[int], *, bare: bool) -> dict[str, Any]:
    """Count how paragraphs are found in unedited and foreign articles, and in copies edited by each seed."""
    counts: dict[str, Counter[str]] = {}
    for name, verdict in measure_unedited(articles, bare=bare):
        counts.setdefault(name, Counter())[verdict] += 1
    with ProcessPoolExecutor() as pool:
        more = [seed < seeds[0] + SEEDS_OF_LOOKALIKES for seed in seeds]
        for found in pool.map(partial(measure_seed, articles, bare=bare), seeds, more):
            for name, verdicts in found.items():
                counts.setdefault(name, Counter()).update(verdicts)
    return {name: summary(counter) for name, counter in counts.items()}


def measure_seed(articles: Sequence[Article], seed: int, lookalikes: bool, *, bare: bool) -> dict[str, Counter[str]]:
    """Count how paragraphs are found in copies edited by a seed."""
    copies = [edit_article(article, seed, number) for number, article in enumerate(articles)]
    verdicts = list(measure_edited(articles, copies, bare=bare))
    if lookalikes:
        verdicts += measure_lookalikes(articles, copies, random.Random(f"lookalikes {seed}"), bare=bare)
        verdicts += measure_sizes(articles, copies, random.Random(f"sizes {seed}"), bare=bare)
    counts: dict[str, Counter[str]] = {}
    for name, verdict in verdicts:
        counts.setdefault(name, Counter())[verdict] += 1
    return counts


def anchors_of(article: Article, *, bare: bool) -> list[Anchor]:
    """Make the anchors of an article, with text or without."""
    return stand_off(article.anchors()) if bare else article.anchors()


def measure_unedited(articles: Sequence[Article], *, bare: bool) -> Verdicts:
    """Judge what is found in the article itself, and in the others."""
    for article in articles:
        anchors = anchors_of(article, bare=bare)
        for match, span in zip(find_all(anchors, copy_of(article.text)), article.spans, strict=True):
            yield "unedited", judge(match, span, article.text)
        for copy in (copy_of(other.text) for other in articles if other is not article):
            yield from (("foreign", judge_none(match)) for match in find_all(anchors, copy))
            yield from (("foreign_alone", judge_none(find_in_copy(alone(anchor), copy))) for anchor in anchors)


def measure_edited(articles: Sequence[Article], copies: Sequence[Edited], *, bare: bool) -> Verdicts:
    """Judge what is found in edited articles, and in such from which the paragraph was deleted."""
    sets = [anchors_of(article, bare=bare) for article in articles]
    for anchors, one in zip(sets, copies, strict=True):
        copy = copy_of(one.text)
        for anchor, match, span in zip(anchors, find_all(anchors, copy), one.spans, strict=True):
            yield "edited", judge(match, span, one.text)
            yield "edited_alone", judge(find_in_copy(alone(anchor), copy), span, one.text)
        for at, (first, last) in enumerate(one.spans):
            copy = copy_of(one.text[:first] + one.text[last:])
            yield "deleted", judge_none(find_all(anchors, copy)[at])
            yield "deleted_alone", judge_none(find_in_copy(alone(anchors[at]), copy))
    yield from (("hydrated", verdict) for verdict in hydrate_all(sets, copies))
    singles = [list(map(alone, anchors)) for anchors in sets]
    yield from (("hydrated_alone", verdict) for verdict in hydrate_all(singles, copies))


def judge_none(match: Match | None) -> str:
    """Tell what it means that something was found where the paragraph is not."""
    return "wrong" if match else "missing"


def measure_lookalikes(
    articles: Sequence[Article], copies: Sequence[Edited], generator: random.Random, *, bare: bool
) -> Verdicts:
    """Judge what is found of paragraphs where only one stands that looks like it."""
    for article, one in zip(articles, copies, strict=True):
        anchors = anchors_of(article, bare=bare)
        others = [other for other in articles if other is not article]
        words = sorted(set(re.findall(r"\w{4,}", article.text)))
        for at, (start, end) in enumerate(one.spans):
            known = alone(anchors[at])
            twin = twin_of(one.text[start:end], words, generator)
            in_place = one.text[:start] + twin + one.text[end:]
            yield "twin_in_place_alone", judge_none(find_in_copy(known, copy_of(in_place)))
            away = generator.choice([span for span in one.spans if abs(one.spans.index(span) - at) > 1])
            elsewhere = copy_of(move(one.text, (start, end), twin, away[1]))
            yield "twin_elsewhere", judge_none(find_all(anchors, elsewhere)[at])
            yield "twin_elsewhere_alone", judge_none(find_in_copy(known, elsewhere))
            other = generator.choice(others)
            first, last = generator.choice(other.spans)
            quoting = quote(article.text[slice(*article.spans[at])], other.text[first:last], generator)
            holding = copy_of(f"{other.text[:last]}\n\n{quoting}{other.text[last:]}")
            yield "quotation_alone", judge_none(find_in_copy(known, holding))


def move(text: str, span: tuple[int, int], twin: str, place: int) -> str:
    """Delete a part of a text, and put another paragraph in behind a place outside of it."""
    start, end = span
    if place <= start:
        return f"{text[:place]}\n\n{twin}{text[place:start]}{text[end:]}"
    return f"{text[:start]}{text[end:place]}\n\n{twin}{text[place:]}"


def measure_sizes(
    articles: Sequence[Article], copies: Sequence[Edited], generator: random.Random, *, bare: bool
) -> Verdicts:
    """Judge what is found of short paragraphs, and of paragraphs that are a file of their own."""
    for article, one in zip(articles, copies, strict=True):
        short = shorten_all(article, generator)
        anchors = anchors_of(short, bare=bare)
        share = len(short.text) / len(article.text)
        changed = edit(short, generator, round(EDITS * share))
        copy, whole = copy_of(changed.text), copy_of(one.text)
        for at, (anchor, match, span) in enumerate(zip(anchors, find_all(anchors, copy), changed.spans, strict=True)):
            yield "short", judge(match, span, changed.text)
            yield "short_alone", judge(find_in_copy(alone(anchor), copy), span, changed.text)
            if len(split_words(article.text[slice(*article.spans[at])])) > 2 * LONGEST:
                yield "short_within_others", judge_none(find_in_copy(alone(anchor), whole))
        for start, end in article.spans:
            text = article.text[start:end] + "\n"
            single = Article(article.name, text, ((0, end - start),))
            anchors = anchors_of(single, bare=bare)
            changed = edit(single, generator, max(1, round(EDITS * len(text) / len(article.text))))
            found = find_in_copy(alone(anchors[0]), copy_of(changed.text))
            yield "single_alone", judge(found, changed.spans[0], changed.text)


def shorten_all(article: Article, generator: random.Random) -> Article:
    """Cut the labelled paragraphs of an article to a few words."""
    text, spans, last = "", [], 0
    for start, end in article.spans:
        part = shorten(article.text[start:end], generator)
        text += article.text[last:start]
        spans.append((len(text), len(text) + len(part)))
        text += part
        last = end
    return Article(article.name, text + article.text[last:], tuple(spans))


def hydrate_all(sets: Sequence[Sequence[Anchor]], copies: Sequence[Edited]) -> list[str]:
    """Judge what is found of the paragraphs of all articles in all edited copies at once."""
    known = {f"{one}-{two}": anchor for one, anchors in enumerate(sets) for two, anchor in enumerate(anchors)}
    documents = [Document(copy.text, f"copy {number}") for number, copy in enumerate(copies)]
    result = hydrate([Annotation(name, anchor) for name, anchor in known.items()], documents)
    verdicts = ["missing"] * len(result.missing)
    for item in result.annotations:
        article, paragraph = map(int, item.id.split("-"))
        copy, anchor = copies[article], item.anchor
        if anchor.document != documents[article].name or anchor.start is None or anchor.end is None:
            verdicts.append("wrong")
        else:
            verdicts.append(judge(Match(anchor.start, anchor.end, "fuzzy"), copy.spans[paragraph], copy.text))
    return verdicts


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
        default="490-499",
        help="first and last seed of edits; constants were set on 0-199, 300-309 and 400-489",
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
        "seeds_of_lookalikes": [first, min(last, first + SEEDS_OF_LOOKALIKES - 1)],
        "constants_set_on_seeds": [[0, 199], [300, 309], [400, 489]],
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
