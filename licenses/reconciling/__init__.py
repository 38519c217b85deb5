"""Reconciliation: what is ours compared with what the vendors have, and what can safely be done about it."""
