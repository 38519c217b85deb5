"""Licenses into a Plesk server through its XML API."""
