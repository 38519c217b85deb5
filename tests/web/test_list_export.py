"""A list taken home as CSV or for Excel: the filter's rows, the columns shown, nothing that a spreadsheet would run."""

import csv
import io
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from licenses.models import License
from pbas.core.lists import export
from pbas.core.models import Event
from tests.factories import World, make_class, make_license
from tests.web.moving import uploaded

pytestmark = pytest.mark.django_db


def rows_of(client: Client, address: str) -> list[dict[str, str]]:
    answer: Any = client.get(address)
    assert answer.status_code == 200
    assert "attachment" in answer["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


@pytest.mark.parametrize(("narrowed", "sort"), [("state", "-id"), ("plugin", "key"), ("state", "-expires_order")])
@pytest.mark.convention(10)
def test_an_export_has_all_rows_of_the_filter_in_its_order_however_long_its_stretches_are(
    staff_client: Client, monkeypatch: pytest.MonkeyPatch, narrowed: str, sort: str
) -> None:
    monkeypatch.setattr(export, "_FIRST", 2)
    monkeypatch.setattr(export, "_STRETCH", 3)
    sold = make_class()
    for _n in range(12):
        make_license(sold, expires_at=None)
    make_license(make_class(), state=License.State.EXPIRED, expires_at=None)
    filters = {"state": "state=issued", "plugin": f"plugin={sold.configuration_id}"}
    address = f"/lists/licenses/export.csv?{filters[narrowed]}&sort={sort}&columns=key,number,expires"
    found = rows_of(staff_client, address)
    sign = "-" if sort.startswith("-") else ""
    wanted = License.objects.filter(state="issued").order_by(sort, f"{sign}id").values_list("key", "pk")
    assert [(row["key"], int(row["number"])) for row in found] == list(wanted)
    assert {row["expires"] for row in found} == {""}


@pytest.mark.convention(10)
def test_a_cell_never_begins_like_a_formula_and_secret_keys_stay_masked(staff_client: Client, world: World) -> None:
    account = world.subscription.account
    account.name = '=HYPERLINK("x")'
    account.save()
    license_ = uploaded(world, key="SECRET-1234-ABCD")
    starts = ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "fine"]
    for n, key in enumerate(starts):
        make_license(key=key, fingerprint=str(n))
    found = rows_of(staff_client, "/lists/licenses/export.csv?columns=key,account,issued,state,plugin&sort=id")
    assert [row["key"] for row in found] == [license_.key, *(f"'{key}" for key in starts[:-1]), "fine"]
    assert found[0]["account"] == '\'=HYPERLINK("x")'
    assert found[0]["issued"] == license_.issued_at.strftime("%Y-%m-%d %H:%M:%S+00")
    assert (found[0]["state"], found[0]["plugin"]) == (license_.state, license_.configuration.name)
    everything = ",".join(column.name for column in _columns())
    assert "SECRET-1234" not in str(rows_of(staff_client, f"/lists/licenses/export.csv?columns={everything}"))


def _columns() -> Any:
    from licenses.list_columns import LICENSE_COLUMNS

    return LICENSE_COLUMNS


@pytest.mark.parametrize("name", ["licenses", "license_requests", "subscriptions", "orders", "activity", "plugins"])
@pytest.mark.convention(10)
def test_each_list_is_exported_with_all_its_columns_in_both_forms_and_the_story_tells(
    staff_client: Client, world: World, name: str
) -> None:
    assert world.license
    assert world.request
    page = staff_client.get(f"/lists/{name}/columns/").text
    columns = ",".join(part.split('"')[0] for part in page.split('name="order" value="')[1:])
    found = rows_of(staff_client, f"/lists/{name}/export.csv?columns={columns}")
    assert found
    told = Event.objects.filter(kind="exported").latest("id")
    assert (told.actor, told.detail[:4]) == ("staff", "csv ")
    answer: Any = staff_client.get(f"/lists/{name}/export.xlsx?columns={columns}")
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    rows = list(sheet.values)
    assert list(rows[0]) == list(found[0])
    assert len(rows) == 1 + len(found) + (1 if name == "activity" else 0)  # the first export was told of meanwhile


def test_more_rows_than_a_workbook_takes_are_refused_with_the_way_out(
    staff_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "MOST_XLSX", 2)
    sold = make_class()
    for _n in range(3):
        make_license(sold)
    answer = staff_client.get("/lists/licenses/export.xlsx?state=issued", follow=True)
    assert answer.redirect_chain == [("/licenses/?state=issued", 302)]
    assert "Export them as CSV, which has no limit" in answer.text
    assert not Event.objects.filter(kind="exported").exists()
