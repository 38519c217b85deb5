"""Licenses that a person gets from a vendor by hand."""
