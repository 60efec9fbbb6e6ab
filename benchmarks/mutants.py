"""Write the mutants of a module, as cosmic-ray's operators make them. Runs in the tools' environment.

    .venv-tools/bin/python benchmarks/mutants.py stance/text/offsets.py > mutants.jsonl    # benchmarks/mutation.py does

Left out: operators that change annotations of types alone (`A | B` in a signature is no sum), and changes within
docstrings' examples, which are no code.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names


def bare(source: str) -> str:
    """Give the code without annotations, which are never evaluated: what is equal then is no mutant."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(0)
    return ast.dump(tree)


def main() -> None:
    """Write a mutant a line: operator, occurrence, source."""
    code = Path(sys.argv[1]).read_text(encoding="utf-8")
    seen = {bare(code)}
    for name in sorted(name for name in operator_names() if "Variable" not in name):  # those need arguments
        occurrence = 0
        while (mutated := mutate_code(code, get_operator(name)(), occurrence)) is not None:
            try:
                key = bare(mutated)
            except SyntaxError:
                key = next(iter(seen))
            if key not in seen:
                seen.add(key)
                print(json.dumps({"operator": name, "occurrence": occurrence, "source": mutated}))
            occurrence += 1


if __name__ == "__main__":
    main()
