"""Reads for the pages of this leg. Each says how many statements it costs, where that is more than one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache as kept
from typing import TYPE_CHECKING, Any, cast

from django.core.cache import cache
from django.db import connection
from django.db.models import OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, StrIndex, Upper
from django.utils import timezone

from licenses.models import (
    InstallTarget,
    License,
    LicenseClass,
    LicenseFile,
    LicenseRequest,
    PluginConfiguration,
)
from pbas.core import prepared
from pbas.core.models import Event
from pbas.core.stories import NEWEST, Story

if TYPE_CHECKING:
    from subscriptions.models import Subscription

SEARCHED = 1000  # hits up to which a search is a filter by id; beyond, the list's order is walked
SHORTEST_SEARCH = 3  # signs; the indexes know nothing shorter
RAREST = 3  # parts of a search by which the indexes are asked
SAMPLED = 500  # of the newest licenses and subscriptions each, to tell which parts are rare
SAMPLE_SECONDS = 600
State = LicenseRequest.State
EXPIRES_SOON = timedelta(days=30)
LATELY = timedelta(hours=24)
WAITING_FOR_STAFF = (State.ATTENTION, State.IN_DOUBT)
_OF_A_TAB = ("id", "name", "mode", "status", "template", "parked_until", "parkings")
WAITING_OFFLINE = (*WAITING_FOR_STAFF, State.KEY, State.FILES, State.INSTALL)


# --- tabs ---------------------------------------------------------------------------------------------------------


def configurations() -> list[PluginConfiguration]:
    """All configurations in the order of their tabs, without their settings."""
    return prepared.instances(PluginConfiguration, "tabs", "ORDER BY name", fields=_OF_A_TAB)


# --- lists --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """What a search fits: ids of licenses by any part of their key, ids of subscriptions by name, account or order.

    Secret keys are found by what people see of them, their end: a whole one would stand in the address. Of a frequent
    word too many fit (`is_much`): then walking the list's own order finds a page of them at once.
    """

    text: str
    licenses: tuple[int, ...]
    subscriptions: tuple[int, ...]

    @property
    def is_much(self) -> bool:
        """Whether the ids are only the first of many."""
        return len(self.licenses) > SEARCHED or len(self.subscriptions) > SEARCHED

    def fits(self, to_license: str) -> dict[str, Any]:
        """Filters of which a row has to pass one; how it leads to its license ("" where it is one)."""
        if self.is_much:
            return {f"{to_license}key__icontains": self.text, "subscription__search_text__icontains": self.text}
        ids, of = list(self.licenses), list(self.subscriptions)
        return {f"{to_license}pk__within": ids, "subscription__pk__within": of}

    def licenses_of_it(self) -> Q:
        """The licenses that were searched for."""
        return Q(**self.fits(""), _connector=Q.OR)

    def requests_of_it(self) -> Q:
        """The requests that were searched for."""
        return Q(**self.fits("license__"), _connector=Q.OR)


def found_by(text: str) -> Found:
    """What a search of at least SHORTEST_SEARCH signs fits. One statement, each part of it by an index of its own."""
    parts = _rarest_parts([text])

    def asked() -> "QuerySet[Any, Any]":
        licenses = _arm("license", _holding(License.objects.all(), "key", [text], parts))
        return licenses.union(_arm("subscription", _holding(_subscriptions(), "search_text", [text], parts)), all=True)

    held = [
        *(f"%{connection.ops.prep_for_like_query(part)}%" for part in parts or [text]),
        *([text, 0] if parts else []),
    ]
    ids: dict[str, list[int]] = {"license": [], "subscription": []}
    for name, pk in prepared.rows("", ("found", len(parts)), ["license", *held, "subscription", *held], asked):
        ids[name].append(pk)
    return Found(text, tuple(ids["license"]), tuple(ids["subscription"]))


def _arm(name: str, rows: "QuerySet[Any]") -> "QuerySet[Any, Any]":
    """The name and the ids of rows, to be one arm of a UNION."""
    if rows.query.is_sliced and not connection.features.supports_slicing_ordering_in_compound:
        rows = rows.model._default_manager.filter(pk__in=rows.values("pk")).order_by()  # noqa: SLF001 (Django's public name)
    return rows.values_list(Value(name), "pk")


def narrowed(rows: "QuerySet[Any]", found: "QuerySet[Any]", fits: Q) -> "QuerySet[Any]":
    """Those of `rows` that fit. Asks first for those found by an index, at most SEARCHED + 1: one statement.

    Where too many are, walking the rows in their own order finds a page of them at once.
    """
    ids = list(found.values_list("pk", flat=True))
    return rows.filter(fits, pk__in=ids) if len(ids) <= SEARCHED else rows.filter(fits)


def holding(rows: "QuerySet[Any]", column: str, words: Sequence[str]) -> "QuerySet[Any]":
    """Rows whose column holds every word, one at least of SHORTEST_SEARCH signs; only as many as tell few from many.

    The indexes list the rows of each three signs. They are asked for the rarest of the words alone, as the lists of
    those that nearly every row has are long to read; whole words are then looked for in what is left.
    """
    return _holding(rows, column, words, _rarest_parts(words))


def _holding(rows: "QuerySet[Any]", column: str, words: Sequence[str], parts: Sequence[str]) -> "QuerySet[Any]":
    rows = rows.order_by()
    if connection.vendor == "sqlite":
        table = f"{rows.model._meta.db_table}_search"  # noqa: SLF001 (Django's public name)
        if _is_kept(table):
            return rows.filter(pk__in=_matching(table, column, words, parts or _parts(words)))
    for part in parts or words:
        rows = rows.filter(**{f"{column}__icontains": part})
    for n, word in enumerate(words if parts else ()):  # by a function that no index knows
        rows = rows.alias(**{f"place_{n}": StrIndex(Upper(column), Upper(Value(word)))}).filter(**{f"place_{n}__gt": 0})
    return rows[: SEARCHED + 1]


def _matching(table: str, column: str, words: Sequence[str], parts: Iterable[str]) -> RawSQL:
    """Ids by a table of SQLite's FTS5. What people type stands in quotes there: it is never an operator."""
    match = " AND ".join('"' + part.replace('"', '""') + '"' for part in parts)
    likes = [f"%{connection.ops.prep_for_like_query(word)}%" for word in words]
    held = f" AND {column} LIKE %s ESCAPE '\\'" * len(likes)
    found = f"SELECT rowid FROM {table} WHERE {table} MATCH %s{held} LIMIT %s"  # noqa: S608 (names of our own)
    return RawSQL(found, [match, *likes, SEARCHED + 1])  # noqa: S611 (what people type are parameters)


