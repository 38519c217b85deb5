"""The Key Administrator's REST dialect for the simulator (Partner API 3.0)."""

from ka_plugins.plesk_ka3.simulator.dialect import PleskKa3Dialect

__all__ = ["PleskKa3Dialect"]
