"""Measuring predictions against gold labels."""
