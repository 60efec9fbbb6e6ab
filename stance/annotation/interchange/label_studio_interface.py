"""Label Studio's labelling interface, as XML: what annotators see and click."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ET
from xml.etree.ElementTree import Element, SubElement

from stance.annotation.interchange.scheme import REPORTED, Scheme, Term
from stance.errors import InputError

__all__ = ["COMMENT", "CONFIDENCE", "TEXT", "control_name", "labelling_config"]

TEXT = "text"
CONFIDENCE = "confidence"
COMMENT = "comment"
_KEYS = ("1234", "qwer", "asdf", "zxcv")
"""Hotkeys of the first four targets' labels, one row of the keyboard each."""
_STYLE = (
    ".stance-hint h1, .stance-hint h2, .stance-hint h3, .stance-hint h4, .stance-hint h5, .stance-hint h6 "
    "{ font-size: 0.85rem; font-weight: 400; line-height: 1.35; margin: 0.2rem 0; } "
    ".stance-text { font-size: 1.15rem; line-height: 1.5; padding: 0.5rem 0 1rem; }"
)
"""Definitions are small, so that the paragraph and the questions stand out."""
_PLAIN = re.compile(r"[^A-Za-z0-9-]")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BREAK = re.compile(r"<(?:br|/p|/li|/h[1-6]|/div|/tr)\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")


def control_name(target: str) -> str:
    """Give the name of a target's control: letters, digits and hyphens stay, others become their number.

    >>> control_name("NATO"), control_name("the EU")
    ('target_NATO', 'target_the_20_EU')
    """
    return "target_" + _PLAIN.sub(lambda match: f"_{ord(match[0]):x}_", target)


def labelling_config(scheme: Scheme) -> str:
    """Make the labelling interface: the guideline, the text and its context, and the questions.

    Args:
        scheme: The scheme. The guideline's HTML is shown as plain paragraphs; Label Studio has no place for more beside
            the task's own data.

    Returns:
        The XML of the labelling configuration.

    Raises:
        InputError: If a name or text has a character that XML cannot hold.
    """
    view = Element("View")
    SubElement(view, "Style").text = _STYLE
    _add_guideline(view, scheme)
    SubElement(view, "Header", value="$context", size="6")
    paragraph = SubElement(view, "View", className="stance-text")
    SubElement(paragraph, "Text", name=TEXT, value="$text", granularity="word")
    for number, target in enumerate(scheme.targets):
        _add_target(view, target, scheme.labels, _KEYS[number] if number < len(_KEYS) else "")
    SubElement(view, "Header", value="Is the evaluation mostly relayed speech?", size="5")
    reported = SubElement(view, "Choices", name=REPORTED, toName=TEXT, choice="single", showInline="true")
    for word, key in (("yes", "y"), ("no", "n")):
        SubElement(reported, "Choice", value=word, hotkey=key)
    SubElement(view, "Header", value="How sure are you, from 0 (guessed) to 1 (certain)?", size="5")
    SubElement(view, "Number", name=CONFIDENCE, toName=TEXT, min="0", max="1", step="0.05")
    SubElement(
        view,
        "TextArea",
        name=COMMENT,
        toName=TEXT,
        placeholder="Comment",
        rows="2",
        maxSubmissions="1",
        editable="true",
    )
    ET.indent(view)
    return ET.tostring(view, encoding="unicode") + "\n"


def _add_guideline(view: Element, scheme: Scheme) -> None:
    lines = [line for line in map(_clean, _BREAK.sub("\n", scheme.instructions).split("\n")) if line]
    if not lines:
        return
    collapse = SubElement(view, "Collapse")
    version = f" (codebook {scheme.codebook})" if scheme.codebook else ""
    panel = SubElement(collapse, "Panel", value=_legal(f"Guideline{version}"))
    inside = SubElement(panel, "View", className="stance-hint")
    for line in lines:
        SubElement(inside, "Header", value=_fixed(line), size="6")


def _add_target(view: Element, target: Term, labels: tuple[Term, ...], keys: str) -> None:
    SubElement(view, "Header", value=_legal(f"Stance toward {target.name}"), size="4")
    if target.text:
        hint = SubElement(view, "View", className="stance-hint")
        SubElement(hint, "Header", value=_legal(f"Counts: {target.text}"), size="6")
    choices = SubElement(view, "Choices", name=control_name(target.name), toName=TEXT)
    choices.attrib |= {"choice": "single", "showInline": "true", "required": "true"}
    choices.set("requiredMessage", _legal(f"Give a label for {target.name}."))
    for number, label in enumerate(labels):
        choice = SubElement(choices, "Choice", value=label.name)
        if label.text:
            choice.set("hint", _legal(label.text))
        if number < len(keys):
            choice.set("hotkey", keys[number])


def _clean(line: str) -> str:
    return " ".join(html.unescape(_TAG.sub("", line)).split())


def _fixed(line: str) -> str:
    """Keep Label Studio from taking a text that begins with $ for the name of a field."""
    return _legal(f"\u2060{line}" if line.startswith("$") else line)


def _legal(text: str) -> str:
    bad = _ILLEGAL.search(text)
    if bad:
        raise InputError(f"{text!r:.60}: has the character {bad[0]!r}, which XML cannot hold. Take it out.")
    return " ".join(text.split())
