"""What we owe and how far we are: configurations, classes, the request that walks, and the license it ends in."""

from licenses.models.alert import Alert, AlertDelivery
from licenses.models.catalog import NEVER, LicenseClass, PluginConfiguration
from licenses.models.count import StateCount
from licenses.models.license import InstallTarget, License
from licenses.models.mass_upload import UploadBatch, UploadPiece
from licenses.models.ready_keys import ReadyKey, ReadyKeyRule
from licenses.models.reconciling import Finding, Reconciliation
from licenses.models.request import LicenseFile, LicenseRequest

__all__ = [
    "NEVER",
    "Alert",
    "AlertDelivery",
    "Finding",
    "InstallTarget",
    "License",
    "LicenseClass",
    "LicenseFile",
    "LicenseRequest",
    "PluginConfiguration",
    "ReadyKey",
    "ReadyKeyRule",
    "Reconciliation",
    "StateCount",
    "UploadBatch",
    "UploadPiece",
]
