"""Comments: staff write into the story of a request or a license, and nobody else."""

import pytest
from django.test import Client

from pbas.core.models import Event
from tests.factories import World

pytestmark = pytest.mark.django_db


@pytest.mark.convention(16)
def test_a_comment_stands_in_both_stories_with_who_wrote_it(staff_client: Client, world: World) -> None:
    request = world.request
    answer = staff_client.post(
        f"/license-requests/{request.pk}/comment/", {"text": "<b>Called</b> the vendor."}, follow=True
    )
    assert "&lt;b&gt;Called&lt;/b&gt; the vendor." in answer.text
    event = Event.objects.get(kind="comment")
    assert (event.actor, event.request, event.subscription) == ("staff", request, request.subscription)
    license_ = world.license
    page = staff_client.post(f"/licenses/{license_.pk}/comment/", {"text": "Seen at the customer's."}, follow=True)
    assert "Seen at the customer&#39;s." in page.text


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001])
def test_an_empty_or_endless_comment_is_refused_in_words(staff_client: Client, world: World, text: str) -> None:
    page = staff_client.post(f"/licenses/{world.license.pk}/comment/", {"text": text}, follow=True)
    assert "Write something, at most 2000 signs." in page.text
    assert not Event.objects.filter(kind="comment").exists()


def test_what_does_not_exist_takes_no_comment(staff_client: Client) -> None:
    for path in ("/licenses/999999/comment/", "/license-requests/999999/comment/"):
        assert staff_client.post(path, {"text": "x"}).status_code == 404
