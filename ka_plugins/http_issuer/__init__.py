"""Licenses of vendors who had no protocol and implement ours: the HTTP issuer protocol, version 1."""
