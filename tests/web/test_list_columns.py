"""What a person keeps of a list: columns, page size, views; and addresses that ask for what is not there."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from pbas.core.lists.query import seal
from pbas.core.models import SavedView
from tests.factories import World, make_class, make_configuration, make_license, make_order

pytestmark = pytest.mark.django_db

LISTS = ("licenses", "license_requests", "subscriptions", "orders", "activity", "plugins")
PAGES = {name: f"/{name.replace('_', '-')}/" for name in LISTS}


def heads_on(text: str) -> list[str]:
    """The heads of the columns, without their signs."""
    found = re.findall(r"<th scope=\"col\"[^>]*>(.*?)</th>", text, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", head).strip() for head in found if "visually-hidden" not in head]


@pytest.mark.convention(6)
def test_columns_are_chosen_and_ordered_per_person_and_an_address_that_names_its_own_wins(
    staff_client: Client, world: World
) -> None:
    make_license()
    chosen = {"query": "state=issued", "order": ["key", "expires", "plugin", "class"], "size": "25", "keep": "1"}
    answer = staff_client.post("/lists/licenses/columns/", {**chosen, "shown": ["plugin", "expires"]})
    assert answer["Location"] == "/licenses/?state=issued"
    assert heads_on(staff_client.get("/licenses/").text) == ["Key", "Expires", "Plug-in"]
    assert heads_on(staff_client.get("/licenses/?columns=key,state").text) == ["Key", "State"]
    colleague = Client()
    colleague.force_login(User.objects.create_superuser("colleague"))
    assert len(heads_on(colleague.get("/licenses/").text)) == 7
    staff_client.post("/lists/licenses/columns/", {"forget": "1"})
    assert len(heads_on(staff_client.get("/licenses/").text)) == 7
    assert world.plan


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("name", LISTS)
@pytest.mark.convention(12)
def test_what_a_row_leads_to_is_a_link_of_its_own_and_nothing_else_of_it_can_be_pressed(
    name: str, staff_client: Client
) -> None:
    make_license()
    page = staff_client.get(PAGES[name]).text
    rows = re.findall(r"<tr>(.*?)</tr>", page[page.index("<tbody>") : page.index("</tbody>")], re.DOTALL)
    assert rows
    for row in rows:
        links = re.findall(r'<a [^>]*href="([^"?]+)"', row)
        assert links or name == "activity", row  # an event of the panel itself is about nothing that has a page
        assert {staff_client.get(link).status_code for link in links} <= {200}
        assert not re.findall(r'onclick|tabindex|role="button"|hx-(?:get|post)', row)


def test_without_a_script_a_column_moves_on_a_page_of_its_own_and_nothing_is_kept_yet(staff_client: Client) -> None:
    given = {"order": ["key", "class", "state"], "shown": ["class", "state"], "move": "up:state", "size": "100"}
    text = staff_client.post("/lists/licenses/columns/", given).text
    assert re.findall(r'name="order" value="(\w+)"', text)[:3] == ["key", "state", "class"]
    assert "<option selected>100</option>" in text
    text = staff_client.post("/lists/licenses/columns/", {**given, "move": "up:key"}).text
    assert re.findall(r'name="order" value="(\w+)"', text)[0] == "key"
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("name", LISTS)
def test_every_list_shows_every_column_that_it_offers_in_six_statements(
    staff_client: Client, world: World, django_assert_max_num_queries: Any, name: str
) -> None:
    assert world.license
    assert world.request
    SavedView.objects.create(list_name=name, owner=User.objects.get(), name="Mine", query="size=25")
    text = staff_client.get(f"/lists/{name}/columns/").text
    offered = re.findall(r'name="order" value="(\w+)"', text)
    assert len(offered) >= 7
    with django_assert_max_num_queries(6):
        text = staff_client.get(PAGES[name], {"columns": ",".join(offered), "size": "200"}).text
    row = re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL)[1]
    assert len(re.findall("<td", row.replace('<td class="tick-cell">', ""))) == len(offered)


@pytest.mark.convention(6)
def test_a_saved_view_opens_the_same_list_for_its_owner_and_shared_for_colleagues(
    staff_client: Client, world: World
) -> None:
    sold = make_class()
    make_license(sold, state="expired")
    query = f"plugin={sold.configuration_id}&state=expired&sort=expires_order&columns=key,email&size=25"
    answer = staff_client.post("/lists/licenses/views/", {"query": query, "name": " Old  ones ", "is_shared": "1"})
    assert answer["Location"] == f"/licenses/?{query}"
    text = staff_client.get(answer["Location"]).text
    assert heads_on(text) == ["Key", "E-mail"]
    assert re.search(r'aria-current="true">Old ones <span class="soft">shared', text)
    colleague = Client()
    colleague.force_login(User.objects.create_superuser("colleague"))
    view = SavedView.objects.get()
    assert "Old ones" in colleague.get("/licenses/").text
    assert colleague.post(f"/lists/licenses/views/{view.pk}/delete/").status_code == 404
    staff_client.post("/lists/licenses/views/", {"query": "", "name": "Old ones"})
    assert "Old ones" not in colleague.get("/licenses/").text
    staff_client.post(f"/lists/licenses/views/{view.pk}/delete/")
    assert not SavedView.objects.exists()
    assert world.plan


def test_a_view_without_a_name_is_not_saved(staff_client: Client) -> None:
    answer = staff_client.post("/lists/orders/views/", {"query": "state=paid", "name": "  "}, follow=True)
    assert "Give the view a name" in answer.text
    assert not SavedView.objects.exists()


def test_a_view_of_a_deleted_plug_in_with_a_vanished_column_opens_with_what_is_left_and_says_what_is_gone(
    staff_client: Client,
) -> None:
    license_ = make_license()
    gone = make_configuration()
    query = f"plugin={gone.pk}&columns=key,colour,state"
    gone.delete()
    text = staff_client.get(f"/licenses/?{query}").text
    assert license_.key in text
    assert "The plug-in of this tab does not exist" in text
    assert "There is no column “colour”" in text
    assert heads_on(text) == ["Key", "State"]


def test_what_an_address_asks_for_in_vain_is_said_and_the_rest_is_shown(staff_client: Client) -> None:
    license_ = make_license()
    pk = str(license_.pk)
    vain = {
        "colour=red": "There is no filter “colour”",
        "state=blue": "The filter has no value “blue”",
        "sort=secret_key": "cannot be sorted by “secret_key”",
        "size=7": "A page has 25, 50, 100 or 200 rows",
        f"after={pk}": "names no place in this list",
        f"after={seal('licenses', '-id', pk)[:-1]}": "names no place in this list",
        f"after={seal('license_requests', '-id', pk)}": "names no place in this list",
        f"sort=key&after={seal('licenses', '-id', pk)}": "names no place in this list",
    }
    for query, said in vain.items():
        text = staff_client.get(f"/licenses/?{query}").text
        assert said in text, query
        assert license_.key in text, query
    assert "note-warning" not in staff_client.get("/licenses/?state=&sort=&q=&size=").text
    for path in ("/lists/nowhere/export.csv", "/lists/licenses/export.pdf", "/runs/77/"):
        assert staff_client.get(path).status_code == 404
    assert staff_client.post("/lists/nowhere/columns/").status_code == 404


@pytest.mark.convention(4)
def test_a_page_has_as_many_rows_as_asked_for_and_links_keep_that(staff_client: Client) -> None:
    sold = make_class()
    for _n in range(27):
        make_license(sold)
    text = staff_client.get("/licenses/?size=25").text
    assert text.count('name="row"') == 25
    assert "size=25&amp;after=" in text


def test_a_search_that_names_one_row_exactly_opens_its_page_when_it_is_sent(staff_client: Client, world: World) -> None:
    license_, order = make_license(), make_order()
    hits = {
        f"/licenses/?q={license_.key}": f"/licenses/{license_.pk}/",
        f"/license-requests/?q={world.request.pk}": f"/license-requests/{world.request.pk}/",
        f"/orders/?q={order.number}": f"/orders/{order.number}/",
        f"/subscriptions/?q={world.subscription.name}": f"/subscriptions/{world.subscription.pk}/",
    }
    for address, page in hits.items():
        assert staff_client.get(address).status_code == 200
        assert staff_client.get(f"{address}&go=1")["Location"] == page
        assert staff_client.get(f"{address}&go=1", headers={"HX-Request": "true"})["HX-Redirect"] == page
    assert staff_client.get(f"/licenses/?q={license_.key[:-1]}&go=1").status_code == 200
