#!/usr/bin/env bash
# Build the wheel, install it into a clean environment, use it outside the repository; check sizes.
# Usage: smoke.sh PYTHON-WITH-BUILD
set -euo pipefail
builder=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$builder" -m build --wheel --outdir "$work/dist" "$root" > "$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
wheel=$(echo "$work"/dist/*.whl)
size=$(($(stat -c %s "$wheel") / 1000000))
echo "wheel: $size MB"
[ "$size" -le 95 ] || { echo "the wheel is larger than 95 MB"; exit 1; }

"$builder" - "$wheel" <<'PY'
import json, sys, zipfile

wheel, inside = zipfile.ZipFile(sys.argv[1]), "stance/released/base/"
packed = {name.removeprefix(inside) for name in wheel.namelist() if name.startswith(inside)}
listed = {*json.loads(wheel.read(inside + "hashes.json")), "hashes.json"}
assert packed == listed, f"files of the model in the wheel: {packed ^ listed} are not those of hashes.json"
PY

"${PYTHON:-python3}" -m venv "$work/env"
before=$(du -sm "$work/env" | cut -f1)
"$work/env/bin/python" -m pip install --quiet --disable-pip-version-check --constraint "$root/constraints.txt" "$wheel"
after=$(du -sm "$work/env" | cut -f1)
echo "environment: $after MB (empty: $before MB)"
[ "$after" -le 350 ] || { echo "the environment is larger than 350 MB"; exit 1; }

cp "$root"/examples/editorial_alliance.txt "$work/article.txt"
cd "$work"
env/bin/python - <<'PY'
import stance

prediction = stance.predict("NATO has kept the peace in Europe, and it deserves our thanks.")
print(prediction)
assert set(prediction) == {"NATO", "US", "China"}
assert prediction["NATO"].label == "favor" and prediction["China"].label == "absent"
PY
env/bin/stance predict article.txt --format jsonl --output out.jsonl
lines=$(wc -l < out.jsonl)
echo "stance predict: $lines paragraphs"
[ "$lines" -ge 5 ]
env/bin/stance report out.jsonl --output report.html
grep -q "</html>" report.html
