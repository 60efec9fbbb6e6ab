"""The pages of the server: where a text is given, and where its labels are seen and corrected."""

from __future__ import annotations

from collections.abc import Sequence

from stance.reporting.document_view import title_of
from stance.reporting.page import MARKS, by_target, escape, render_page
from stance.reporting.report_page import report_parts, targets_of
from stance.schema import LABELS, Label
from stance.serving.shelf import Entry
from stance.serving.uploads import ACCEPTED

__all__ = ["api_page", "document_page", "enter_page", "start_page"]

_LOCAL = "Judged on the machine that this server runs on; nothing is sent elsewhere."


def start_page(targets: Sequence[str], models: Sequence[str], *, most: int) -> str:
    """Make the page where a text is given.

    Args:
        targets: Names of the targets that are offered.
        models: Names of the models, the one first that is chosen.
        most: Most bytes of a file.
    """
    boxes = "".join(
        f'<label class="choice"><input type="checkbox" name="target" value="{escape(name)}" checked>{escape(name)}'
        "</label>"
        for name in targets
    )
    options = "".join(f"<option>{escape(name)}</option>" for name in models)
    body = (
        '<form class="form" method="post" action="/documents" enctype="multipart/form-data" '
        'data-wait="Judging; a page of text takes some seconds.">'
        '<div><label for="text">Text</label><textarea id="text" name="text" spellcheck="false"></textarea></div>'
        '<div><label for="file">Or a file: choose it, or drop it here</label>'
        f'<input type="file" id="file" name="file" accept="{",".join(ACCEPTED)}" aria-describedby="kinds">'
        f'<p class="quiet" id="kinds">Text, Markdown, HTML, Word (.docx) or PDF, up to {most / 1e6:g} MB.</p></div>'
        f'<fieldset><legend>Stance toward</legend>{boxes}<div><label for="further">Others, by name</label>'
        '<input type="text" id="further" name="further" aria-describedby="names">'
        '<p class="quiet" id="names">With commas between them, as in: Russia, the EU, Red Cross. Others are judged '
        "less well than those that the model learned.</p></div></fieldset>"
        f'<div><label for="model">Model</label><select id="model" name="model">{options}</select></div>'
        '<div><label class="choice"><input type="checkbox" name="explain" value="yes">Underline what each label rests '
        "on (takes about ten times as long)</label></div>"
        '<div><label for="annotator">Your name, put to labels that you correct</label>'
        '<input type="text" id="annotator" name="annotator" value="me" maxlength="100" autocomplete="off"></div>'
        '<div><button class="main">Judge</button> <span role="status"></span></div></form>'
    )
    return render_page("Where does a text stand?", _LOCAL, body, foot="Programs ask at /api.", served=True)


def document_page(entry: Entry, key: str, *, saved: int = 0, chosen: int = 0, file: str = "") -> str:
    """Make the page of a document: as `stance report` shows it, with controls to correct labels.

    Args:
        entry: The result.
        key: Its id.
        saved: Number of the paragraph whose label was just saved; 0 if none was.
        chosen: Number of the target that is chosen first, from 0.
        file: Name of the file that labels are saved to; empty if they are kept in memory alone.
    """
    targets = targets_of([entry.analysis])
    parts = report_parts([entry.analysis], below=lambda number: _fix(entry, key, number, targets, open_=saved))
    links = "".join(
        f'<a href="/documents/{key}/{name}" download>{told}</a>'
        for name, told in (
            ("stances.jsonl", "JSON Lines"),
            ("stances.csv", "CSV"),
            ("report.html", "HTML"),
            ("labels.jsonl", "Your labels"),
        )
    )
    kept = f"added to {file}" if file else "kept until this result goes, within an hour"
    count = sum(map(len, entry.labels.values()))
    notes = (
        '<p class="links"><a href="/">Another text</a></p>'
        f'<nav class="links" aria-label="Downloads"><span>Download:</span>{links}</nav>'
        f'<p class="quiet" role="status">{count} label{"" if count == 1 else "s"} by “{escape(entry.annotator)}”, '
        f"{escape(kept)}. The other downloads hold the model's labels.</p>"
    )
    return render_page(
        title_of(entry.analysis),
        parts.told,
        notes + parts.body,
        targets=targets,
        foot=parts.foot,
        chosen=chosen,
        served=True,
    )


def enter_page(*, wrong: bool = False) -> str:
    """Make the page where the token is given."""
    told = '<p class="problem" role="alert">That is not the token.</p>' if wrong else ""
    body = (
        f'{told}<form class="form" method="post" action="/enter"><div><label for="token">Token</label>'
        '<input type="password" id="token" name="token" required autocomplete="current-password"></div>'
        '<button class="main">Enter</button></form>'
    )
    return render_page("A token is needed", "It was given to stance serve with --token.", body, served=True)


def api_page(address: str) -> str:
    """Make the page that tells programmers how to ask.

    Args:
        address: Address of the server.
    """
    ask = (
        f"curl {address}/api/predict -H 'Content-Type: application/json' \\\n"
        """  -d '{"texts": "NATO has kept the peace.", "targets": ["NATO", "China"]}'"""
    )
    body = (
        "<h2>Ask</h2><p>Texts go to <code>POST /api/predict</code>; the answer holds one object a paragraph, as "
        "<code>stance predict --format jsonl</code> writes them.</p>"
        f'<pre tabindex="0" aria-label="An example">{escape(ask)}</pre>'
        '<h2>More</h2><ul><li><a href="/openapi.json"><code>GET /openapi.json</code></a>: every field, as OpenAPI</li>'
        '<li><a href="/api/models"><code>GET /api/models</code></a>: the models that can be asked for</li>'
        '<li><a href="/health"><code>GET /health</code></a>: whether the server is there</li></ul>'
        '<p class="links"><a href="/">To the page for people</a></p>'
    )
    return render_page("The JSON API", "For programs.", body, served=True)


def _fix(entry: Entry, key: str, number: int, targets: Sequence[str], *, open_: int) -> str:
    """Make what stands below a paragraph: the labels given by hand, and a form to give them."""
    own = entry.labels.get(number, {})
    prediction = entry.analysis.predictions[number - 1]
    told = by_target([_told(own.get(target)) for target in targets])
    saved = number == open_  # the focus goes there, so that whoever hears the page hears the label
    fields = by_target(
        [_choices(target, place, own.get(target), prediction[target].label) for place, target in enumerate(targets)],
        "div",
    )
    opened, focused = (" open", " autofocus") if saved else ("", "")
    return (
        f'<details class="fix"{opened}><summary{focused}>{told}<span class="vh"> of paragraph {number}</span></summary>'
        f'<form method="post" action="/documents/{key}/labels">'
        f'<input type="hidden" name="paragraph" value="{number}">{fields}</form></details>'
    )


def _told(label: Label | None) -> str:
    return f'Your label: <b class="is-{label}">{MARKS[label]} {label}</b>' if label else "Correct the label"


def _choices(target: str, place: int, own: Label | None, given: Label) -> str:
    choices = "".join(
        f'<label class="choice"><input type="radio" name="label{place}" value="{label}"'
        f"{' checked' if label == (own or given) else ''}>{MARKS[label]} {label}</label>"
        for label in LABELS
    )
    if own:
        choices += f'<label class="choice"><input type="radio" name="label{place}" value="">take mine back</label>'
    return (
        f"<fieldset><legend>Stance toward {escape(target)}</legend>{choices}"
        f'<button name="target" value="{place}">Save</button></fieldset>'
    )
