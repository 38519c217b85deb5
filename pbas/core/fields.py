"""Encrypted model fields. A model that has one also has `uid`, which binds each value to its row."""

import json
from typing import Any

from django.db import models
from django.db.models.query_utils import DeferredAttribute

from pbas.core.crypto import keyring


class Sealed(bytes):
    """A value as it stands in the database."""

    __slots__ = ()


class _OpenedOnRead(DeferredAttribute):
    """Gives the clear value; decrypts when it is read, not when the row is."""

    field: "SealedField"

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        if instance is None:
            return self
        value = super().__get__(instance, cls)
        if isinstance(value, Sealed):
            value = self.field.from_bytes(keyring().open(value, self.field.context_of(instance)))
            instance.__dict__[self.field.attname] = value
        return self.field.empty() if value is None else value

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class SealedField(models.BinaryField):  # type: ignore[type-arg] # generic in the stubs only
    """Bytes that are encrypted at rest. Empty is stored as NULL; reading raises CannotDecryptError, never rubbish."""

    descriptor_class = _OpenedOnRead

    def __init__(self, **options: Any) -> None:
        options.update(null=True, blank=True, editable=False)
        super().__init__(**options)

    def empty(self) -> Any:
        return b""

    def to_bytes(self, value: Any) -> bytes:
        return bytes(value)

    def from_bytes(self, clear: bytes) -> Any:
        return clear

    def context_of(self, instance: models.Model) -> str:
        """Table, column and row: what a value is bound to."""
        return f"{self.model._meta.db_table}.{self.column}.{instance.uid}"  # type: ignore[attr-defined] # noqa: SLF001

    def from_db_value(self, value: Any, _expression: Any, _connection: Any) -> Sealed | None:
        return None if value is None else Sealed(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> Sealed | None:  # noqa: ARG002, FBT001 (Django's)
        value = model_instance.__dict__.get(self.attname)
        if value is None or isinstance(value, Sealed):
            return value
        if not value:
            return None
        return Sealed(keyring().seal(self.to_bytes(value), self.context_of(model_instance)))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:  # noqa: FBT001, FBT002
        if value is not None and not isinstance(value, Sealed):
            message = f"{self.model.__name__}.{self.name} is saved through an instance only, never by update()."
            raise TypeError(message)
        return super().get_db_prep_value(value, connection, prepared)


class SealedTextField(SealedField):
    """Text that is encrypted at rest."""

    def empty(self) -> str:
        return ""

    def to_bytes(self, value: Any) -> bytes:
        return str(value).encode()

    def from_bytes(self, clear: bytes) -> str:
        return clear.decode()


class SealedJSONField(SealedField):
    """A JSON object that is encrypted at rest."""

    def empty(self) -> dict[str, Any]:
        return {}

    def to_bytes(self, value: Any) -> bytes:
        return json.dumps(value).encode()

    def from_bytes(self, clear: bytes) -> Any:
        return json.loads(clear)
