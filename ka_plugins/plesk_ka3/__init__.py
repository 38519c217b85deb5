"""Plesk licenses from a Key Administrator, Partner API 3.0 (REST, JSON)."""
