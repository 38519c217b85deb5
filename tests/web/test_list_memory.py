"""What a list held goes with it, without Python's collector of circles having to look for it."""

import gc
import weakref
from typing import Any

import pytest
from django.contrib.auth.models import User

from pbas.core.lists.listing import list_called
from pbas.settings import PANEL_LISTS

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", sorted(PANEL_LISTS))
def test_a_list_is_in_no_circle(rf: Any, staff: User, name: str) -> None:
    gc.disable()
    try:
        listed = list_called(name)(rf.get("/?q=abc").GET, staff)
        assert listed.page.rows is not None
        assert listed.query.link()
        held = weakref.ref(listed)
        del listed
        assert held() is None
    finally:
        gc.enable()
