"""Folder of the module for Hugging Face ``evaluate``: ``evaluate.load(stance_metric.__path__[0])``."""
