"""What the tests of reading share."""

from __future__ import annotations

import pytest


@pytest.fixture
def write(tmp_path):
    """Write a file, text in UTF-8, and give its path."""

    def make(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return make
