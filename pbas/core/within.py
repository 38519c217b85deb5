"""A lookup: the values that a list holds. However many there are, PostgreSQL gets them as one."""

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import Field, ForeignObject, Lookup


class Within(Lookup):
    """`id__within=[1, 2]`: as `id__in`, but one text of the statement serves lists of any length."""

    lookup_name = "within"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """A parameter each. Raises EmptyResultSet where there is none."""
        if not self.rhs:
            raise EmptyResultSet
        column, params = self.process_lhs(compiler, connection)
        return f"{column} IN ({', '.join(['%s'] * len(self.rhs))})", (*params, *self.rhs)

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """One parameter, an array, which is planned as IN is."""
        column, params = self.process_lhs(compiler, connection)
        return f"{column} = ANY (%s)", (*params, self.rhs)


def register() -> None:
    """For all fields."""
    Field.register_lookup(Within)
    ForeignObject.register_lookup(Within)  # hears nothing of what Field has
