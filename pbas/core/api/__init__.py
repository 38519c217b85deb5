"""What all API endpoints share: cursor pages, problem answers (RFC 9457), idempotent POSTs, an honest schema."""

from pbas.core.api.paging import CursorPagination
from pbas.core.api.problems import problem_answer

__all__ = ["CursorPagination", "problem_answer"]  # the names that settings give to the framework
