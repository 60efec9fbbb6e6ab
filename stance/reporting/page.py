"""The shell of every page: one file that needs nothing else, asks no network, and runs no script but its own.

Templates are plain files filled by `string.Template`: an engine would be another dependency for three dozen lines of
markup. Whatever comes from a text goes through `escape`. The page's own style and script are the only ones that its
policy lets through, told by their hashes, so what slipped past the escaping would still be inert.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from html import escape as _escape
from pathlib import Path
from string import Template

from stance.schema import LABELS, Label

__all__ = ["CODES", "MARKS", "by_target", "escape", "page_policy", "render_page", "target_classes"]

_UNFIT = re.compile("[\0\ud800-\udfff]")
_TEMPLATES = Path(__file__).parent / "templates"
MARKS: dict[Label, str] = {"favor": "▲", "against": "▼", "neutral": "●", "absent": "·"}
"""Signs of the labels, so that colour is never all that tells them apart."""
CODES: dict[Label, str] = {"favor": "f", "against": "a", "neutral": "n", "absent": "z"}
"""Letters of the labels in the names of classes."""


def escape(text: object) -> str:
    """Make any text inert in HTML, between tags and within quoted attributes.

    What HTML cannot hold (NUL, lone surrogates) becomes the replacement character.

    >>> escape('<img src="x" onerror=alert(1)>')
    '&lt;img src=&quot;x&quot; onerror=alert(1)&gt;'
    """
    clean = _UNFIT.sub("\ufffd", str(text))
    return _escape(clean, quote=True)


def render_page(
    title: str,
    told: str,
    body: str,
    *,
    targets: Sequence[str] = (),
    foot: str = "",
    chosen: int = 0,
    served: bool = False,
) -> str:
    """Put a page together.

    Args:
        title: Title, plain text.
        told: What stands below it, plain text.
        body: The content, HTML.
        targets: Names of the targets to choose from; what differs between them bears the classes of `target_classes`.
        foot: What stands at the end, plain text.
        chosen: Number of the target that is chosen first, from 0.
        served: Whether it comes from a server that its forms may go to; a file sends nothing anywhere.

    Returns:
        The page.
    """
    css, script = _parts(len(targets))
    return Template((_TEMPLATES / "page.html").read_text(encoding="utf-8")).substitute(
        title=escape(title),
        told=escape(told),
        foot=escape(foot),
        policy=escape(page_policy(len(targets), served=served)).replace("&#x27;", "'"),
        referrer="same-origin" if served else "no-referrer",
        css=css,
        script=script,
        targets=_chooser(targets, chosen),
        body=body,
    )


def page_policy(targets: int, *, served: bool = False) -> str:
    """Say what a page may load and run: its own style and script, told by their hashes, and nothing else.

    Args:
        targets: Number of the targets to choose from.
        served: Whether its forms may go to the server that it comes from.

    Returns:
        The value of ``Content-Security-Policy``.
    """
    css, script = _parts(targets)
    forms = "'self'" if served else "'none'"
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(css)}'; base-uri 'none'; "
        f"form-action {forms}"
    )


def target_classes(labels: Sequence[Label]) -> str:
    """Name the classes of what is tinted by the label toward the chosen target.

    >>> target_classes(["favor", "absent"])
    'f0 z1'
    """
    return " ".join(f"{CODES[label]}{number}" for number, label in enumerate(labels))


def by_target(parts: Sequence[str], tag: str = "span", *, extra: str = "") -> str:
    """Wrap what is shown for one chosen target only.

    Args:
        parts: HTML for each target.
        tag: Element to wrap it in.
        extra: Further classes.

    Returns:
        The elements, of which a page shows one.
    """
    return "".join(f'<{tag} class="{f"x{number} {extra}".strip()}">{part}</{tag}>' for number, part in enumerate(parts))


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _parts(targets: int) -> tuple[str, str]:
    """Give the style and the script of a page with so many targets."""
    css = (_TEMPLATES / "page.css").read_text(encoding="utf-8") + _target_css(targets)
    return css, (_TEMPLATES / "page.js").read_text(encoding="utf-8")


def _chooser(targets: Sequence[str], chosen: int) -> str:
    if not targets:
        return "<span></span>"
    choices = "".join(
        f'<label><input type="radio" name="target" id="t{number}"{" checked" if number == chosen else ""}>'
        f"<span>{escape(name)}</span></label>"
        for number, name in enumerate(targets)
    )
    return f'<fieldset class="targets"><legend>Target</legend>{choices}</fieldset>'


def _target_css(count: int) -> str:
    """Write the rules that follow the chosen target; they need no script."""
    rules = []
    for number in range(count):
        chosen = f".tools:has(#t{number}:checked) ~ main"
        rules.append(f".tools:not(:has(#t{number}:checked)) ~ main .x{number} {{ display: none; }}")
        for label in LABELS:
            tint = "none" if label == "absent" else f"var(--{label}-tint)"
            edge = "var(--line)" if label == "absent" else f"var(--{label})"
            colours = f"--tint: {tint}; --edge: {edge}; --tone: var(--{label});"
            rules.append(f"{chosen} .{CODES[label]}{number} {{ {colours} }}")
        rules.append(f"{chosen} p.u{number} {{ border-left-style: dashed; }}")
        rules.append(f"{chosen} a.u{number} {{ border-style: dashed; }}")
        rules.append(f"{chosen} .s{number} {{ text-decoration: underline dotted; text-underline-offset: .2em; }}")
        rules.append(f"{chosen} .w{number} {{ text-decoration: underline 2px solid; font-weight: 600; }}")
        rules.append(f"{chosen} .m{number} {{ text-decoration: underline 2px double; font-weight: 600; }}")
    return "\n".join(rules)
