"""What a paused, parked or misconfigured plug-in holds up comes to a person at its deadline, with the reason."""

import pytest

from licenses.configurations import pause_configuration
from licenses.failing.alerts import watch
from licenses.failing.deadlines import bring_overdue
from licenses.models import LicenseRequest, PluginConfiguration
from licenses.statements import in_seconds
from pbas.core.models import Event
from pbas.core.story import SYSTEM
from tests.unit.licenses.conftest import MakeRequest

pytestmark = pytest.mark.django_db

OVER = {"deadline": in_seconds(-1)}


def test_overdue_requests_of_a_paused_plugin_come_to_a_person_who_reads_since_when_and_why(
    online: PluginConfiguration, make_request: MakeRequest
) -> None:
    late = [make_request(state=state, due=5, **OVER) for state in ("key", "in_doubt", "files")]
    crashed = make_request(state="buying", due=-1, leased=True, attempt=3, **OVER)
    others = [
        make_request(deadline=in_seconds(600)),
        make_request(state="install", **OVER),  # the panel's own work goes on
        make_request(due=None, held=True, **OVER),
        make_request(state="buying", due=60, leased=True, **OVER),  # a worker is at it
    ]
    assert bring_overdue() == 0, "a plug-in that works is the engine's"
    pause_configuration(configuration=online, reason="The vendor moves.", actor=SYSTEM)
    assert bring_overdue() == 4
    for one in (*late, crashed):
        stopped_in = one.state
        one.refresh_from_db()
        assert (one.state, one.stopped_in, one.problem_kind) == ("attention", stopped_in, "deadline")
        assert one.problem_text.startswith(f"It waited until its deadline: {online.name} is paused since 2")
        assert one.problem_text.endswith("because: The vendor moves.")
        assert Event.objects.get(request=one, kind="needs_attention").text == one.problem_text
    assert len({one.cause for one in (*late, crashed)}) == 1
    assert {one.state for one in LicenseRequest.objects.filter(pk__in=[one.pk for one in others])} == {
        *("key", "install", "buying")
    }
    assert bring_overdue() == 0


def test_overdue_requests_of_a_parked_plugin_say_why_the_vendor_does_not_work(
    online: PluginConfiguration, make_request: MakeRequest
) -> None:
    request = make_request(**OVER)
    trouble = {"parkings": 3, "parked_until": in_seconds(60), "parked_why": "The vendor did not answer."}
    PluginConfiguration.objects.filter(pk=online.pk).update(**trouble)
    watch()
    assert bring_overdue() == 1
    request.refresh_from_db()
    assert f"{online.name} does not work since 2" in request.problem_text
    assert request.problem_text.endswith("because: The vendor did not answer.")
