"""What we owe and how far we are: configurations, classes, the request that walks, and the license it ends in."""

from licenses.models.catalog import LicenseClass, PluginConfiguration
from licenses.models.count import StateCount
from licenses.models.license import NEVER, InstallTarget, License
from licenses.models.request import LicenseFile, LicenseRequest
from licenses.models.stock import ClassStock, StockKey

__all__ = [
    "NEVER",
    "ClassStock",
    "InstallTarget",
    "License",
    "LicenseClass",
    "LicenseFile",
    "LicenseRequest",
    "PluginConfiguration",
    "StateCount",
    "StockKey",
]
