"""Repair: what is mended, what is left alone, and the way back."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.errors import InputError
from stance.text.offsets import Repaired
from stance.text.repair import repair

MENDED = [
    # wrong encoding
    ("The alliance donâ€™t want it", "The alliance don’t want it"),
    ("â€œWe stayâ€\x9d, he said", "“We stay”, he said"),
    ("â€œWe stayâ€ he said", "“We stay” he said"),
    ("voilÃ  l'Ã©tÃ© costs 5 €", "voilà l'été costs 5 €"),
    ("a naïve plan â€” and Â£5 more", "a naïve plan — and £5 more"),
    ("French &amp; British &quot;friends&quot; &#8217;s", 'French & British "friends" ’s'),
    ("it\x92s the year\x85", "it’s the year…"),
    # invisible characters
    ("\ufeffNA\u00adTO and\u200b China\u2060.", "NATO and China."),
    ("a\x00b\x07c", "abc"),
    ("NA\u202eTO, N\u200dATO and \u2066China\u2069", "NATO, NATO and China"),
    ("N" + "\u0301" * 9 + "ATO", "NATO"),
    # letters that only look like Latin ones, in words that have Latin letters
    ("NАTO, Вeijing and ΝATO", "NATO, Beijing and NATO"),
    ("ＮＡＴＯ and 𝐍𝐀𝐓𝐎", "NATO and NATO"),
    ("oﬃcers, ﬁshermen and the conﬂict", "officers, fishermen and the conflict"),
    ("&amp;amp;amp;#38;amp;lt;", "<"),
    ("&amp;amp;foo;", "&foo;"),
    # lines and white space
    ("collective secu-\nrity matters", "collective security matters"),
    ("collective secu- \r\n rity", "collective security"),
    ("the Asia-\nPacific", "the Asia-Pacific"),
    ("a US-\nled order", "a US-led order"),
    ("pre-\nand post-war", "pre- and post-war"),
    ("one\ntwo\tthree  four\u00a0five", "one two three four five"),
    ("  one  ", "one"),
    (" ", ""),
    ("one\n \n\n two", "one\n\ntwo"),
    ("we need\n- guns\n• butter", "we need\n- guns\n• butter"),
    # machine translation
    ("all regions.One of them", "all regions. One of them"),
    ("in 2010.The talks", "in 2010. The talks"),
    ("by 5%.The talks", "by 5%. The talks"),
    ("is it so?Yes!They said", "is it so? Yes! They said"),
    ("said “so be it”.The talks", "said “so be it”. The talks"),
    ("said “so be it.”The talks", "said “so be it.” The talks"),
    ("the talks.“We go”", "the talks. “We go”"),
    ("to expand NATO.The bloc", "to expand NATO. The bloc"),
    ("the bloc.NATO is", "the bloc. NATO is"),
    ("regions.One.Two things.Three", "regions. One. Two things. Three"),
    ("by 3.5.The talks", "by 3.5. The talks"),
    ("the world.A new order", "the world. A new order"),
    ("the (old) bloc (1949).The talks", "the (old) bloc (1949). The talks"),
    ("the Asia -Pacific region", "the Asia-Pacific region"),
    ("the U.S. -China talks", "the U.S.-China talks"),
    ("peace , he said ; so what ?", "peace, he said; so what?"),
    ("the end .", "the end."),
    ("in the region .\nThe next", "in the region. The next"),
]

LEFT = [
    "the U.S. and the U.N.Charter",
    "U.S.A.",
    "at 5 a.m.The",
    "a Ph.D.Thesis",
    "e.g.Foo and i.e.Bar",
    "J.Smith and Mr.Smith and St.Petersburg",
    "see https://example.org/a.Report/One.Two for it",
    "www.example.Com and Example.Com",
    "john.Smith@example.org wrote",
    "the file final.PDF and notes.Txt",
    "grew by 3.5 percent, or .5",
    "3.5",
    "word - word",
    "minus -5 degrees",
    "the word -v is an option",
    "the alliance -which he called obsolete- is not",
    "PARIS -In the end",
    "peace ... and war",
    '" quoted "',
    "the .NET way",
    "wait... what",
    "“Quotes” ‘stay’ — as – they are… fine Москва Ελλάδα НАТО",
    "می\u200cخواهم 👩\u200d🚀",
    "AT&T and R&D; and &nosuchthing;",
    "naïve café Œuvre Übergröße",
    "北约在亚太地区。一个",
    "#HandsOffNATO",
    "",
]


@pytest.mark.parametrize(("damaged", "mended"), MENDED)
def test_mends(damaged: str, mended: str) -> None:
    assert repair(damaged).text == mended


@pytest.mark.parametrize("text", [*LEFT, *(mended for _, mended in MENDED)])
def test_leaves_sound_text_alone(text: str) -> None:
    repaired = repair(text)
    assert repaired.text == text
    assert repaired.pieces == ()
    for start, end in itertools.combinations(range(len(text) + 1), 2):
        assert repaired.origin(start, end).start == start
        assert repaired.origin(start, end).end == end


def test_origin_of_words_by_hand() -> None:
    text = "All  regions.One of the Asia -Pacific donâ€™t"
    repaired = repair(text)
    assert repaired.text == "All regions. One of the Asia-Pacific don’t"
    one = repaired.text.index("One")
    assert repaired.origin(one, one + 3).text == "One"
    assert repaired.origin(one, one + 3).start == text.index("One")
    asia = repaired.text.index("Asia-")
    assert repaired.origin(asia, asia + len("Asia-Pacific")).text == "Asia -Pacific"
    assert repaired.origin(asia, asia + len("Asia")).text == "Asia"
    quote = repaired.text.index("’")
    assert repaired.origin(quote, quote + 1).text == "â€™"
    assert repaired.origin(quote - 1, quote + 1).text == "nâ€™"
    inserted = one - 1
    assert repaired.origin(inserted, inserted + 1).text == ""
    assert repaired.origin(0, len(repaired.text)).text == text


def test_locate_is_the_way_forward() -> None:
    text = "The secu-\nrity of Asia -Pacific"
    repaired = repair(text)
    assert repaired.locate(4, 14).text == "security"
    assert repaired.locate(8, 10).text == ""
    start = text.index("Asia")
    assert repaired.locate(start, len(text)).text == "Asia-Pacific"


def test_span_outside_is_refused() -> None:
    repaired = repair("Asia -Pacific")
    with pytest.raises(InputError, match=r"span \(0, 13\): expected .* <= 12, the length of the repaired text"):
        repaired.origin(0, 13)
    with pytest.raises(InputError, match=r"span \(3, 2\): expected .* <= 13, the length of the original"):
        repaired.locate(3, 2)


def test_good_text_beside_bad_is_kept() -> None:
    text = "Ã la carte, 中国 and â€œNATOâ€\x9d cost 5 € in Łódź"
    assert repair(text).text == "à la carte, 中国 and “NATO” cost 5 € in Łódź"


@pytest.mark.parametrize("damaged", [damaged for damaged, _ in MENDED])
def test_pieces_rise_and_agree_between(damaged: str) -> None:
    _check_pieces(repair(damaged))


def _check_pieces(repaired: Repaired) -> None:
    at = new_at = 0
    for piece in repaired.pieces:
        assert at <= piece.start <= piece.end <= len(repaired.original)
        assert new_at <= piece.new_start <= piece.new_end <= len(repaired.text)
        assert repaired.original[at : piece.start] == repaired.text[new_at : piece.new_start]
        at, new_at = piece.end, piece.new_end
    assert repaired.original[at:] == repaired.text[new_at:]


ODDS = [
    "#",
    "_",
    "aBC9",
    "â€™",
    "â€",
    "Ã©",
    "Ã",
    "&amp;",
    "amp;",
    "&",
    "\u00ad",
    "\u200b",
    "-\n",
    "\n\n",
    " -",
    ".",
    "?",
    " ,",
    "\x85",
    "\x93",
]
PROSE = [
    "NATO",
    "regions",
    "One",
    "A",
    "x",
    "U.S",
    "5",
    "“",
    "”",
    '"',
    " ",
    "-",
    "\n",
    "\r\n",
    "\t",
    "@",
    "/",
    "…",
    "中",
]
TEXTS = st.lists(st.sampled_from(ODDS + PROSE) | st.text(max_size=3), max_size=14).map("".join)


@settings(max_examples=250)
@given(TEXTS)
def test_twice_is_once(text: str) -> None:
    for hashtags in (False, True):
        once = repair(text, hashtags=hashtags).text
        assert repair(once, hashtags=hashtags).text == once


@settings(max_examples=150)
@given(TEXTS)
def test_map_is_monotone_and_within_bounds(text: str) -> None:
    repaired = repair(text, hashtags=True)
    _check_pieces(repaired)
    for size, map_span in ((len(repaired.text), repaired.origin), (len(text), repaired.locate)):
        spans = [map_span(at, at + 1) for at in range(size)]
        assert all(
            before.start <= after.start and before.end <= after.end for before, after in itertools.pairwise(spans)
        )
        assert all(span.start <= span.end for span in spans)
    assert repaired.origin(0, len(repaired.text)).end <= len(text)


@settings(max_examples=100)
@given(st.lists(st.sampled_from(["alliance", "Beijing", "peace", "Übung", "中国"]), min_size=1, max_size=8), st.data())
def test_words_outside_edits_are_kept(words: list[str], data: st.DataObject) -> None:
    gaps = [data.draw(st.sampled_from([" ", "  ", "\n", "\t ", "\n\n", " , ", "\u200b "])) for _ in words]
    text = "".join(word + gap for word, gap in zip(words, gaps, strict=True))
    repaired = repair(text)
    found = [word.strip(",") for word in repaired.text.split() if word != ","]
    assert found == words
    at = 0
    for word in words:
        start = repaired.text.index(word, at)
        assert repaired.origin(start, start + len(word)).text == word
        at = start + len(word)


def test_long_text_takes_linear_time() -> None:
    # 100 kB of each kind that could make a pattern go back and forth; quadratic time would be minutes.
    for unit in ("word ", "word.", " ", "-\n", "â€™", "Ã ", "Word.Word", " -word", "&amp;", "\u200b", ". . ", "\n-"):
        text = unit * (100_000 // len(unit))
        assert len(repair(text).text) <= len(text) * 2
