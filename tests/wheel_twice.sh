#!/bin/bash
# Build the wheel twice from the last commit, in folders of other names and under another umask: the bytes are the same.
set -eu
python=$(realpath -s "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$(git rev-parse --show-toplevel)
export SOURCE_DATE_EPOCH PIP_CONSTRAINT=$root/constraints.txt
SOURCE_DATE_EPOCH=$(git -C "$root" log -1 --format=%ct)
for copy in one another; do
  [ "$copy" = one ] || umask 077
  mkdir "$work/$copy"
  git -C "$root" archive HEAD | tar x -C "$work/$copy"
  (cd "$work/$copy" && "$python" -m build --wheel --outdir "$work/$copy-dist" . > "$work/log" 2>&1) || { cat "$work/log"; exit 1; }
done
sha256sum "$work"/*-dist/*.whl | sed "s#$work/##"
cmp "$work"/one-dist/*.whl "$work"/another-dist/*.whl
echo "the same wheel, twice"
