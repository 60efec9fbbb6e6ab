"""Benchmarks: data sets and systems, brought together: sets -> tasks -> systems -> runner -> leaderboard."""
