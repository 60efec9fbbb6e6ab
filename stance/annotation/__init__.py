"""Labelled paragraphs: files, agreement, splits, and the tools that people label in."""
