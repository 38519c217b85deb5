"""The HTTP issuer protocol's other side for the simulator, and its reference implementation."""

from ka_plugins.http_issuer.simulator.dialect import HttpIssuerDialect

__all__ = ["HttpIssuerDialect"]
