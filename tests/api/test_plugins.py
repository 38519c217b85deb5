"""Plug-in configurations over the API, against the simulated vendor."""

from typing import Any

import pytest

from ka_plugins.simulator.running import RunningSimulator
from licenses.models import LicenseClass, PluginConfiguration
from pbas.core.api.fields import UNSAID
from pbas.core.models import Event
from tests.api.calls import Api, problem


@pytest.fixture
def body(simulator: RunningSimulator) -> dict[str, Any]:
    """A configuration of the simulated vendor."""
    login = {"login": "demo", "password": "demo", "client": "1"}
    return {
        "name": "Vendor",
        "template": "plesk_ka",
        "mode": "online",
        "settings": {**simulator.settings(), **login},
    }


def test_a_configuration_is_made_checked_and_filled_with_classes_that_are_sold_one_by_one(
    api: Api, body: dict[str, Any]
) -> None:
    response = api.post("plugins/", body, key="k1")
    made = response.json()
    assert response.status_code == 201
    assert (made["name"], made["template"], made["mode"], made["status"]) == (
        "Vendor",
        "plesk_ka",
        "online",
        "fetching",
    )
    path = f"plugins/{made['id']}/"
    assert "demo" in api.post(f"{path}check/").json()["detail"]
    number = api.post(f"{path}fetch-classes/").json()["classes"]
    assert api.get(path).json()["status"] == "configured"
    classes = api.get(f"{path}classes/", data={"page_size": 200}).json()["results"]
    assert len(classes) == number
    assert {"id", "code", "name", "sold"} <= set(classes[0])
    assert not any(one["sold"] for one in classes)
    first = f"{path}classes/{classes[0]['id']}/"
    assert api.patch(first, {"sold": True}).json()["sold"] is True
    assert api.get(first).json()["sold"] is True
    assert [one["id"] for one in api.get(f"{path}classes/", data={"sold": "true"}).json()["results"]] == [
        classes[0]["id"]
    ]


def test_no_secret_is_ever_shown(api: Api, body: dict[str, Any]) -> None:
    body["settings"]["password"] = "hush-hush"
    made = api.post("plugins/", body)
    path = f"plugins/{made.json()['id']}/"
    assert made.json()["settings"]["login"] == "demo"
    assert "password" not in made.json()["settings"]
    for response in (made, api.get(path), api.get("plugins/"), api.patch(path, {"limit": 7}), api.put(path, body)):
        assert response.status_code in {200, 201}
        assert "hush-hush" not in response.content.decode()
    assert PluginConfiguration.objects.get(name="Vendor").secrets == {"password": "hush-hush"}


def test_a_change_of_one_setting_leaves_the_others_and_the_secret(api: Api, body: dict[str, Any]) -> None:
    path = f"plugins/{api.post('plugins/', body).json()['id']}/"
    changed = api.patch(path, {"settings": {"client": "demo"}, "name": "Renamed"}).json()
    assert (changed["name"], changed["settings"]["client"]) == ("Renamed", "demo")
    assert changed["settings"]["port"] == body["settings"]["port"]
    kept = PluginConfiguration.objects.get(pk=changed["id"])
    assert (kept.secrets, kept.version) == ({"password": "demo"}, 2)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "By hand"}, "name"),
        ({"template": "none"}, "template"),
        ({"template": "manual", "settings": {}}, "mode"),
        ({"mode": "sometimes"}, "mode"),
        ({"limit": 0}, "limit"),
        ({"settings": {"prot": 1}}, "settings.prot"),
        ({"settings": {"port": "seven"}}, "settings.port"),
        ({"settings": {"port": 70_000}}, "settings.port"),
        ({"settings": {"scheme": "ftp"}}, "settings.scheme"),
        ({"settings": {"password": ""}}, "settings.password"),
        ({"settings": {"port": None}}, "settings.port"),
        ({"settings": {"host": ["a"]}}, "settings.host"),
        ({"settings": "host"}, "settings"),
    ],
)
@pytest.mark.usefixtures("offline")
def test_bad_input_is_422_at_its_field_and_nothing_is_saved(
    api: Api, body: dict[str, Any], wrong: dict[str, Any], field: str
) -> None:
    if isinstance(wrong.get("settings"), dict) and "template" not in wrong:
        wrong = {**wrong, "settings": {**body["settings"], **wrong["settings"]}}
    problem(api.post("plugins/", {**body, **wrong}), 422, field)
    assert PluginConfiguration.objects.count() == 1


