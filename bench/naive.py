"""The naive way to compare with: a chain of three Celery tasks a license, on the same tables and the same vendor.

Each task locks its row, calls with a new HTTP session, and saves; no leases, no batches, no events, no proof.
"""

import os
from pathlib import Path
from typing import Any, cast

import django
import requests
from celery import Celery, chain
from django.db import transaction
from django.utils import timezone

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pbas.settings")
django.setup()

from ka_plugins.plesk_ka import wire  # noqa: E402 (models need the settings)
from licenses.models import InstallTarget, License, LicenseFile, LicenseRequest, PluginConfiguration  # noqa: E402

SECONDS = 60.0  # for one call
app = Celery("naive", broker=os.environ["CELERY_BROKER_URL"])
app.conf.update(task_ignore_result=True, task_acks_late=True, task_default_queue="naive")
app.conf.update(worker_prefetch_multiplier=4, broker_connection_retry_on_startup=True)


@app.task
def get_key(pk: int) -> None:
    """Buy."""
    with transaction.atomic():
        request = LicenseRequest.objects.select_for_update().get(pk=pk)
        request.state, request.intent_at = "buying", timezone.now()
        request.save()
    number = _thin("POST", f"key/{request.uid.hex}").decode() if _is_thin(request) else _create_key(request)
    with transaction.atomic():
        request = LicenseRequest.objects.select_for_update().get(pk=pk)
        request.license = License.objects.create(
            configuration_id=request.configuration_id,
            license_class_id=request.license_class_id,
            subscription_id=request.subscription_id,
            key=number,
            fingerprint=number,
        )
        request.state = "files"
        request.save()


@app.task
def get_file(pk: int) -> None:
    """Fetch."""
    request = LicenseRequest.objects.select_related("license").get(pk=pk)
    key = cast("License", request.license).key
    if _is_thin(request):
        name = _thin("GET", f"files/{key}").decode()
        body = _thin("GET", f"file/{name}")
    else:
        name, body = f"{key}.xml", _call(request, "retrieveKey", key).octets("key")
    with transaction.atomic():
        request = LicenseRequest.objects.select_for_update().get(pk=pk)
        LicenseFile.objects.create(
            request=request, license=request.license, name=name, size=len(body), body=body, source="vendor"
        )
        request.state = "install"
        request.save()


@app.task
def install(pk: int) -> None:
    """Put the file into its folder."""
    file = LicenseFile.objects.select_related("request").get(request=pk)
    target = InstallTarget.objects.get(subscription=file.request.subscription_id)
    Path(target.address, file.name).write_bytes(file.body)
    with transaction.atomic():
        request = LicenseRequest.objects.select_for_update().get(pk=pk)
        request.state, request.finished_at = "done", timezone.now()
        request.save()


def send(pk: int) -> None:
    """Start one chain."""
    chain(get_key.si(pk), get_file.si(pk), install.si(pk)).apply_async()


def _configuration(request: LicenseRequest) -> PluginConfiguration:
    return PluginConfiguration.objects.get(pk=request.configuration_id)


def _is_thin(request: LicenseRequest) -> bool:
    return _configuration(request).template == "bench_thin"


def _thin(method: str, door: str) -> bytes:
    with requests.Session() as session:
        return session.request(method, f"{os.environ['BENCH_STUB']}/{door}", timeout=SECONDS).content


def _create_key(request: LicenseRequest) -> str:
    wanted: tuple[Any, ...] = ({"ips": [], "macs": []}, "demo", "PLESK_10_AND_LATER", [], "billing")
    return _call(request, "createKey", *wanted).text("mainKeyNumber")


def _call(request: LicenseRequest, method: str, *given: Any) -> wire.Struct:
    place = _configuration(request).settings
    login = {"login": "demo", "password": "demo"}
    with requests.Session() as session:
        url = f"http://{place['host']}:{place['port']}/"
        return wire.read_answer(session.post(url, wire.write_call(method, (login, *given)), timeout=SECONDS).content)
