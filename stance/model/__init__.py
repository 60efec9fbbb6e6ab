"""The model at work: where it lies, what it reads, how it runs."""
