"""Plesk and Virtuozzo licenses from a Key Administrator, Partner API 1.0 (XML-RPC)."""
