"""How the fuzz tests run: a few examples each, always the same, in the test suite; for as long as is asked otherwise.

`STANCE_FUZZ_SECONDS=60 python -m pytest tests/fuzz` (``make fuzz``) gives each test that many seconds, with new draws
each time; `STANCE_FUZZ_SEED` begins at another draw. A failure prints its draw's seed and the smallest example, which
belongs into ``seeds/`` (bytes of a file) or beside the test.
"""

from __future__ import annotations

import copy
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, note, seed, settings
from hypothesis import strategies as st

from stance.errors import StanceError

__all__ = ["ODD_TEXT", "SEEDS", "fuzzed", "json_edits", "mutated", "survives"]

SECONDS = float(os.environ.get("STANCE_FUZZ_SECONDS", "0"))
FIRST = int(os.environ.get("STANCE_FUZZ_SEED", "0"))
SEEDS = Path(__file__).parent / "seeds"

_ODD = (
    *("\x00", "\x07", "\x1b[31m", "\x7f", "\x85", "\x9b", "\u00a0", "\u00ad", "\ufeff", "\u2028", "\u2029", "\x0c"),
    *("\u200b", "\u200d", "\u200e", "\u202e", "\u2066", "\u2069", "\u0301", "\u0301" * 40, "\ufe0f", "\U000e0041"),
    *("NАTO", "ΝATO", "N\u200bATO", "ＮＡＴＯ", "𝐍𝐀𝐓𝐎", "NATO", "US", "China", "the U.S.", "South China Sea"),
    *("â€™", "Ã©", "Ã ", "&amp;amp;lt;", "&#8217;", "&#0;", "&#xd800;", "&", "&amp;", "&#38;"),
    *(
        "\r\n",
        "\n",
        "\r",
        "\n\n",
        "\n \n",
        "\t",
        " ",
        "  ",
        ". ",
        ".",
        "...",
        "!?",
        "-\n",
        "- ",
        " -",
        "* ",
        "# ",
        "> ",
    ),
    *(
        "Q: ",
        "By Ann Lee",
        "Source: X",
        "12 | x",
        "—",
        "“",
        "”",
        "'",
        '"',
        "(1) ",
        "===",
        "A.B",
        "a.B",
        "=1+1",
        "😀",
        "中国",
    ),
)
ODD_TEXT = st.lists(st.one_of(st.sampled_from(_ODD), st.text(max_size=6)), max_size=40).map("".join)
"""Text of what breaks readers: controls, marks without width, mojibake, entities, names in disguise, line ends."""
_TOKENS = (
    *(b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b'"', b"'", b",", b";", b"\t", b"\n", b"\r\n", b"\r", b"{", b"}"),
    *(b"[", b"]", b"[" * 3000, b'{"a":' * 3000, b":", b"null", b"true", b"NaN", b"-1", b"1e999", b"9" * 5000, b"0.5"),
    *(
        b"\\ud800",
        b"\\u0000",
        b"<",
        b">",
        b"<p>",
        b"</p>",
        b"<div>" * 300,
        b"<!--",
        b"&amp;",
        b"&#0;",
        b"<table><tr><td>",
    ),
    *(
        b"charset=utf-7",
        b"charset=unicode_escape",
        b"charset=punycode",
        b"=",
        b"[[",
        b"]]",
        b"#",
        b"\xe2\x80\xae",
        b"\x1b",
    ),
    *(
        "é".encode("cp1252"),
        "中国".encode("gb18030"),
        "NАTO".encode(),
        b"\xed\xa0\x80",
        b"text",
        b"id",
        b"label",
        b"favor",
    ),
)


def fuzzed(
    *strategies: st.SearchStrategy[Any], examples: int = 25
) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Run a test with drawn arguments: so many in the suite, else until its seconds are over."""

    def wrap(function: Callable[..., None]) -> Callable[[], None]:
        def test() -> None:
            end = time.monotonic() + SECONDS
            draw = FIRST
            while True:
                chosen = settings(
                    max_examples=max(examples, 100) if SECONDS else examples,
                    derandomize=False,
                    database=None,
                    deadline=None,
                    phases=(Phase.explicit, Phase.generate, Phase.shrink),
                    suppress_health_check=list(HealthCheck),
                )
                seed(draw)(chosen(given(st.tuples(*strategies))(_copied(function, draw))))()
                draw += 1
                if time.monotonic() >= end:
                    break

        test.__name__ = test.__qualname__ = function.__name__
        test.__doc__ = function.__doc__
        return test

    return wrap


def _copied(function: Callable[..., None], draw: int) -> Callable[..., None]:
    """Give a function of its own for each seed, which says it when it fails."""

    def run(drawn: tuple[Any, ...]) -> None:
        note(f"STANCE_FUZZ_SEED={draw}")
        function(*drawn)

    run.__name__ = function.__name__
    return run


@st.composite
def mutated(draw: st.DrawFn, originals: Sequence[bytes]) -> bytes:
    """Draw bytes that nearly are a good file: pieces cut out, put in, doubled and moved."""
    data = draw(st.sampled_from(list(originals)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.sampled_from((0, 0, 1, 2, 7, 40, 10**6))))
        put = draw(st.one_of(st.sampled_from(_TOKENS), st.binary(max_size=4), st.just(data[at:end] * 2)))
        data = data[:at] + put + data[end:]
    return data


_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(
        (0, -1, 1, 2, 10**30, -0.5, 1e308, "", " ", "\ud800", "NATO", "favor", "absent", "x" * 300, "\x1b[2J")
    ),
    st.text(max_size=5),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=6,
)


@st.composite
def json_edits(draw: st.DrawFn, originals: Sequence[Any]) -> Any:
    """Draw JSON that nearly is as it should be: some of its values are others, missing, or under another name."""
    value = copy.deepcopy(draw(st.sampled_from(list(originals))))
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(value))
        if not places:
            return draw(_VALUES)
        holder, key = draw(st.sampled_from(places))
        kind = draw(st.sampled_from(("set", "set", "drop", "rename")))
        if kind == "set":
            holder[key] = draw(_VALUES)
        elif kind == "drop":
            del holder[key]
        elif isinstance(holder, dict):
            holder[draw(st.text(max_size=4))] = holder.pop(key)
    return value


def _places(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found.append((value, key))
        found += _places(inner)
    return found


def dump(value: Any) -> bytes:
    """Write JSON as files have it; halves of characters as escapes."""
    return json.dumps(value).encode()


def survives(call: Callable[[], Any]) -> Any:
    """Call, and take errors that stance raises on purpose for an answer; give None then. All else is a failure."""
    try:
        return call()
    except (StanceError, OSError) as error:
        assert str(error).strip(), "an error without words"
        return None