@kept
def _is_kept(table: str) -> bool:
    """Whether the database has a search table; one made by an SQLite without trigrams has none."""
    connection.ensure_connection()
    return bool(connection.connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [table]).fetchone())


def _parts(words: Iterable[str]) -> list[str]:
    return sorted({word[n : n + SHORTEST_SEARCH] for word in words for n in range(len(word) - SHORTEST_SEARCH + 1)})


def _rarest_parts(words: Iterable[str]) -> list[str]:
    """Up to RAREST times the three signs that few rows have, by a sample; none where there is nothing to choose.

    Letters and digits only: PostgreSQL lists no others.
    """
    parts = [part for part in _parts(words) if part.isalnum() and part.isascii()]
    if len(parts) <= RAREST:
        return []
    sample = cache.get_or_set("search-sample", _sample, SAMPLE_SECONDS) or ""
    often = {part: sample.count(part.upper()) for part in parts}
    return sorted((part for part in parts if often[part] <= SAMPLED // 2), key=often.__getitem__)[:RAREST]


def _sample() -> str:
    """What the newest rows are found by. Two statements; how fast a search is depends on it, never what it finds."""
    columns = ((License.objects.all(), "key"), (_subscriptions(), "search_text"))
    texts = [rows.order_by("-id").values_list(column, flat=True)[:SAMPLED] for rows, column in columns]
    return "\n".join(text for some in texts for text in some).upper()


# --- what the dashboard counts, and the lists show ----------------------------------------------------------------


def expiring_soon() -> Q:
    """The licenses in use that end within EXPIRES_SOON."""
    now = timezone.now()
    return Q(state=License.State.INSTALLED, expires_order__gte=now, expires_order__lt=now + EXPIRES_SOON)


def failed_lately() -> Q:
    """The requests that stopped within LATELY and still need a person."""
    return Q(state__in=WAITING_FOR_STAFF, troubled_at__gte=timezone.now() - LATELY)


# --- one request, one license -------------------------------------------------------------------------------------


def request_for_page(pk: int) -> LicenseRequest | None:
    """One request with all that its page shows beside events and files."""
    subjects = ("configuration", "license_class", "license", "subscription__account", "subscription__order")
    return LicenseRequest.objects.select_related(*subjects, "subscription__plan").filter(pk=pk).first()


def target_of(request: LicenseRequest) -> InstallTarget | None:
    """The install target of the request's subscription."""
    if request.subscription_id is None:
        return None
    return InstallTarget.objects.filter(subscription_id=request.subscription_id).first()


def story_of_request(request: LicenseRequest, given: str = "", newest: int = NEWEST) -> Story:
    """The events of a request, and those of its license, subscription and order that are about no request."""
    own = Q(request=request)
    if request.license_id is not None:
        own |= Q(license=request.license_id, request__isnull=True)
    if request.subscription_id is not None:
        about = Q(subscription=request.subscription_id) | Q(order__subscription=request.subscription_id)
        own |= about & Q(request__isnull=True, license__isnull=True)
    return Story(Event.objects.filter(own), given, newest)


def license_for_page(pk: int) -> License | None:
    """One license with all that its page shows beside events, files and requests."""
    subjects = ("configuration", "license_class", "parent", "subscription__account", "subscription__order")
    return License.objects.select_related(*subjects).filter(pk=pk).first()


def story_of_license(license_: License, requests: Iterable[LicenseRequest], given: str = "") -> Story:
    """The events of a license and of all its requests, also those from before it had its key."""
    own = Q(license=license_) | Q(request__in=[one.pk for one in requests])
    return Story(Event.objects.filter(own), given)


def files_of(license_id: int | None, request: LicenseRequest | None = None) -> list[LicenseFile]:
    """The files of a license, or those that a request without one has brought; newest version first, no bytes read.

    Each with who uploaded it: `uploaded_by`, "" where the vendor sent it.
    """
    told = Event.objects.filter(request=OuterRef("request"), kind="uploaded", detail__contains=OuterRef("sha256"))
    who = Coalesce(Subquery(told.order_by("pk").values("actor")[:1]), Value(""))
    rows = LicenseFile.objects.defer("body").annotate(uploaded_by=who).order_by("name", "-version")
    if license_id is not None:
        return list(rows.filter(license_id=license_id))
    return list(rows.filter(request=request))


def sold_classes(configuration: PluginConfiguration) -> QuerySet[LicenseClass]:
    """What can be requested of a configuration now."""
    return configuration.classes.filter(sold=True, retired=False)


def subscriptions_called(text: str, most: int = 8) -> "list[Subscription]":
    """The subscriptions that someone may mean by a number or a text, at most `most`; an exact name or number is one."""
    rows = _subscriptions().select_related("account").exclude(state__in=["ending", "ended"])
    exact = Q(name__iexact=text) | Q(pk=int(text)) if _is_id(text) else Q(name__iexact=text)
    found = list(rows.filter(exact)[:most])
    if found or len(text) < SHORTEST_SEARCH:
        return found
    fits = Q(search_text__icontains=text)
    return list(narrowed(rows, holding(_subscriptions(), "search_text", [text]), fits)[:most])


def _is_id(text: str) -> bool:
    return text.isdecimal() and len(text) < 19  # noqa: PLR2004 (digits of a 64-bit id)


def _subscriptions() -> "QuerySet[Subscription]":
    """Read through the foreign key: this leg never imports the one above."""
    model = LicenseRequest._meta.get_field("subscription").related_model  # noqa: SLF001 (Django's public name)
    return cast("QuerySet[Subscription]", model._default_manager.all())  # noqa: SLF001


def sealed_parts(license_: License | None) -> frozenset[str]:
    """Which of a license's secrets are there ("key", "activation_code"), without opening them."""
    if license_ is None:
        return frozenset()
    stored = {"key": "secret_key", "activation_code": "activation_code"}
    return frozenset(part for part, column in stored.items() if license_.__dict__.get(column) is not None)
