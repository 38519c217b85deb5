"""Failures by cause: grouped, decided on together, told once, and nothing stuck silently."""
