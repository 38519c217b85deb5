"""Licenses of vendors who keep them at Keygen, in its cloud or on a server of their own (API version 1, JSON:API)."""
