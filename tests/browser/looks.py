"""What every page owes to every reader: no fault for axe and no scrolling sideways, in both themes and widths."""

from collections.abc import Iterator
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SIZES = {1280: 800, 360: 740}  # width and height in CSS pixels
STANDARD = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
# Of a page that was looked at whole, what another theme and another width can break; it is the same page otherwise.
OF_THEME = {"runOnly": ["color-contrast", "link-in-text-block"]}
OF_WIDTH = {"runOnly": ["target-size", "scrollable-region-focusable"]}
_axe = Axe()


def faults_of(page: Page) -> list[str]:
    """The faults of the page as it is open now, drawn in each theme and width without being loaded again."""
    before = page.viewport_size
    found = [fault for theme in THEMES for fault in _faults_in(page, theme)]
    if before:
        page.set_viewport_size(before)
    return found


def _faults_in(page: Page, theme: Literal["light", "dark"]) -> Iterator[str]:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # no colour on its way to another
    page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme; }", theme)
    for width, height in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        options = OF_THEME if theme == "dark" else STANDARD if width == max(SIZES) else OF_WIDTH
        found = _axe.run(page, options={**options, "resultTypes": ["violations"]}).response["violations"]
        place = f"{page.url} {theme} {width}"
        yield from (f"{place}: {fault['id']}: {fault['nodes'][0]['html'][:200]}" for fault in found)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            yield f"{place}: scrolls sideways"
