"""Which part is for which request: told by key, request, order and class, as written in a list, a name or a file.

Nothing is guessed: of requests that ask for the very same thing the one that waits longest takes what comes first;
anything else that fits several is left to a person.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from django.db.models import Q

from ka_plugins import registry
from licenses import intake
from licenses.mass_upload.reading import Part
from licenses.models import License, LicenseRequest, ReadyKey, UploadPiece
from licenses.plugins import plugin_class
from pbas.core.crypto import CannotDecryptError
from pbas.core.problems import Problem

State, Verdict = LicenseRequest.State, UploadPiece.Verdict
MOST_WAITING = 5000  # requests that are looked at, those that wait longest
_READ = 256 * 1024  # bytes of a file in which key numbers are looked for
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{3,}")
_REQUEST = re.compile(r"(?:request|req|#)[-_ ]?(\d{1,18})", re.IGNORECASE)


@dataclass(slots=True)
class Match:
    """What was found about one part."""

    part: Part
    verdict: str
    why: Problem | None = None
    request: LicenseRequest | None = None
    candidates: list[LicenseRequest] = field(default_factory=list)


def waiting_requests() -> list[LicenseRequest]:
    """The requests that take an upload now: those that a person brings keys or files for, and those that stopped."""
    by_hand = Q(configuration__mode="offline", state__in=[State.SERVICES, State.KEY, State.FILES])
    rows = LicenseRequest.objects.select_related("configuration", "license_class", "license", "subscription")
    rows = rows.filter(by_hand | Q(state=State.ATTENTION), kind__in=["issue", "renew", "change"], leased=False)
    return list(rows.order_by("id")[:MOST_WAITING])


def match_all(parts: Sequence[Part]) -> list[Match]:
    """Say of each part which request it is for. Keys of lists first: files may bear their numbers."""
    book = Book(waiting_requests())
    found = {id(part): book.of_key(part) for part in parts if part.key and not part.problem}
    return [found.get(id(part)) or book.of_file(part) for part in parts]


class Book:
    """The waiting requests by all that a part may say of them, and what was given to whom so far."""

    def __init__(self, requests: Sequence[LicenseRequest]) -> None:
        self._requests = requests
        self._by_id = {str(one.pk): one for one in requests}
        self._by_order: dict[str, list[LicenseRequest]] = defaultdict(list)
        self._by_class: dict[str, list[LicenseRequest]] = defaultdict(list)
        for one in requests:
            self._by_order[one.order_number.casefold()].append(one)
            self._by_class[one.license_class.code.casefold()].append(one)
        self._by_key = {key: one for one in requests for key in _keys_of(one)}
        self._keyed: set[int] = set()  # requests that got a key of this batch
        self._prints: dict[str, str] = {}  # fingerprints and digests of this batch, with the part that brought them

    @cached_property
    def _classes(self) -> list[str]:
        return sorted(self._by_class, key=len, reverse=True)

    # -- a line of a key list

    def of_key(self, part: Part) -> Match:
        """Whose a key is: the request, order or class that its line names, else whoever may have such a key."""
        try:
            named = self._named(part)
        except Problem as problem:
            return Match(part, Verdict.UNKNOWN, problem)
        takes = _templates_of(part.key, named)
        fitting = [one for one in named if one.license is None and one.configuration.template in takes]
        fitting += [one for one in named if one.license is not None and one.kind != LicenseRequest.Kind.ISSUE]
        if not fitting:
            return Match(part, Verdict.UNKNOWN, Problem("No request that waits for a key may have one of this form."))
        if said := self._known_already(part, fitting[0]):
            return Match(part, Verdict.DUPLICATE, said)
        match = self._one_of(part, [one for one in fitting if one.pk not in self._keyed])
        if match.request is not None:
            self._keyed.add(match.request.pk)
            self._by_key |= dict.fromkeys(_identities(match.request, part.key), match.request)
        return match

    def _named(self, part: Part) -> Sequence[LicenseRequest]:
        named: Sequence[LicenseRequest] = self._requests
        if part.request:
            one = self._by_id.get(part.request.lstrip("#"))
            if one is None:
                raise Problem("Request %(request)s does not wait for an upload.", request=part.request)
            named = [one]
        if part.order:
            named = [one for one in named if one.order_number.casefold() == part.order.casefold()]
            if not named:
                raise Problem("No request of order %(order)s waits for an upload.", order=part.order)
        if part.class_code:
            named = [one for one in named if _is_of_class(one, part.class_code)]
            if not named:
                raise Problem("No request for class %(class_code)s waits for an upload.", class_code=part.class_code)
        return named

    def _known_already(self, part: Part, request: LicenseRequest) -> Problem | None:
        plugin = plugin_class(request.configuration.template)
        mark = intake.fingerprint(plugin, plugin.clean_key(part.key))
        if mark in self._prints:
            return Problem("The same key as in %(prints)s.", prints=self._prints[mark])
        self._prints[mark] = part.name
        other = License.objects.filter(fingerprint=mark).exclude(pk=request.license_id or 0).first()
        if other is not None:
            return Problem("License %(other)s has this key.", other=other.pk)
        is_ready = ReadyKey.objects.filter(fingerprint=mark).exists()
        return Problem("It is among the ready keys.") if is_ready else None

    # -- a file

    def of_file(self, part: Part) -> Match:
        """Whose a file is: the request, key, order or class in its name, or the key numbers in it."""
        if part.problem:
            return Match(part, Verdict.UNUSABLE, part.problem)
        digest = hashlib.sha256(part.body).hexdigest()
        if digest in self._prints:
            return Match(part, Verdict.DUPLICATE, Problem("The same file as %(prints)s.", prints=self._prints[digest]))
        self._prints[digest] = part.name
        words = _words(part.name)
        if numbered := [self._by_id[pk] for pk in _REQUEST.findall(part.name) if pk in self._by_id]:
            return self._one_of(part, numbered)
        if keyed := self._by_keys_in(words) or self._by_keys_in(_words_of_body(part.body)):
            return self._one_of(part, keyed)
        return self._by_order_and_class(part, words)

    def _by_order_and_class(self, part: Part, words: Sequence[str]) -> Match:
        if said := _others_key(part.name):
            return Match(part, Verdict.UNKNOWN, said)
        named = dict.fromkeys((*words, *(part for word in words for part in re.split("[-_.]", word))))
        ordered = [one for word in named if word for one in self._by_order.get(word, [])]
        code = next((one for one in self._classes if one in part.name.casefold()), "")
        of_class = [one for one in ordered or self._by_class.get(code, []) if not code or _is_of_class(one, code)]
        if ordered or of_class:
            return self._one_of(part, of_class or ordered)
        return Match(
            part, Verdict.UNKNOWN, Problem("Neither its name nor what is in it names a key, request, order or class.")
        )

    def _by_keys_in(self, words: Iterable[str]) -> list[LicenseRequest]:
        return list({one.pk: one for word in words if (one := self._by_key.get(word))}.values())

    # -- both

    def _one_of(self, part: Part, fitting: Sequence[LicenseRequest]) -> Match:
        fitting = list({one.pk: one for one in fitting}.values())
        if not fitting:
            return Match(part, Verdict.UNKNOWN, Problem("Every request that it fits gets another key of this upload."))
        whose = {None if part.class_code else one.subscription_id for one in fitting}
        alike = len(whose) == 1 and len({(one.license_class_id, str(one.options)) for one in fitting}) == 1
        if len(fitting) == 1 or (part.key and alike):
            return Match(part, Verdict.FITS, request=fitting[0])
        return Match(
            part, Verdict.AMBIGUOUS, Problem("It fits %(n)s requests. Say which.", n=len(fitting)), candidates=fitting
        )


def _keys_of(request: LicenseRequest) -> set[str]:
    """By what a file may name the license that a request has already."""
    if request.license is None:
        return set()
    try:
        return _identities(request, request.license.full_key)
    except CannotDecryptError:
        return set()


def _identities(request: LicenseRequest, key: str) -> set[str]:
    try:
        plugin = plugin_class(request.configuration.template)
    except Problem:
        return {key.casefold()}
    return {key.casefold(), plugin.key_identity(key).casefold()}


def _templates_of(key: str, requests: Sequence[LicenseRequest]) -> set[str]:
    """The plug-in templates of these requests that such a key may be of."""
    found = set()
    for template in {one.configuration.template for one in requests}:
        with suppress(Problem, ValueError):
            plugin_class(template).clean_key(key)
            found.add(template)
    return found


def _is_of_class(request: LicenseRequest, text: str) -> bool:
    return text.casefold() in {request.license_class.code.casefold(), request.license_class.name.casefold()}


def _words(text: str, *, fold: bool = True) -> list[str]:
    """The words of a text, and each without what follows its last dots: `KEY.0001.xml` names KEY.0001 and KEY too."""
    words: list[str] = []
    for word in _WORD.findall(text.casefold() if fold else text):
        parts = word.split(".")
        words += [".".join(parts[:n]) for n in range(len(parts), 0, -1)]
        words += word.replace("_", "-").split("-") if "_" in word else []
    return words


def _words_of_body(body: bytes) -> list[str]:
    return _words(body[:_READ].decode("latin-1"))


def _others_key(name: str) -> Problem | None:
    """Where a file is named after the key of a license whose request takes nothing any more."""
    marks = set()
    for word in _words(name, fold=False):
        for plugin in registry.all_plugins():
            with suppress(ValueError):
                marks.add(intake.fingerprint(plugin, plugin.clean_key(word)))
    row = License.objects.filter(fingerprint__in=marks).first()
    if row is None:
        return None
    return Problem("It is named after the key of license %(row)s, whose request takes no more uploads.", row=row.pk)
