"""The key file: the real one's skeleton under a namespace of our own, marked so that nothing can take it for real."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from ka_plugins.plesk_ka.simulator.sold import SoldKey

NAMESPACE: Final = "urn:simulated-key-server:not-a-license:1"


def key_file(key: SoldKey) -> bytes:
    """The same bytes for the same revision, whenever they are asked for."""
    prefix = "simulated"
    features = "".join(f"\n    <{prefix}:feature>{escape(one)}</{prefix}:feature>" for one in key.features)
    update = f"{key.update:%Y-%m-%d}" if key.update else "never"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- SIMULATED. Not a license: made by a simulator for tests, worth nothing, signed by nobody. -->
<{prefix}:key xmlns:{prefix}="{NAMESPACE}" {prefix}:format="simulated-1">
  <{prefix}:key-number>{key.base}</{prefix}:key-number>
  <{prefix}:key-version>{key.revision:04}</{prefix}:key-version>
  <{prefix}:description>
    <{prefix}:keytype>{escape(key.label)}</{prefix}:keytype>{features}
  </{prefix}:description>
  <{prefix}:product>{key.family}</{prefix}:product>
  <{prefix}:start-date>{key.created:%Y-%m-%d}</{prefix}:start-date>
  <{prefix}:expiration-date>{key.expiration:%Y-%m-%d}</{prefix}:expiration-date>
  <{prefix}:update-date>{update}</{prefix}:update-date>
  <{prefix}:marker>SIMULATED, NOT A LICENSE</{prefix}:marker>
</{prefix}:key>
""".encode()
