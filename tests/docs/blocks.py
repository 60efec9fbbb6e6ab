"""Code blocks of Markdown pages: found, and run as a reader would run them, in this process.

`sh` blocks are commands; `console` blocks are commands after a dollar sign, with what they print; `python` blocks share
a namespace, and an expression with a literal behind it in a comment has to give that. `toml`, `json` and `jsonl` are
parsed; with a title they are written to the file of that name.
"""

from __future__ import annotations

import ast
import doctest
import io
import json
import re
import runpy
import shlex
import subprocess
import sys
import tokenize
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from stance.cli.app import main

ROOT = Path(__file__).resolve().parent.parent.parent
NOT_RUN = re.compile(r"<!-- not run:(.*?)-->", re.DOTALL)
_TITLE = re.compile(r'title="([^"]+)"')
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block.

    Attributes:
        place: File and line, for messages.
        language: The first word behind the fence.
        title: The file that it is to be, or an empty string.
        code: What it holds.
        reason: Why it is not run; None if it is.
    """

    place: str
    language: str
    title: str
    code: str
    reason: str | None


def read_blocks(path: Path) -> list[Block]:
    """Find the fenced blocks of a page."""
    blocks, before = [], ""
    for token in MarkdownIt("commonmark").parse(path.read_text(encoding="utf-8")):
        if token.type == "fence":
            language, _, rest = token.info.strip().partition(" ")
            title, marked = _TITLE.search(rest), NOT_RUN.search(before)
            place = f"{path.relative_to(ROOT)}:{(token.map or [0])[0] + 1}"
            name, reason = title[1] if title else "", marked[1].strip() if marked else None
            blocks.append(Block(place, language, name, token.content, reason))
        before = token.content if token.type == "html_block" else ""
    return blocks


@dataclass
class Reader:
    """Somebody who does what a page says.

    Attributes:
        folder: Where, and what the current folder has to be.
        after: Called after each command: plays those who label.
        more: Arguments that are added to a subcommand, so that it ends today.
        names: What Python blocks have defined so far.
    """

    folder: Path
    after: Callable[[Path], None]
    more: dict[str, tuple[str, ...]] = field(default_factory=dict)
    names: dict[str, Any] = field(default_factory=dict)

    def run(self, block: Block) -> None:
        """Run a block; AssertionError if it does not do what it says."""
        if block.title:
            place = self.folder / block.title
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(block.code, encoding="utf-8")
        if block.language == "python":
            self._python(block)
        elif block.language == "sh":
            for line in commands(block.code):
                status, out, err = self.command(line)
                assert status == 0, f"{block.place}: {line}\nexit status {status}\n{out}{err}"
        elif block.language == "console":
            self._console(block)

    def _console(self, block: Block) -> None:
        for said in re.split(r"^\$ ", block.code, flags=re.MULTILINE)[1:]:
            line, _, wanted = said.partition("\n")
            _, out, err = self.command(line)
            got = (err + out).strip() + "\n"
            same = doctest.OutputChecker().check_output(wanted.strip() + "\n", got, _FLAGS)
            assert same, f"{block.place}: {line}\nexpected\n{wanted}\ngot\n{got}"

    def _python(self, block: Block) -> None:
        wanted = comments(block.code)
        for node in ast.parse(block.code).body:
            code = compile(ast.Module([node], []), block.place, "exec")
            if isinstance(node, ast.Expr):
                value = eval(compile(ast.Expression(node.value), block.place, "eval"), self.names)
                if said := wanted.get(node.end_lineno or 0):
                    same = doctest.OutputChecker().check_output(f"{said}\n", f"{value!r}\n", _FLAGS)
                    assert same, f"{block.place}: {ast.unparse(node)} gives {value!r}, not {said}"
            else:
                exec(code, self.names)

    def command(self, line: str) -> tuple[int, str, str]:
        """Run a line as a shell would: pipes of stance, python and whatever else, `>` to a file."""
        given, errors, status = b"", io.StringIO(), 0
        line, _, target = line.partition(" > ")
        for part in line.split(" | "):
            words = [name for word in shlex.split(part) for name in expand(word)]
            with streams(given, errors) as out:
                status = max(status, self._call(words))
                sys.stdout.flush()
                given = out.getvalue()
            self.after(self.folder)
        if target:
            (self.folder / target.strip()).write_bytes(given)
            given = b""
        return status, given.decode(), errors.getvalue()

    def _call(self, words: list[str]) -> int:
        if words[0] == "stance":
            more = self.more.get(words[1], ())
            try:
                return main([*words[1:], *more])
            except SystemExit as left:
                return int(left.code or 0)
        if words[0] == "python":
            before, sys.argv = sys.argv, words[1:]
            try:
                runpy.run_path(str(ROOT / words[1]), run_name="__main__")
            except SystemExit as left:
                return int(left.code or 0)
            finally:
                sys.argv = before
            return 0
        done = subprocess.run(words, capture_output=True, check=False)
        sys.stdout.buffer.write(done.stdout)
        sys.stderr.write(done.stderr.decode())
        return done.returncode


def expand(word: str) -> list[str]:
    """Give the files that a pattern stands for, as a shell does."""
    found = sorted(str(path) for path in Path().glob(word)) if set(word) & set("*?") else []
    return found or [word]


def commands(code: str) -> Iterator[str]:
    """Give the commands of a block, without comments, lines that go on joined.

    >>> list(commands("# first\\nstance a \\\\\\n  b   # why\\n\\nstance c '#'\\n"))
    ['stance a b', "stance c '#'"]
    """
    for line in code.replace("\\\n", " ").splitlines():
        words = shlex.shlex(line, posix=False, punctuation_chars="|>")
        words.whitespace_split, words.commenters = True, "#"
        if found := " ".join(words):
            yield found


def comments(code: str) -> dict[int, str]:
    """Give line -> the literal that stands in a comment behind its code.

    >>> comments("a  # 'favor'\\nb  # (Span(...),)\\nc  # whatever it is\\nd  # labels")
    {1: "'favor'", 2: '(Span(...),)'}
    """
    found = {}
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        said = token.string.lstrip("# ")
        if token.type == tokenize.COMMENT and is_literal(said):
            found[token.start[0]] = said
    return found


def is_literal(text: str) -> bool:
    """Tell whether a text is how a value shows itself: a number, a string, a tuple, an object's fields."""
    try:
        node = ast.parse(text.replace("'...'", "...").replace("{...}", "..."), mode="eval").body
    except SyntaxError:
        return False
    return isinstance(node, (ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.Call))


@contextmanager
def streams(given: bytes, errors: io.StringIO) -> Iterator[io.BytesIO]:
    """Put bytes to where stdin is, and give what is written to stdout."""
    out, before = io.BytesIO(), (sys.stdin, sys.stdout, sys.stderr)
    sys.stdin = io.TextIOWrapper(io.BytesIO(given), encoding="utf-8")
    sys.stdout = io.TextIOWrapper(out, encoding="utf-8", write_through=True)
    sys.stderr = errors
    try:
        yield out
    finally:
        sys.stdout.detach()
        sys.stdin, sys.stdout, sys.stderr = before


def parse(block: Block) -> list[dict[str, Any]]:
    """Parse a block of data."""
    return [json.loads(line) for line in (block.code.splitlines() if block.language == "jsonl" else [block.code])]
