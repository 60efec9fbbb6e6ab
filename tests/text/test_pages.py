"""Reading pages: the article is found, its blocks stay apart, its encoding is the one it declares."""

from __future__ import annotations

import pytest

from stance.errors import InputError
from stance.schema import Document
from stance.text.documents import read_documents

FRENCH = "L’été dernier, les ministres se sont réunis à Évian pour évoquer l’élargissement de l’alliance.\n"
CHINESE = "各国应当坚持对话协商，和平解决争端。北约不应成为对抗的工具。\n"


def read(path, **options):
    return list(read_documents(path, **options))


PAGE = """<!DOCTYPE html>
<html><head><title>The long winter of the alliance | Herald</title>
<script>var secret = "script text";</script><style>.hidden {color: red}</style></head>
<body><nav><a href="/">Home</a> <a href="/world">World</a></nav>
<article><h1>The long winter of the alliance</h1>
<p>The first paragraph tells of the <b>ministers</b> who met on <a href="/t">Thursday</a> for the talks.</p>
<h2>A second heading</h2>
<p>Twice.</p>
<p>The second one is wrapped
   in the source &amp; has a break<br>where a line ends, as in a poem.</p>
<blockquote>A quotation that stands alone in the page.</blockquote>
<blockquote><p>Quoted paragraph one.</p><p>Quoted paragraph two.</p></blockquote>
<ul><li>First item of the list</li><li>Second item, <em>stressed</em> twice</li></ul>
<script>document.write("more script text")</script>
<table><tr><td>Left cell</td><td>Right cell</td></tr></table>
<p>The last paragraph says goodbye to its readers, and it does so at some length.</p>
</article><footer>Copyright 2025 Herald</footer></body></html>
"""
LINES = [
    "The long winter of the alliance",
    "The first paragraph tells of the ministers who met on Thursday for the talks.",
    "A second heading",
    "Twice.",
    "The second one is wrapped in the source & has a break",
    "where a line ends, as in a poem.",
    "A quotation that stands alone in the page.",
    "Quoted paragraph one.",
    "Quoted paragraph two.",
    "First item of the list",
    "Second item, stressed twice",
    "Left cell",
    "Right cell",
    "The last paragraph says goodbye to its readers, and it does so at some length.",
]
PARAGRAPHS = "".join(
    f"<p>Paragraph {number} of the article speaks of the alliance, of its members and of what they owe.</p>"
    for number in ("one", "two", "three")
)


@pytest.fixture
def page(write):
    """Write an HTML page and give the lines of its text."""
    pytest.importorskip("trafilatura")

    def lines(html):
        (document,) = read(write("a.html", html))
        return document.text.split("\n")

    return lines


@pytest.mark.parametrize("name", ["a.html", "a.HTM", "a.xhtml"])
def test_page_is_a_line_a_block_in_order(write, name):
    pytest.importorskip("trafilatura")
    path = write(name, PAGE)
    assert read(path) == [Document("\n".join(LINES), str(path), None, "utf-8", "blocks")]


def test_page_title_comes_first_where_the_article_has_none(page):
    html = f"<html><head><title>A title | Herald</title></head><body><article>{PARAGRAPHS}</article></body></html>"
    lines = page(html)
    assert lines[0] == "A title"
    assert [line.split()[1] for line in lines[1:]] == ["one", "two", "three"]


def test_page_title_is_not_repeated(page):
    html = f"<title>A title</title><article><h2>A Title</h2>{PARAGRAPHS}</article>"
    assert [line.casefold() for line in page(f"<html><body>{html}</body></html>")].count("a title") == 1


def test_page_whose_paragraphs_are_divided_by_breaks_loses_none(page):
    texts = [f"Text {number} of this page has no element of its own, but it is long enough. " * 2 for number in "123"]
    lines = page(f"<html><body><div class='article-body'><h1>Head</h1>{'<br><br>'.join(texts)}</div></body></html>")
    assert lines == ["Head", *(text.strip() for text in texts)]


@pytest.mark.parametrize("reference", ["&#11;", "&#x1;", "&#0;", "\x0b", "\x01"])
def test_page_with_control_characters_is_read(page, reference):
    lines = page(
        f"<html><body><article>{PARAGRAPHS}<p>Before{reference} it &#8212; and after.</p></article></body></html>"
    )
    assert lines[-1].replace(" ", "") == "Beforeit—andafter."


@pytest.mark.parametrize("declaration", ["", '<?xml version="1.0" encoding="utf-8"?>\n'])
def test_entities_of_a_page_are_not_expanded(page, tmp_path, declaration):
    (tmp_path / "secret").write_text("the secret")
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE html [<!ENTITY e0 "boom">{levels}<!ENTITY s SYSTEM "file://{tmp_path}/secret">]>'
    lines = page(f"{declaration}{bomb}<html><body><article>{PARAGRAPHS}<p>See &e9; &s;</p></article></body></html>")
    assert [line.split()[1] for line in lines[:3]] == ["one", "two", "three"]
    assert "boom" not in "".join(lines)
    assert "the secret" not in "".join(lines)
    assert len("".join(lines)) < 500


def test_page_in_another_encoding(write, caplog):
    pytest.importorskip("trafilatura")
    body = f"<html><head><meta charset='gb2312'></head><body><article><p>{CHINESE * 4}</p></article></body></html>"
    (document,) = read(write("a.html", body.encode("gb2312")))
    assert (document.text, document.encoding) == (" ".join([CHINESE.strip()] * 4), "gb2312")
    assert not caplog.records  # nothing was guessed


@pytest.mark.parametrize("declared", ["ISO-8859-1", "windows-1252"])
def test_page_that_declares_latin_1_is_read_as_browsers_do(write, declared):
    pytest.importorskip("trafilatura")
    body = f"<html><head><meta charset={declared}></head><body><article><p>{FRENCH * 4}</p></article></body></html>"
    (document,) = read(write("a.html", body.encode("cp1252")))
    assert document.text == " ".join([FRENCH.strip()] * 4)
    assert document.encoding in ("cp1252", "windows-1252")


@pytest.mark.parametrize("declared", ["ascii-art", "utf-8", "utf-16"])
def test_page_that_declares_what_it_is_not(write, caplog, declared):
    pytest.importorskip("trafilatura")
    body = f"<html><head><meta charset='{declared}'></head><body><article><p>{FRENCH * 4}</p></article></body></html>"
    (document,) = read(write("a.html", body.encode("cp1252")))
    assert (document.text, document.encoding) == (" ".join([FRENCH.strip()] * 4), "cp1252")
    assert len(caplog.messages) == 1


@pytest.mark.parametrize("html", ["<html><body></body></html>", "no page at all", "<html>", "<p></p>"])
def test_page_without_article(write, caplog, html):
    pytest.importorskip("trafilatura")
    with pytest.raises(InputError, match=r"a\.html: no article found in the page\. Save its text as \.txt"):
        read(write("a.html", html))
    assert not caplog.records  # the error says it all
