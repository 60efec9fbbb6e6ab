"""The ``stance`` command: parses, calls one public function, writes what it gives."""
