"""The Key Administrator's dialect for the simulator (KA Partner API 1.0)."""

from ka_plugins.plesk_ka.simulator.dialect import PleskKaDialect

__all__ = ["PleskKaDialect"]
