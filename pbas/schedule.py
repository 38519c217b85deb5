"""What happens by the clock: settings of Celery's beat."""

from pbas.environment import value_of

SWEEP_SECONDS = 2.0 if not value_of("DATABASE_URL") else 5.0
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "licenses.tasks.sweep", "schedule": SWEEP_SECONDS, "options": {"expires": SWEEP_SECONDS}},
    "fold-counters": {"task": "licenses.tasks.fold_counters", "schedule": 30.0, "options": {"expires": 30}},
    "purge-answers": {"task": "licenses.tasks.purge_answers", "schedule": 3600.0, "options": {"expires": 3600}},
    "resume-runs": {"task": "pbas.core.tasks.resume_runs", "schedule": 15.0, "options": {"expires": 15}},
    "reconcile": {"task": "licenses.tasks.reconcile_due", "schedule": 300.0, "options": {"expires": 300}},
    "seal-events": {"task": "pbas.core.tasks.seal_events", "schedule": 60.0, "options": {"expires": 60}},
    "forget-uploads": {"task": "licenses.tasks.forget_upload_drafts", "schedule": 3600.0, "options": {"expires": 3600}},
    "watch-failures": {"task": "licenses.tasks.watch_failures", "schedule": 10.0, "options": {"expires": 10}},
    "keep-deadlines": {"task": "licenses.tasks.keep_deadlines", "schedule": 60.0, "options": {"expires": 60}},
    "go-on-ending": {"task": "subscriptions.tasks.go_on_ending", "schedule": 60.0, "options": {"expires": 60}},
    "prove": {"task": "licenses.tasks.prove", "schedule": 30.0, "options": {"expires": 30}},
    "expire-licenses": {"task": "licenses.tasks.expire_licenses", "schedule": 3600.0, "options": {"expires": 3600}},
}
