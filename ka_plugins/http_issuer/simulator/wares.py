"""What the simulated issuer sells, in the very objects that GET classes answers with."""

from __future__ import annotations

from typing import Any, Final

SITES: Final = {
    "name": "Sites",
    "required": True,
    "default": "SITES_10",
    "options": [
        {"code": "SITES_10", "name": "10 sites"},
        {"code": "SITES_30", "name": "30 sites"},
        {"code": "SITES_ANY", "name": "Any number of sites"},
    ],
}
MAILBOXES: Final = {
    "name": "Mailboxes",
    "required": False,
    "options": [{"code": "MAIL_100", "name": "100 mailboxes"}, {"code": "MAIL_500", "name": "500 mailboxes"}],
}
_CLASSES: Final[tuple[dict[str, Any], ...]] = (
    {
        "code": "PANEL",
        "name": "Panel, monthly",
        "groups": [SITES],
        "features": [{"code": "BACKUP", "name": "Backup"}, {"code": "SITE_BUILDER", "name": "Site builder"}],
        "additional": [
            {"code": "MAIL_SCANNER", "name": "Mail scanner", "groups": [MAILBOXES], "features": []},
            {"code": "FIREWALL", "name": "Web application firewall"},
        ],
    },
    {"code": "AGENT", "name": "Backup agent, perpetual", "features": [{"code": "CLOUD", "name": "Cloud storage"}]},
)
CLASSES: Final = {str(one["code"]): one for one in _CLASSES}
DAYS: Final[dict[str, int | None]] = {"PANEL": 30, "AGENT": None}  # the term of a class; None never ends
GRACE_DAYS: Final = 10  # from the renewal's date to the license's end