def test_a_configuration_stays_with_its_plug_in(api: Api, offline: PluginConfiguration) -> None:
    problem(api.patch(f"plugins/{offline.pk}/", {"template": "plesk_ka"}), 422, "template")


def test_a_wrong_password_is_told_with_the_vendors_words(api: Api, body: dict[str, Any]) -> None:
    body["settings"]["password"] = "wrong-one"
    path = f"plugins/{api.post('plugins/', body).json()['id']}/"
    for verb in ("check", "fetch-classes"):
        answer = problem(api.post(f"{path}{verb}/"), 422)
        assert "vendor says" in answer["detail"]
        assert "wrong-one" not in str(answer)
    assert api.get(path).json()["status"] == "failed"


def test_a_vendor_that_is_not_there_is_told_too(api: Api, body: dict[str, Any]) -> None:
    body["settings"]["port"] = 1
    path = f"plugins/{api.post('plugins/', body).json()['id']}/"
    problem(api.post(f"{path}check/"), 422)


def test_a_configuration_is_paused_with_a_reason_and_resumed(api: Api, offline: PluginConfiguration) -> None:
    path = f"plugins/{offline.pk}/"
    problem(api.post(f"{path}pause/", {"reason": " "}), 422, "reason")
    paused = api.post(f"{path}pause/", {"reason": "Prices change."}).json()
    assert (paused["status"], paused["status_text"]) == ("paused", "Prices change.")
    problem(api.post(f"{path}pause/", {"reason": "Again."}), 409)
    assert api.post(f"{path}resume/").json()["status"] == "configured"
    problem(api.post(f"{path}resume/"), 409)


def test_a_script_that_gives_no_reason_for_a_pause_is_told_of(api: Api, offline: PluginConfiguration) -> None:
    paused = api.post(f"plugins/{offline.pk}/pause/").json()
    assert (paused["status"], paused["status_text"]) == ("paused", UNSAID)


def test_only_the_tick_of_a_class_can_be_changed(api: Api, license_class: LicenseClass) -> None:
    path = f"plugins/{license_class.configuration_id}/classes/{license_class.pk}/"
    problem(api.patch(path, {}), 422, "sold")
    problem(api.patch(path, {"sold": "perhaps"}), 422, "sold")
    assert api.patch(path, {"sold": False, "name": "Mine"}).json() == {
        **api.get(path).json(),
        "sold": False,
        "name": license_class.name,
    }
    assert Event.objects.get(kind="class_sold").actor == "shop"
    problem(api.put(path, {"sold": True}), 405)


def test_a_retired_class_is_not_sold_again(api: Api, license_class: LicenseClass) -> None:
    LicenseClass.objects.filter(pk=license_class.pk).update(retired=True, sold=False)
    problem(api.patch(f"plugins/{license_class.configuration_id}/classes/{license_class.pk}/", {"sold": True}), 409)


def test_a_class_is_found_below_its_own_plug_in_only(api: Api, license_class: LicenseClass) -> None:
    other = PluginConfiguration.objects.create(name="Other", template="manual", mode="offline")
    problem(api.get(f"plugins/{other.pk}/classes/{license_class.pk}/"), 404)


@pytest.mark.parametrize("stored", [[], "text", 5])
def test_what_is_stored_in_whatever_shape_breaks_no_answer(stored: Any, api: Api, license_class: LicenseClass) -> None:
    PluginConfiguration.objects.update(settings=stored)
    LicenseClass.objects.update(properties=stored)
    assert api.get("plugins/").json()["results"][0]["settings"] == {}
    path = f"plugins/{license_class.configuration_id}/classes/"
    assert api.get(path).json()["results"][0]["properties"] == {}
