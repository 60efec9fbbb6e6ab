"""What the tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

collect_ignore = ["label_studio/screenshot.py"]  # run by hand
ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the labelled data where it does not lie beside the project."""
    if SHARED.is_dir():
        return
    skip = pytest.mark.skip(reason="the labelled data (../shared) does not lie beside this checkout")
    for item in items:
        if item.get_closest_marker("shared"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of the labelled data."""
    return SHARED
