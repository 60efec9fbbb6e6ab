"""``python -m stance``: the same as the ``stance`` command; what torchrun and accelerate start."""

from stance.cli.app import run

run()
