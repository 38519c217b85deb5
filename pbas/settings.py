"""All settings. Values come from the environment (see docs/reference/environment.md); nothing else differs by place.

Without DATABASE_URL this is the embedded mode: SQLite and secrets in the data folder, the worker in the web process.
"""

import os
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.urls import reverse_lazy

from pbas.alerting import *  # noqa: F403 (settings of their own module)
from pbas.environment import make_field_keys, make_secret_key, reach_of, secret_of, value_of
from pbas.languages import *  # noqa: F403 (settings of their own module)
from pbas.schedule import *  # noqa: F403 (settings of their own module)

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(value_of("PBAS_DATA", str(BASE_DIR / ".data"))).resolve()
EMBEDDED = not value_of("DATABASE_URL")
DEBUG = False

_kept = DATA_DIR / "secrets" if EMBEDDED else None
SECRET_KEY = secret_of("PBAS_SECRET_KEY", keep_in=_kept, make=make_secret_key)
PBAS_FIELD_KEYS = secret_of("PBAS_FIELD_KEYS", keep_in=_kept, make=make_field_keys)
ALLOWED_HOSTS = [
    host for host in value_of("PBAS_ALLOWED_HOSTS", "127.0.0.1,localhost" if EMBEDDED else "").split(",") if host
]
PBAS_ALLOW_PRIVATE_ADDRESSES = reach_of(embedded=EMBEDDED)
# Where the panel says that it runs against the simulator; set by `manage.py serve`.
PBAS_DEMO = value_of("PBAS_DEMO") == "1"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "pbas.core",
    "licenses",
    "subscriptions",
]

MIDDLEWARE = [
    "pbas.core.reference.ReferenceMiddleware",
    "pbas.core.origin.OriginMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "pbas.core.wire.PackingMiddleware",
    "pbas.core.wire.StaticMiddleware",
    "pbas.core.wire.PolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "pbas.core.language.LanguageMiddleware",
    "pbas.core.zone.ZoneMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "pbas.core.gate.GateMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "pbas.urls"
WSGI_APPLICATION = "pbas.wsgi.application"
FORM_RENDERER = "pbas.core.jinja.FormRenderer"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "pbas.core.folding.Templates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "environment": "pbas.core.jinja.environment",
            "context_processors": ["pbas.core.web.frame"],
        },
    },
    {  # Django's own engine serves the admin and what allauth brings, below a folder of its own
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates" / "django"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

if EMBEDDED:
    DATABASES: dict[str, Any] = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA_DIR / "panel.sqlite3",
            "OPTIONS": {},
        }
    }
else:
    DATABASES = {"default": environ.Env.db_url_config(value_of("DATABASE_URL"))}
    DATABASES["default"].setdefault("CONN_MAX_AGE", 60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    if DATABASES["default"]["ENGINE"].endswith("postgresql"):
        # What the lists read is in memory or on a flash disk, where an index costs no more than its neighbours; helpers
        # and compilers of plans take longer to start than any statement of a page.
        plans = "-c random_page_cost=1.1 -c jit=off -c max_parallel_workers_per_gather=0"
        DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", plans)
        DATABASES["default"]["ENGINE"] = "pbas.core.postgresql"
if "sqlite" in DATABASES["default"]["ENGINE"]:
    # FULL: a commit that says "about to buy" has to survive a power cut. IMMEDIATE: writers queue instead of failing.
    DATABASES["default"]["ENGINE"] = "pbas.core.sqlite"
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_cache_url = value_of("CACHE_URL", "locmemcache://" if EMBEDDED else value_of("CELERY_BROKER_URL", "locmemcache://"))
CACHES = {"default": environ.Env.cache_url_config(_cache_url)}
if CACHES["default"]["BACKEND"].endswith(".RedisCache"):
    CACHES["default"]["BACKEND"] = "pbas.core.redis_cache.Cache"
SESSION_ENGINE = "pbas.core.sessions"

# --- people

AUTHENTICATION_BACKENDS = ["pbas.core.backends.ByName", "pbas.core.backends.ByMail"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
HOME = "dashboard"  # where the staff begins; customers begin at CUSTOMER_HOME
CUSTOMER_HOME = "my"
ACCOUNT_ADAPTER = "pbas.core.accounts.AccountAdapter"
MFA_ADAPTER = "pbas.core.accounts.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "License Panel"
MFA_TOTP_TOLERANCE = 1  # codes of the half minute before and after are good: clocks differ
# Without a second factor the staff gets no further than to the page that sets it up.
REQUIRE_SECOND_FACTOR = value_of("PBAS_REQUIRE_SECOND_FACTOR") == "1"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600  # seconds for which a login is fresh enough to see secrets
ACCOUNT_RATE_LIMITS = {"login_failed": "20/m/ip,5/5m/key"}  # the others stay as they are
# Whose word is taken for a caller's address, which throttles him: as many proxies as stand before the panel.
ALLAUTH_TRUSTED_PROXY_COUNT = int(value_of("PBAS_TRUSTED_PROXIES", "0"))
ACCOUNT_FORMS = {"login": "pbas.core.people.forms.LoginForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = reverse_lazy("account_login")
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600  # seconds for which an invitation, too, is good
# Without EMAIL_URL the panel sends no mail, and the pages offer nothing that needs it.
HAS_MAIL = bool(value_of("EMAIL_URL"))
vars().update(environ.Env.email_url_config(value_of("EMAIL_URL", "dummymail://")))
DEFAULT_FROM_EMAIL = value_of("PBAS_MAIL_FROM", "panel@localhost")

# --- security

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "base-uri": [SELF],
    }
}
CSRF_FAILURE_VIEW = "pbas.core.web.stale_form"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = not EMBEDDED
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_NAME = "panel_session"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 1000
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]  # license files never touch a disk
FILE_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024

