"""What the tables of licenses have no use for is not there: each index is written at each move."""

import pytest
from django.db import connection


@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite gets no index by the first signs")
def test_no_index_of_the_first_signs_is_kept_where_licenses_and_requests_are_compared_as_a_whole() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename IN ('licenses_license', 'licenses_licenserequest')"
            " AND indexdef LIKE '%pattern_ops%'"
        )
        assert cursor.fetchall() == []
