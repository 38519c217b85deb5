"""The figures on the tabs."""

from django.db import models


class StateCount(models.Model):
    """How many licenses and requests a tab has in a state: the sum of its rows, which database triggers add."""

    subject = models.CharField(max_length=10)  # license, request
    configuration_id = models.BigIntegerField()
    state = models.CharField(max_length=12)
    n = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["subject", "configuration_id", "state"], name="state_count")]

    def __str__(self) -> str:
        return f"{self.subject} {self.configuration_id} {self.state}: {self.n}"
