"""The story is sealed in blocks that build on each other, in the background; `docs/adr/0018` says how and why."""

from pbas.core.sealing.chain import Chain, newest_seal, unsealed, verify
from pbas.core.sealing.sealer import seal_events

__all__ = ["Chain", "newest_seal", "seal_events", "unsealed", "verify"]
