"""That what looks at all pages sees a fault where there is one: in each theme, in each width, of each kind."""

import pytest
from playwright.sync_api import Page

from tests.browser.looks import faults_of

SOUND = """<!doctype html><html lang="en"><head><title>Sound</title><meta name="viewport" content="width=device-width">
<style>%s</style></head><body><main><h1>Sound</h1>%s</main></body></html>"""
NARROW = "@media (max-width: 400px)"
PRESSED = "<button>Yes</button><button>No</button>"


@pytest.mark.parametrize(
    ("style", "body", "faults"),
    [
        ("", PRESSED, []),
        ("", "<img src='data:,'>", ["light 1280: image-alt"]),
        (
            "h1 { color: #ccc }",
            "",
            [
                "light 1280: color-contrast",
                "dark 360: color-contrast",
                "dark 1280: color-contrast",
            ],
        ),
        ("[data-bs-theme=dark] h1 { color: #ccc }", "", ["dark 360: color-contrast", "dark 1280: color-contrast"]),
        (NARROW + "{ button { font-size: 6px; padding: 0; border: 0 } }", PRESSED, ["dark 360: target-size"]),
        (NARROW + "{ h1 { width: 500px } }", "", ["light 360: scrolls", "dark 360: scrolls"]),
    ],
)
def test_a_fault_is_seen_wherever_it_is(style: str, body: str, faults: list[str], page: Page) -> None:
    page.set_content(SOUND % (style, body))
    seen = faults_of(page)
    assert len(seen) == len(faults), seen
    for told, fault in zip(seen, faults, strict=True):
        assert f" {fault}" in told
