"""Celery: queue and beat schedule. Which tasks there are stands in each app's `tasks.py`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pbas.settings")

app = Celery("pbas")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
