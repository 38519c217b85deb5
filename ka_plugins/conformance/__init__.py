"""The promises of `contract.py` as tests, by what they are about; `ka_plugins.testing` puts them together."""
