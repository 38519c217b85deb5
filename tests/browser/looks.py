"""What every page owes to every reader: no fault for axe and no scrolling sideways, in both themes and widths."""

from collections.abc import Iterator, Sequence
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDE, NARROW = (1280, 800), (360, 740)  # width and height in CSS pixels
STANDARD = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# Of a page that was looked at whole, what another theme and another width can break; it is the same page otherwise.
OF_THEME = ("color-contrast", "link-in-text-block")
OF_WIDTH = ("target-size", "scrollable-region-focusable")
RUN = "async rules => (await axe.run({runOnly: rules, resultTypes: ['violations']})).violations"
_axe = Axe()


def faults_of(page: Page) -> list[str]:
    """The faults of the page as it is open now, drawn in each theme and width without being loaded again."""
    before = page.viewport_size
    page.evaluate(_axe.axe_script)
    found = [
        *_faults_in(page, "light", WIDE, STANDARD),
        *_faults_in(page, "light", NARROW),
        *_faults_in(page, "dark", NARROW, OF_THEME + OF_WIDTH),
        *_faults_in(page, "dark", WIDE, OF_THEME),
    ]
    if before:
        page.set_viewport_size(before)
    return found


def _faults_in(
    page: Page, theme: Literal["light", "dark"], size: tuple[int, int], rules: Sequence[str] = ()
) -> Iterator[str]:
    width, height = size
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # no colour on its way to another
    page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme; }", theme)
    page.set_viewport_size({"width": width, "height": height})
    found = page.evaluate(RUN, rules) if rules else ()
    place = f"{page.url} {theme} {width}"
    yield from (f"{place}: {fault['id']}: {fault['nodes'][0]['html'][:200]}" for fault in found)
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        yield f"{place}: scrolls sideways"