# --- time, files

USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "pbas.core.wire.FinderByContent",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "pbas.core.wire.NamedByContent"},
}
WHITENOISE_USE_FINDERS = True  # served from where they are: nothing has to be collected

# --- API

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "knox.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["pbas.core.api.permissions.HasRight"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "pbas.core.api.CursorPagination",
    "EXCEPTION_HANDLER": "pbas.core.api.problem_answer",
    "PAGE_SIZE": 50,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
REST_KNOX = {"TOKEN_TTL": None, "AUTH_HEADER_PREFIX": "Token"}
SPECTACULAR_SETTINGS = {
    "TITLE": "License panel",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
}

# --- Celery: the alarm clock, never the record

CELERY_BROKER_URL = value_of("CELERY_BROKER_URL", "memory://localhost/")
CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.02} if CELERY_BROKER_URL.startswith("memory") else {}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False  # the row is the record: a lost message costs one sweep
CELERY_TASK_DEFAULT_QUEUE = "panel"
CELERY_TASK_ROUTES = {
    "licenses.tasks.drain": {"queue": "engine"},
    "licenses.tasks.prove": {"queue": "proof"},  # targets that are slow hold up nothing else
    "licenses.tasks.deliver_alerts": {"queue": "alerts"},  # a receiver that is slow holds up nothing else
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# --- the lists by the names that addresses and saved views have; a list and its model live in their own leg

PANEL_LISTS = {
    "licenses": "licenses.lists.LicenseList",
    "license_requests": "licenses.lists.RequestList",
    "findings": "licenses.reconciling.lists.FindingList",
    "failures": "licenses.failing.lists.FailureList",
    "subscriptions": "subscriptions.lists.SubscriptionList",
    "orders": "subscriptions.lists.OrderList",
    "activity": "subscriptions.lists.EventList",
    "plugins": "licenses.plugin_pages.lists.PluginList",
}

# --- the engine; docs/explanation/engine.md says why

ENGINE_SLOTS = int(os.environ.get("PBAS_ENGINE_SLOTS", "800"))  # requests in flight in one process
ENGINE_LEASE_SECONDS = int(os.environ.get("PBAS_ENGINE_LEASE_SECONDS", "120"))  # longer than any call's time-out
ENGINE_LINGER_SECONDS = float(os.environ.get("PBAS_ENGINE_LINGER_SECONDS", "5"))  # idle time before a drain returns
ENGINE_DRAIN_SECONDS = 600.0  # a drain ends after this, so that a deploy never waits for it
ENGINE_GRACE_SECONDS = 5.0  # what a warm shutdown waits for calls under way

# --- logs carry numbers of requests, never keys

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} [{reference}] {message}", "style": "{"}},
    "filters": {"reference": {"()": "pbas.core.reference.ReferenceFilter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["reference"]}},
    "root": {"handlers": ["console"], "level": value_of("PBAS_LOG_LEVEL", "INFO")},
    "loggers": {"django.server": {"level": "WARNING"}, "celery": {"level": "WARNING"}},
}

RECONCILE_SETTLE_SECONDS = 600.0  # a key younger than this may be one that is being bought
RECONCILE_PER_SECOND = 5.0  # keys that one configuration's vendor is asked for one by one
