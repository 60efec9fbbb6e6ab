"""A picture of the labelling page in a real browser, for the documentation. Run by hand:

python tests/label_studio/screenshot.py LABEL-STUDIO CHROMIUM docs/images/label-studio.png
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from server import Person, Server

from stance.annotation.anchors import make_items
from stance.annotation.codebook import read_codebook
from stance.annotation.interchange import label_studio
from stance.annotation.interchange.label_studio_interface import labelling_config
from stance.annotation.interchange.scheme import make_scheme
from stance.annotation.suggestions import suggest_labels
from stance.schema import LABELS, Document
from stance.text.segmentation import segment

SIZE = (1400, 1200)
WAIT = 30_000
"""Milliseconds of the page's time before the picture is taken."""
TEXT = (
    "The ferry company says the blockade was nobody's fault. It was somebody's: Washington drew the line on the map, "
    "and NATO sent the ships that hold it. Beijing's envoy offered to talk, and was laughed at."
)


def make_proxy(server: Server, person: Person) -> ThreadingHTTPServer:
    """Make a way to the server on which everybody is that person: a browser without windows cannot log in."""
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in person.cookies)

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            kept = {
                name: self.headers[name] for name in ("Content-Type", "Accept", "X-CSRFToken") if self.headers[name]
            }
            request = urllib.request.Request(server.url + self.path, body or None, method=self.command)
            for name, value in {**kept, "Cookie": cookies, "Referer": server.url}.items():
                request.add_header(name, value)
            try:
                answer = urllib.request.urlopen(request, timeout=60)
            except urllib.error.HTTPError as error:
                answer = error
            with answer:
                content = answer.read()
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.headers.get("Content-Type", "text/plain"))
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        do_POST = do_PATCH = do_GET

        def log_message(self, *_: object) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Proxy)


def main() -> None:
    """Start the server, make a project with a task, take the picture."""
    command, browser, output = sys.argv[1:]
    scheme = make_scheme(read_codebook())
    document = Document(TEXT, "ferry.txt", None, None, "none", {"outlet": "The Ferry Post", "year": 2026})
    items = list(make_items(document, segment(document)))
    shares = {target: dict(zip(LABELS, (0.05, 0.8, 0.1, 0.05), strict=True)) for target in scheme.target_names}
    tasks = label_studio.to_tasks([*items, *suggest_labels(items, [shares], "base")], scheme)
    with tempfile.TemporaryDirectory() as folder, Server(command, Path(folder)) as server:
        owner = server.owner()
        settings = {"title": "Stance", "label_config": labelling_config(scheme), "show_collab_predictions": True}
        project = owner.call("POST", "/api/projects", settings)
        owner.call("POST", f"/api/projects/{project['id']}/import", json.loads(tasks))
        task = owner.call("GET", f"/api/tasks?project={project['id']}")["tasks"][0]["id"]
        proxy = make_proxy(server, owner)
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        page = f"http://127.0.0.1:{proxy.server_address[1]}/projects/{project['id']}/data?task={task}"
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        flags += [f"--user-data-dir={folder}/browser", f"--window-size={SIZE[0]},{SIZE[1]}"]
        flags += [f"--virtual-time-budget={WAIT}", f"--screenshot={output}"]
        Path(output).parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([browser, *flags, page], check=True, timeout=300)
        proxy.shutdown()


if __name__ == "__main__":
    main()
