"""Configurations of the vendors beside the Key Administrator's first API: made, checked and filled over the API."""

from typing import Any

import pytest

from ka_plugins.simulator.running import RunningSimulator
from tests.api.calls import Api, problem

LOGIN = {"login": "demo", "password": "demo"}


@pytest.mark.parametrize("transport", ["http", "tls"])
@pytest.mark.parametrize(
    ("template", "settings", "code"),
    [
        ("plesk_ka3", {"client": "1"}, "PLESK-12-WEB-PRO-1M"),
        ("plesk_ka3", {"path": "/jsonrest/business-partner/30"}, "PLESK-12-WEB-HOST-1M"),
        ("cpanel_manage2", {"group": "1"}, "21159"),
        ("cpanel_manage2", {}, "21163"),
    ],
)
def test_a_configuration_is_checked_and_filled_with_classes(
    api: Api, simulator: RunningSimulator, template: str, settings: dict[str, Any], code: str, transport: str
) -> None:
    given = {**LOGIN, **simulator.settings(tls=transport == "tls"), **settings}
    made = api.post("plugins/", {"name": "Vendor", "template": template, "mode": "online", "settings": given})
    assert made.status_code == 201, made.json()
    path = f"plugins/{made.json()['id']}/"
    assert "accepts the login demo" in api.post(f"{path}check/").json()["detail"]
    api.post(f"{path}fetch-classes/")
    assert api.get(path).json()["status"] == "configured"
    classes = api.get(f"{path}classes/", data={"page_size": 200}).json()["results"]
    assert code in {one["code"] for one in classes}


@pytest.mark.parametrize(
    ("template", "changed", "field"),
    [("plesk_ka3", {"path": "/40"}, "settings.path"), ("cpanel_manage2", {"group": "x"}, "settings.group")],
)
def test_a_setting_that_cannot_work_is_refused_at_its_place(
    api: Api, template: str, changed: dict[str, Any], field: str
) -> None:
    body = {"name": "Vendor", "template": template, "mode": "online", "settings": {**LOGIN, **changed}}
    problem(api.post("plugins/", body), 422, field)


def test_a_wrong_password_is_told_when_the_connection_is_tried(api: Api, simulator: RunningSimulator) -> None:
    for template in ("plesk_ka3", "cpanel_manage2"):
        given = {**LOGIN, **simulator.settings(), "password": "wrong-Sesame"}
        body = {"name": template, "template": template, "mode": "online", "settings": given}
        answer = api.post(f"plugins/{api.post('plugins/', body).json()['id']}/check/")
        assert answer.status_code == 422
        assert "401" in answer.json()["detail"]
        assert "Sesame" not in answer.text
