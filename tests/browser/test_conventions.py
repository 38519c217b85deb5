"""What the conventions say of every page or of a bar, measured in a browser at the narrowest and the usual widths."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from licenses.models import License
from tests.factories import World, make_class, make_configuration, make_license

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visit = Callable[[str], Page]


@pytest.mark.convention(3)
def test_convention_3_many_tabs_stay_in_one_line_that_scrolls_and_shows_the_open_one(signed_in: Visit) -> None:
    tabs = [make_configuration(name=f"Hersteller mit langem Namen {n}") for n in range(12)]
    page = signed_in("/")
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 740})
        signed_in(f"/licenses/?plugin={tabs[-1].pk}")
        bar = page.get_by_role("navigation", name="Plug-ins")
        heights = "links => links.map(link => Math.round(link.getBoundingClientRect().y))"
        rows = set(bar.get_by_role("link").evaluate_all(heights))
        assert len(rows) == 1, "one line"
        assert bar.evaluate("bar => bar.scrollWidth > bar.clientWidth"), "which scrolls"
        expect(bar.get_by_role("link", name=tabs[-1].name)).to_be_in_viewport(ratio=0.99)
        assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


@pytest.mark.convention(32, 38)
def test_convention_32_and_38_no_page_of_the_menu_scrolls_sideways_at_320_pixels_and_its_main_action_is_in_reach(
    signed_in: Visit, world: World
) -> None:
    license_ = make_license(make_class(), subscription=world.subscription, state=License.State.INSTALLED)
    page = signed_in("/")
    page.set_viewport_size({"width": 320, "height": 640})
    links = page.get_by_role("navigation", name="Main menu").get_by_role("link", include_hidden=True).all()
    own = [f"/licenses/{license_.pk}/", f"/license-requests/{world.request.pk}/", f"/orders/{world.order.number}/"]
    for address in [*(str(link.get_attribute("href")) for link in links), *own, "/licenses/new/", "/uploads/"]:
        signed_in(address)
        assert page.evaluate("document.documentElement.scrollWidth") == 320, address
        for button in page.locator("main .btn-primary:visible").all():
            button.scroll_into_view_if_needed()
            expect(button).to_be_in_viewport(ratio=0.99)


@pytest.mark.convention(36)
def test_convention_36_every_page_of_the_menu_has_a_title_of_its_own_and_one_heading_of_the_first_rank(
    signed_in: Visit, world: World
) -> None:
    page = signed_in("/")
    links = page.get_by_role("navigation", name="Main menu").get_by_role("link").all()
    own = [f"/license-requests/{world.request.pk}/", f"/orders/{world.order.number}/", "/notices/", "/shortcuts/"]
    addresses = [*(str(link.get_attribute("href")) for link in links), *own]
    titles = []
    for address in addresses:
        signed_in(address)
        titles.append(page.title())
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert len(set(titles)) == len(addresses), titles
    assert any(f"Request {world.request.pk} " in title and "Waits for services" in title for title in titles)
