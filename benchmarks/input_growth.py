"""How time and memory grow with the size of the input, and what hostile input costs: each case in a process of its own.

    python benchmarks/input_growth.py                       # writes benchmarks/results/input_growth.json
    python benchmarks/input_growth.py --sizes 2,8 --check   # fails if anything grows faster than it may (make faults)

Every reader, the segmenter, repair and the cutting of sentences get prose of 1 to 50 MB (pages up to the most that is
read). The exponent is the slope of the logarithms of time and size from 5 MB on: 1 is linear, 2 is quadratic.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stance.errors import StanceError
from stance.schema import Document
from stance.text.documents import read_open
from stance.text.reading import Reading
from stance.text.repair import repair
from stance.text.segmentation import segment
from stance.text.sentences import split_sentences
from stance.text.tables import parse_json

RESULT = Path(__file__).parent / "results" / "input_growth.json"
SENTENCE = (
    "NATO has kept the peace in Europe for many years, said Ms Lee of the U.S. Navy; in all regions.One of them is. "
)
PARAGRAPH = SENTENCE * 4
MB = 10**6
MOST_EXPONENT = 1.3
MOST_SECONDS = 600
MOST_MEMORY = 4096
"""MB of a case at most; the machine's share of a small server."""


def prose(size: int) -> str:
    """Give wrapped prose of so many characters, with a blank line after each paragraph."""
    words, lines, line = PARAGRAPH.split(" "), [], ""
    for word in words:
        if len(line) + len(word) > 76:
            lines.append(line)
            line = ""
        line += f"{word} "
    block = "\n".join([*lines, line, "", ""])
    return block * (size // len(block) + 1)


def page(size: int) -> bytes:
    """Give a page of so many bytes."""
    block = f"<p>{PARAGRAPH}</p>"
    return f"<html><body><article>{block * (size // len(block))}</article></body></html>".encode()


def parquet(texts: list[str], times: int = 1, *, use_dictionary: bool = True, compression: str = "snappy") -> bytes:
    """Write a Parquet file of texts that come several times, in one row group."""
    import pyarrow as pa
    from pyarrow import parquet as pq

    file = io.BytesIO()
    column = pa.chunked_array([pa.array(texts)] * times)  # the texts are held once
    pq.write_table(pa.table({"text": column}), file, use_dictionary=use_dictionary, compression=compression)
    return file.getvalue()


def read(data: bytes, form: str) -> int:
    """Read a file and cut what it holds; give how many documents."""
    count = 0
    for found in read_open(io.BytesIO(data), f"x.{form}", Reading(form)):
        if not isinstance(found, Document):
            raise found
        if form != "parquet":
            segment(found)
        count += 1
    return count


GROWING: dict[str, Callable[[int], Callable[[], object]]] = {
    "text": lambda size: _reader(prose(size).encode(), "text"),
    "text in cp1252": lambda size: _reader(prose(size).replace("years,", "years’").encode("cp1252"), "text"),
    "text in UTF-16": lambda size: _reader(prose(size).encode("utf-16"), "text"),
    "html": lambda size: _reader(page(min(size, 8 * MB)), "html"),
    "jsonl": lambda size: _reader(_rows(size, lambda text: json.dumps({"text": text}) + "\n"), "jsonl"),
    "csv": lambda size: _reader(b"text\n" + _rows(size, lambda text: f'"{text}"\n'), "csv"),
    "tsv": lambda size: _reader(b"text\n" + _rows(size, lambda text: f"{text}\n"), "tsv"),
    "parquet": lambda size: _reader(parquet(_texts(size), use_dictionary=False), "parquet"),
    "segment": lambda size: _on(prose(size), segment),
    "repair": lambda size: _on(prose(size), repair),
    "sentences": lambda size: _on(prose(size), split_sentences),
}
ATTACKS: dict[str, Callable[[], Callable[[], object]]] = {
    "text: one line of 100 MB": lambda: _reader(PARAGRAPH.encode() * (100 * MB // len(PARAGRAPH)), "text"),
    "text: a word of 100 MB": lambda: _reader(b"a" * (100 * MB), "text"),
    "text: 50 MB of lines of one letter": lambda: _reader(b"a\n" * (25 * MB), "text"),
    "text: more than the most that is read": lambda: _reader(b"a" * (269 * MB), "text"),
    "repair: 5 MB of an ampersand escaped again and again": lambda: _on("&" + "amp;" * (5 * MB // 4), repair),
    "repair: 5 MB of combining marks": lambda: _on("a" + "\u0301" * (5 * MB), repair),
    "jsonl: one line of 100 MB": lambda: _reader(json.dumps({"text": "a " * (50 * MB)}).encode(), "jsonl"),
    "jsonl: nested 10^6 deep": lambda: _reader(b'{"text": ' + b"[" * MB, "jsonl"),
    "json: 10^6 fields, one twice": lambda: (
        lambda: parse_json("{" + ", ".join(f'"{n % 999_999}": 1' for n in range(MB)) + "}")
    ),
    "jsonl: a number of 10^7 digits": lambda: _reader(b'{"text": "a", "n": ' + b"9" * (10 * MB) + b"}", "jsonl"),
    "csv: one cell of 100 MB": lambda: _reader(b'text\n"' + b"a," * (50 * MB) + b'"\n', "csv"),
    "csv: a quote that is never closed, 100 MB": lambda: _reader(b'text\n"' + b"a,b\n" * (25 * MB), "csv"),
    "csv: 10^6 columns without text": lambda: _reader(",".join(f"c{n}" for n in range(MB)).encode(), "csv"),
    "html: nested 10^6 deep": lambda: _reader(b"<div>" * MB + b"NATO" + b"</div>" * MB, "html"),
    "html: nested 59,000 deep": lambda: _reader(b"<html><body>" + b"<div>" * 59_000 + b"NATO is here", "html"),
    "html: 59,000 elements beside each other": lambda: _reader(b"<p>" + b"<span>x</span>" * 59_000, "html"),
    "html: 500,000 attributes": lambda: _reader(
        b"<p " + b" ".join(b"a%d=1" % n for n in range(MB // 2)) + b">x</p>", "html"
    ),
    "html: billion laughs": lambda: _reader(_laughs().encode(), "html"),
    "parquet: 100 KB that unpack to gigabytes": lambda: _reader(_parquet_bomb(), "parquet"),
    "parquet: one text of 1 MB in 2,000 rows": lambda: _reader(parquet(["a " * (MB // 2)], 2000), "parquet"),
}


def _reader(data: bytes, form: str) -> Callable[[], object]:
    return lambda: read(data, form)


def _on(text: str, call: Callable[[str], object]) -> Callable[[], object]:
    return lambda: call(text)


def _texts(size: int) -> list[str]:
    return [f"{number} {PARAGRAPH}" for number in range(size // len(PARAGRAPH) + 1)]


def _rows(size: int, make: Callable[[str], str]) -> bytes:
    return "".join(map(make, _texts(size))).encode()


def _laughs() -> str:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))
    return f'<?xml version="1.0"?><!DOCTYPE a [{entities}]><html><body><p>&l9; NATO keeps the peace.</p></body></html>'


def _parquet_bomb() -> bytes:
    return parquet(["a" * (20 * MB)], 60, use_dictionary=False, compression="zstd")


def measure(call: Callable[[], object]) -> dict[str, Any]:
    """Call once: processor seconds, the most memory beyond what stood before, and what came of it."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.process_time()
    try:
        call()
        found = "read"
    except (StanceError, ValueError) as error:
        found = f"{type(error).__name__}: {str(error)[:160]}"
    seconds = time.process_time() - begun
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": round(seconds, 2), "memory_mb": most // 1024, "input_mb": before // 1024, "result": found}


def run(case: str, size: float | None) -> dict[str, Any]:
    """Measure a case in a process of its own."""
    command = [sys.executable, __file__, "--one", case, *(["--sizes", f"{size:g}"] if size else [])]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=MOST_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return {"result": f"killed after {MOST_SECONDS} s"}
    if done.returncode:
        return {"result": f"crashed: {done.stderr.strip().splitlines()[-1:]}"}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def exponent(measured: dict[str, dict[str, Any]]) -> float | None:
    """Give the slope of log time over log size between the first size from 5 MB on and the last."""
    sizes = [float(size) for size in measured if float(size) >= 5] or [float(size) for size in measured]
    first, last = (measured[f"{size:g}"].get("seconds", 0.0) for size in (sizes[0], sizes[-1]))
    if len(sizes) < 2 or not first or last < 0.5:  # less is noise
        return None
    return round(math.log(last / first) / math.log(sizes[-1] / sizes[0]), 2)


def main() -> int:
    """Measure, write, and with --check tell whether anything grows too fast or crashes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1,5,10,25,50", help="MB, with commas")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--only", default="", help="cases whose names begin so")
    parser.add_argument("--check", action="store_true", help="write nothing, fail where something is wrong")
    arguments = parser.parse_args()
    sizes = [float(size) for size in arguments.sizes.split(",")]
    if arguments.one:
        size = int(sizes[0] * MB)
        call = GROWING[arguments.one](size) if arguments.one in GROWING else ATTACKS[arguments.one]()
        print(json.dumps(measure(call)))
        return 0
    result: dict[str, Any] = {"command": "python benchmarks/input_growth.py", "attacks": {}, "growth": {}}
    wrong: list[str] = []
    for case in (name for name in (*ATTACKS, *GROWING) if name.startswith(arguments.only)):
        if case in ATTACKS:
            result["attacks"][case] = run(case, None)
            wrong += failures(case, result["attacks"][case])
        else:
            result["growth"][case] = grow(case, sizes)
            wrong += too_fast(case, result["growth"][case])
        print(case, (result["attacks"] | result["growth"])[case], flush=True)
        if not arguments.check and not arguments.only:
            RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print("\n".join(wrong) or "nothing grows faster than it may")
    return 1 if wrong else 0


def grow(case: str, sizes: list[float]) -> dict[str, Any]:
    """Measure a case at each size; pages up to the most that is read."""
    own = sorted({min(size, 8.0) for size in sizes}) if case == "html" else sizes
    measured = {f"{size:g}": run(case, size) for size in own}
    return {"exponent": exponent(measured), "megabytes": measured}


def failures(case: str, found: dict[str, Any]) -> list[str]:
    """Tell whether an attack crashed, hung or took too much memory."""
    failed = found["result"].startswith(("crashed", "killed")) or found["memory_mb"] > MOST_MEMORY
    return [f"{case}: {found}"] if failed else []


def too_fast(case: str, found: dict[str, Any]) -> list[str]:
    """Tell whether something was not read, or took more time than its size explains."""
    unread = [
        f"{case}, {size} MB: {one['result']}" for size, one in found["megabytes"].items() if one["result"] != "read"
    ]
    return unread + ([f"{case}: exponent {found['exponent']}"] if (found["exponent"] or 0) > MOST_EXPONENT else [])


if __name__ == "__main__":
    sys.exit(main())
