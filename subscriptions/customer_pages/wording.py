"""What a customer is told of his licenses: never that one is active before that was proven, and nothing of vendors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from licenses.models import License, LicenseFile
from licenses.selectors import sealed_parts
from subscriptions.customer_pages.selectors import is_delivered
from subscriptions.models import Subscription

_WORDS = {
    License.State.ISSUED: ("now", _("Issued; being installed on your server")),
    License.State.SUSPENDED: ("late", _("Suspended")),
    License.State.EXPIRED: ("late", _("Expired")),
    License.State.TERMINATED: ("off", _("Ended")),
}


@dataclass(frozen=True, slots=True)
class Owned:
    """One license in a customer's words. `key` is "" until it is his; `secrets` are what he may reveal."""

    pk: int
    name: str
    mark: str
    text: str
    key: str
    secrets: frozenset[str]
    files: Sequence[LicenseFile]
    expires_at: Any
    is_additional: bool


def owned(license_: License) -> Owned:
    """A license as its customer sees it."""
    mark, text = word_of(license_)
    his = is_delivered(license_)
    return Owned(
        license_.pk,
        license_.class_name,
        mark,
        text,
        license_.key if his else "",
        sealed_parts(license_) if his else frozenset(),
        newest(list(license_.files.all())) if his else [],
        license_.expires_at,
        license_.parent_id is not None,
    )


def word_of(license_: License) -> tuple[str, str]:
    """Its mark (done, now, late, off) and its state in words."""
    if license_.state == License.State.INSTALLED:
        if license_.proven_at is None:
            return "now", str(_("Being checked on your server"))
        return "done", str(_("Active"))
    mark, text = _WORDS[License.State(license_.state)]
    return mark, str(text)


def newest(files: Sequence[LicenseFile]) -> list[LicenseFile]:
    """Of each file its newest version; `files` come sorted with that first."""
    seen: dict[str, LicenseFile] = {}
    for file in files:
        seen.setdefault(file.name, file)
    return list(seen.values())


def subscription_word(subscription: Subscription) -> tuple[str, str]:
    """Its mark and its state in words."""
    words = {
        Subscription.State.PENDING: ("now", _("Being set up")),
        Subscription.State.ACTIVE: ("done", _("Active")),
        Subscription.State.ENDING: ("off", _("Being ended")),
        Subscription.State.ENDED: ("off", _("Ended")),
    }
    mark, text = words[Subscription.State(subscription.state)]
    return mark, str(text)
