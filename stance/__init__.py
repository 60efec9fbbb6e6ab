"""Tell where a text stands toward NATO, the US, China, or targets of your own."""

__version__ = "0.1.0"
