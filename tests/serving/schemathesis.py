"""Sends a server what its OpenAPI allows, and what not: python tests/serving/schemathesis.py COMMAND.

COMMAND is the command of schemathesis, which lives in an environment of its own (make test-api): it would bring other
versions of what the tests need.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent


def write_tiny(folder: Path) -> Path:
    """Write the tiny model of the tests."""
    spec = importlib.util.spec_from_file_location("tiny", HERE.parent / "scale" / "tiny.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.write_tiny_model(folder)


def main(command: str) -> int:
    """Run schemathesis; give its exit status."""
    with tempfile.TemporaryDirectory() as folder:
        model = write_tiny(Path(folder) / "tiny")
        serve = [sys.executable, "-m", "stance", "serve", "--port", "0", "--model", str(model), "--time-limit", "90"]
        with subprocess.Popen(serve, stderr=subprocess.PIPE, text=True) as server:
            address = re.search(r"http://\S+", server.stderr.readline())[0]
            options = ["--checks", "all", "--max-examples", "50", "--seed", "0", "--no-color"]
            # a loopback server needs no token, so an answer without one is no hole; a thousand texts take their time
            options += ["--exclude-checks", "ignored_auth", "--request-timeout", "120", "--max-response-time", "120"]
            log: list[str] = []
            reader = threading.Thread(target=lambda: log.extend(server.stderr), daemon=True)
            reader.start()
            try:
                status = subprocess.run([command, "run", f"{address}/openapi.json", *options], check=False).returncode
            finally:
                server.terminate()
            reader.join(10)
    crashes = [line for line in log if "Traceback" in line or " 500 " in line]
    sys.stdout.write(f"{len(log)} lines in the server's log, {len(crashes)} of crashes\n")
    return status or bool(crashes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
