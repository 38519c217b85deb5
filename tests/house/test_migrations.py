"""Case 26: while a new version is rolled out, workers of the one before it go on on the new tables."""

from collections.abc import Iterator

import pytest
from django.db.migrations import AddField, DeleteModel, RemoveField, RenameField, RenameModel
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.models import NOT_PROVIDED

APPS = {"core", "licenses", "subscriptions"}
FIRST = {"0001_initial", "0002_links"}  # one version: apps that point at each other need two files
UNRELEASED = {"0010_ready_keys_and_to_end"}  # renamed what no version had yet
TAKES_AWAY = RemoveField | RenameField | RenameModel | DeleteModel


def later() -> Iterator[tuple[str, Operation]]:
    """All that migrations do after the first version."""
    for (app, name), migration in sorted(MigrationLoader(None).disk_migrations.items()):
        if app in APPS and name not in FIRST | UNRELEASED:
            yield from ((f"{app} {name}: {operation.describe()}", operation) for operation in migration.operations)


def can_be_left_out(operation: Operation) -> bool:
    """Whether who does not know a new column can still write rows: the database itself fills it in."""
    if not isinstance(operation, AddField):
        return True
    field = operation.field
    return bool(field.null or field.many_to_many or field.db_default is not NOT_PROVIDED)


def test_the_version_before_can_write_rows_without_the_new_columns() -> None:
    assert [what for what, operation in later() if not can_be_left_out(operation)] == []


def test_no_migration_takes_away_or_renames_what_the_version_before_uses() -> None:
    assert [what for what, operation in later() if isinstance(operation, TAKES_AWAY)] == []


@pytest.mark.parametrize("name", sorted(FIRST | UNRELEASED))
def test_what_these_rules_leave_out_is_there(name: str) -> None:
    assert ("licenses", name) in MigrationLoader(None).disk_migrations
