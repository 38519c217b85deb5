"""Benchmarks, each with the naive way beside it in the same run. `script/bench` runs them."""
