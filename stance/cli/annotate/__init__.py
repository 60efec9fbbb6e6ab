"""``stance annotate``: from one's own articles to labelled splits, with the tools that people label in."""
