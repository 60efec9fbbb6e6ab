"""A copy of a document made ready for searching: its words, runs of words and normalised text, with offsets back."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

from stance.annotation.anchors import RUN, fold, hash_document, hash_run, hash_text, normalise
from stance.schema import Document, Paragraph

__all__ = ["Copy"]

_TOKEN = re.compile(r"\S+")
_WORD = re.compile(r"\w+")
_REACH = 32
_LINE_BREAK = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


class Copy:
    """A document made ready for searching; each part is computed when it is first asked for.

    Args:
        document: The document.
        blocks: Its blocks, as `stance.text.segmentation.segment` gives them.
    """

    def __init__(self, document: Document, blocks: Sequence[Paragraph]) -> None:
        self.document = document
        self.blocks = blocks
        self._runs: dict[int, dict[str, list[int]]] = {}
        self._occurrences: dict[str, list[tuple[int, int]]] = {}
        self._around: dict[tuple[int, int], tuple[frozenset[str], frozenset[str]]] = {}
        self._composed: dict[int, tuple[Sequence[int], Sequence[int]]] = {}

    @cached_property
    def sha256(self) -> str:
        """Hash of the document."""
        return hash_document(self.document)

    @cached_property
    def block_hashes(self) -> Mapping[str, list[Paragraph]]:
        """Hash of a block's normalised text -> the blocks."""
        found: dict[str, list[Paragraph]] = {}
        for block in self.blocks:
            found.setdefault(hash_text(block.text), []).append(block)
        return found

    @cached_property
    def _located(self) -> tuple[list[str], list[int], list[int]]:
        words, starts, ends = [], [], []
        for token in _TOKEN.finditer(self.document.text):
            base = token.start()
            folded, firsts, lasts = _change(token.group(), fold)
            for word in _WORD.finditer(folded):
                words.append(word.group())
                starts.append(base + firsts[word.start()])
                ends.append(base + lasts[word.end() - 1])
        return words, starts, ends

    @property
    def words(self) -> list[str]:
        """The words of the document, folded."""
        return self._located[0]

    @property
    def starts(self) -> list[int]:
        """First code point of each word."""
        return self._located[1]

    @property
    def ends(self) -> list[int]:
        """Code point after the last of each word."""
        return self._located[2]

    def runs(self, length: int) -> Mapping[str, list[int]]:
        """Give every run of so many words, joined by spaces -> numbers of the words that it starts at."""
        if length not in self._runs:
            found: dict[str, list[int]] = {}
            for place in range(len(self.words) - length + 1):
                found.setdefault(" ".join(self.words[place : place + length]), []).append(place)
            self._runs[length] = found
        return self._runs[length]

    @cached_property
    def hashes(self) -> Mapping[str, list[int]]:
        """Hash of every run of four words -> numbers of the words that it starts at."""
        found: dict[str, list[int]] = {}
        for run, places in self.runs(RUN).items():
            found.setdefault(hash_run([run]), []).extend(places)
        return found

    @cached_property
    def _normal(self) -> tuple[str, list[int], list[re.Match[str]]]:
        """The normalised document, where each of its tokens starts in it, and the tokens."""
        tokens = list(_TOKEN.finditer(self.document.text))
        texts = [unicodedata.normalize("NFC", token.group()) for token in tokens]
        places, place = [], 0
        for text in texts:
            places.append(place)
            place += len(text) + 1
        return " ".join(texts), places, tokens

    def occurrences(self, text: str) -> list[tuple[int, int]]:
        """Find a text wherever it stands in the document as whole words, white space and accents' form aside.

        Args:
            text: The text.

        Returns:
            First code point and code point after the last of each place, in order.
        """
        if text not in self._occurrences:
            self._occurrences[text] = list(self._occur(normalise(text)))
        return self._occurrences[text]

    def _occur(self, needle: str) -> Iterator[tuple[int, int]]:
        """Find a normalised text."""
        normal = self._normal[0]
        place = normal.find(needle) if needle else -1
        while place >= 0:
            after = place + len(needle)
            if not (_joined(normal, place) or _joined(normal, after)):
                yield self._raw(place)[0], self._raw(after - 1)[1]
            place = normal.find(needle, place + 1)

    def _raw(self, place: int) -> tuple[int, int]:
        """Give the code points of the document that a character of the normalised text was made of."""
        _, places, tokens = self._normal
        number = bisect_right(places, place) - 1
        token, inner = tokens[number], place - places[number]
        if number not in self._composed:  # a text without spaces is one token, in which much may be found
            self._composed[number] = _change(token.group(), _compose)[1:]
        firsts, lasts = self._composed[number]
        return token.start() + firsts[inner], token.start() + lasts[inner]

    def around(self, start: int, end: int) -> tuple[frozenset[str], frozenset[str]]:
        """Give the words that stand near a part of the text, before it and behind it.

        Args:
            start: First code point of the part.
            end: Code point after its last.

        Returns:
            The 32 words before it and the 32 behind it: lines may have been put in between.
        """
        if (start, end) not in self._around:
            first, after = self.word_at(start), self.word_at(end)
            before, behind = self.words[max(0, first - _REACH) : first], self.words[after : after + _REACH]
            self._around[start, end] = frozenset(before), frozenset(behind)
        return self._around[start, end]

    @cached_property
    def block_edges(self) -> tuple[Mapping[int, int], Mapping[int, int]]:
        """Number of the word that a block starts with -> its first code point; of the word after it -> its end."""
        return self._edges([(block.start, block.end) for block in self.blocks])

    @cached_property
    def line_edges(self) -> tuple[Mapping[int, int], Mapping[int, int]]:
        """The same of the lines, without the white space around them."""
        text, spans, last = self.document.text, [], 0
        for cut in [*(match.span() for match in _LINE_BREAK.finditer(text)), (len(text), len(text))]:
            line = text[last : cut[0]]
            if line.strip():
                spans.append((last + len(line) - len(line.lstrip()), last + len(line.rstrip())))
            last = cut[1]
        return self._edges(spans)

    @cached_property
    def breaks(self) -> frozenset[int]:
        """Numbers of the words before which a blank line stands."""
        text, gaps = self.document.text, enumerate(zip(self.ends, self.starts[1:], strict=False), 1)
        return frozenset(at for at, (end, start) in gaps if len(_LINE_BREAK.findall(text[end:start])) > 1)

    def _edges(self, spans: Sequence[tuple[int, int]]) -> tuple[Mapping[int, int], Mapping[int, int]]:
        firsts: dict[int, int] = {}
        lasts: dict[int, int] = {}
        for start, end in spans:
            first, after = self.word_at(start), self.word_at(end)
            if first < after:
                firsts[first], lasts[after] = start, end
        return firsts, lasts

    def stands_alone(self, start: int, end: int) -> bool:
        """Tell whether a part of the text starts and ends with blocks."""
        return self.word_at(start) in self.block_edges[0] and self.word_at(end) in self.block_edges[1]

    def word_at(self, offset: int) -> int:
        """Give the number of the first word that ends behind a code point."""
        return bisect_right(self.ends, offset)

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each word stands in the document."""
        return Counter(self.words)

    def span(self, first: int, after: int) -> tuple[int, int]:
        """Give the code points of a run of words; those of a block where it starts or ends with one.

        Where the word before or behind it starts or ends a block, and is its first or last word again, or a part of
        it, that belongs to it.

        Args:
            first: Number of the first word.
            after: Number of the word after the last.

        Returns:
            First code point and code point after the last.
        """
        firsts, lasts = self.block_edges
        if first > 0 and self._split(first) and first - 1 in firsts:
            first -= 1
        if after < len(self.words) and self._split(after) and after + 1 in lasts:
            after += 1
        start, end = self._outline(first, after)
        return firsts.get(first, start), lasts.get(after, end)

    def _split(self, place: int) -> bool:
        """Tell whether a word is the one before it again, or no white space parts them."""
        between = self.document.text[self.ends[place - 1] : self.starts[place]]
        return self.words[place - 1] == self.words[place] or not any(map(str.isspace, between))

    def _outline(self, first: int, after: int) -> tuple[int, int]:
        """Give the code points of a run of words, with the punctuation that touches its ends."""
        text, start, end = self.document.text, self.starts[first], self.ends[after - 1]
        floor = self.ends[first - 1] if first else 0
        ceiling = self.starts[after] if after < len(self.starts) else len(text)
        while start > floor and not text[start - 1].isspace():
            start -= 1
        while end < ceiling and not text[end].isspace():
            end += 1
        return start, end


def _compose(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _joined(text: str, place: int) -> bool:
    """Tell whether a place is inside a word."""
    return 0 < place < len(text) and _WORD.match(text[place - 1]) is not None and _WORD.match(text[place]) is not None


def _change(text: str, form: Callable[[str], str]) -> tuple[str, Sequence[int], Sequence[int]]:
    """Change a short text, and tell of which code points of it each character of the result was made."""
    changed = form(text)
    if text.isascii() or changed == text:
        return changed, range(len(text)), range(1, len(text) + 1)
    cuts = [place for place, sign in enumerate(text) if not unicodedata.combining(sign) or not place]
    spans = list(zip(cuts, [*cuts[1:], len(text)], strict=True))
    parts = [form(text[start:end]) for start, end in spans]
    if "".join(parts) != changed:  # letters that combine without being marks, as in Hangul: all of one piece
        spans, parts = [(0, len(text))], [changed]
    firsts = [start for (start, _), part in zip(spans, parts, strict=True) for _ in part]
    lasts = [end for (_, end), part in zip(spans, parts, strict=True) for _ in part]
    return changed, firsts, lasts
