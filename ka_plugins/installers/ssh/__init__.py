"""Licenses into a server over SSH."""
