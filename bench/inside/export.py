"""A list's CSV by its page, and the naive way beside it. Runs on the database of the environment."""

import csv
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from bench.inside.list_seeding import make_lists
from licenses.models import License

ADDRESS = "/lists/licenses/export.csv"


def measure(*, number: int, runs: int) -> dict[str, Any]:
    """Seconds, seconds to the first byte, and MB above the start; ours several times, the naive way once."""
    make_lists(number=number)
    User.objects.filter(username="bench").delete()
    client = Client()
    client.force_login(User.objects.create_superuser("bench"))
    _taken(lambda: _by_page(client, "?state=suspended"))  # what is loaded once is loaded
    ours = [_taken(lambda: _by_page(client, "")) for _ in range(runs)]
    return {"ours": ours, "naive": _taken(_naive)}


def _by_page(client: Client, query: str) -> Iterator[bytes]:
    answer: Any = client.get(ADDRESS + query)
    yield from answer.streaming_content


def _naive() -> Iterator[bytes]:
    """As people write it: all rows as objects, one text of all of them."""
    body = io.StringIO()
    writer = csv.writer(body)
    for one in License.objects.select_related("license_class", "subscription__account"):
        of_it = (one.subscription.name, one.subscription.account.name) if one.subscription else ("", "")
        writer.writerow([one.key, one.license_class.name, *of_it, one.state, one.issued_at, one.expires_at])
    yield body.getvalue().encode()


def _taken(export: Callable[[], Iterator[bytes]]) -> dict[str, float]:
    Path("/proc/self/clear_refs").write_text("5")  # the greatest size is measured anew
    start, began, first, size = _memory("VmRSS"), time.perf_counter(), 0.0, 0
    for part in export():
        if not first and size:  # the names of the columns come before any row
            first = time.perf_counter() - began
        size += len(part)
    taken = time.perf_counter() - began
    return {"seconds": taken, "first": first or taken, "memory": _memory("VmHWM") - start, "size": size / 1e6}


def _memory(name: str) -> float:
    """MB of this process."""
    line = next(one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith(name))
    return int(line.split()[1]) * 1024 / 1e6
