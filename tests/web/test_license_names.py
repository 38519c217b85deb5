"""What a license is called where it is shown."""

import pytest
from django.test import Client
from django.urls import reverse

from licenses.models import License, LicenseRequest
from tests.factories import World, make_license
from tests.web.wares import make_wares


def make_ending(license_: License) -> LicenseRequest:
    return LicenseRequest.objects.create(
        kind="terminate",
        state="key",
        configuration=license_.configuration,
        license_class=license_.license_class,
        license=license_,
        subscription=license_.subscription,
    )


@pytest.mark.parametrize(
    ("features", "name"), [(["AV", "AVX"], "Antivirus"), (["BACKUP"], "Backup"), ([], "Plesk 10 and later")]
)
def test_an_additional_key_has_the_name_of_its_own_class(
    staff_client: Client, world: World, features: list[str], name: str
) -> None:
    license_class = make_wares(world.configuration)
    parent = make_license(license_class, key="MAIN-1", features=["POWER"], subscription=world.subscription)
    child = make_license(
        license_class, key="EXTRA-1", parent=parent, features=features, subscription=world.subscription
    )
    assert parent.class_name == "Plesk 10 and later"
    assert child.class_name == name
    assert child.own_features == features[1:]
    assert name in staff_client.get(reverse("license", args=[child.pk])).text
    ending = make_ending(child)
    assert f"{name} · " in staff_client.get(reverse("license_request", args=[ending.pk])).text
    assert name in staff_client.get(reverse("subscription", args=[world.subscription.pk])).text
