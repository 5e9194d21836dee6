"""Benchmarks: ratios against a baseline measured in the same run. `python -m bench NAME`; see docs/benchmarks.md."""
