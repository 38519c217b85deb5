"""Requests as rows, without any engine."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models.functions import Now

from licenses.models import LicenseClass, LicenseRequest, PluginConfiguration
from licenses.statements import in_seconds
from tests.factories import make_class, make_configuration

MakeRequest = Callable[..., LicenseRequest]


@pytest.fixture
def online(db: None) -> PluginConfiguration:  # noqa: ARG001 (opens the database)
    """A working online configuration whose vendor nobody calls."""
    settings = {"scheme": "http", "host": "127.0.0.1", "port": 9, "login": "demo", "client": "1", "ca_file": ""}
    return make_configuration(template="plesk_ka", mode="online", settings=settings, secrets={"password": "demo"})


@pytest.fixture
def license_class(online: PluginConfiguration) -> LicenseClass:
    return make_class(online)


@pytest.fixture
def make_request(license_class: LicenseClass) -> MakeRequest:
    """A request that is due since a second, or in `due` seconds; None: never."""

    def made(*, due: float | None = -1, **values: Any) -> LicenseRequest:
        given = {
            "uid": uuid4(),
            "state": "key",
            "configuration": license_class.configuration,
            "license_class": license_class,
            "due_at": None if due is None else in_seconds(due),
        }
        request = LicenseRequest.objects.create(**{**given, **values})
        request.refresh_from_db()
        return request

    return made


def seconds_left(request: LicenseRequest) -> float:
    """How long until it is due, by the database's clock."""
    row = LicenseRequest.objects.annotate(now=Now()).get(pk=request.pk)
    assert row.due_at is not None
    return float((row.due_at - row.now).total_seconds())


def is_postgresql() -> bool:
    return connection.vendor == "postgresql"
