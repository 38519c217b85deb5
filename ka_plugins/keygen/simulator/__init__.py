"""Keygen's dialect for the simulator (Keygen API 1)."""

from ka_plugins.keygen.simulator.dialect import KeygenDialect

__all__ = ["KeygenDialect"]
