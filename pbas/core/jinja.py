"""The templates' language: Jinja2 with the panel's own words, and forms that are drawn by one field template."""

import re
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.forms import BoundField, renderers
from django.templatetags.static import static
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import (
    get_language,
    gettext,
    gettext_noop,
    ngettext,
    npgettext,
    npgettext_lazy,
    pgettext,
)
from django_htmx.jinja import htmx_script
from jinja2 import StrictUndefined, Undefined, pass_context, pass_environment
from jinja2.runtime import Context
from markupsafe import Markup, escape

from pbas.core import records
from pbas.core.folding import Environment, Templates

# Colour is for what needs a person: only `attention` is filled, only warn and bad are coloured words.
_MARKS = {
    "installed": ("circle-check", "ok"),
    "active": ("circle-check", "ok"),
    "done": ("circle-check", "ok"),
    "ready": ("circle-check", "ok"),
    "paid": ("circle-check", "ok"),
    "configured": ("circle-check", "ok"),
    "issued": ("circle-dot", "wait"),
    "placed": ("circle-dot", "wait"),
    "suspended": ("player-pause", "warn"),
    "expired": ("clock", "warn"),
    "paused": ("player-pause", "warn"),
    "held": ("player-pause", "warn"),
    "in_doubt": ("zoom-question", "attention"),
    "attention": ("alert-triangle", "attention"),
    "failed": ("alert-triangle", "bad"),
    "orphan": ("alert-triangle", "bad"),
    "missing": ("zoom-question", "bad"),
    "older": ("clock", "warn"),
    "unknown": ("zoom-question", "warn"),
    "reinstall": ("refresh", "wait"),
    "different": ("alert-triangle", "warn"),
    "in_sync": ("circle-check", "ok"),
    "terminated": ("circle-x", "off"),
    "cancelled": ("circle-x", "off"),
    "ended": ("circle-x", "off"),
}
_OTHER_MARK = ("hourglass", "wait")
_NEVER_FROM = 9999  # the year of licenses.models.NEVER
_CONTROL_CLASSES = {
    "Select": "form-select",
    "SelectMultiple": "form-select",
    "CheckboxInput": "form-check-input",
    "RadioSelect": "form-check-input",
}


def environment(**options: Any) -> Environment:
    """Jinja2 for pages: what a view forgot to give is an error."""
    return _environment(**{**options, "undefined": StrictUndefined})


def _environment(**options: Any) -> Environment:
    made = Environment(**{"extensions": ["jinja2.ext.i18n"], "trim_blocks": True, "lstrip_blocks": True, **options})
    made.install_gettext_callables(  # type: ignore[attr-defined] # the extension's
        gettext, ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext
    )
    counted: Any = made.globals["ngettext"]
    made.constant = {"_": gettext, "gettext": gettext, "pgettext": pgettext, "ngettext": counted}
    made.constant |= {"static": _static, "url": _url, "icon": icon, "state": state, "htmx_script": htmx_script}
    made.globals.update(static=_static, url=_url, icon=icon, state=state, state_of=state_of, htmx_script=htmx_script)
    made.globals["zone_name"] = timezone.get_current_timezone_name
    made.filters.update(number=_number_of, money=money, size=size, recorded=recorded)
    made.filters.update(day=_day_of, moment=moment, ago=ago, until=until, duration=duration)
    return made


@lru_cache(maxsize=100)
def _static(path: str) -> str:
    return static(path)


@lru_cache(maxsize=2000)
def _url(name: str, *args: Any, **kwargs: Any) -> str:
    return reverse(name, args=args, kwargs=kwargs)


@lru_cache(maxsize=200)
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite; without a label it is mere decoration beside a word."""
    said = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    sprite = static("vendor/tabler/icons.svg")
    return format_html('<svg class="icon" {}><use href="{}#{}"></use></svg>', said, sprite, name)


@lru_cache(maxsize=500)
def state(value: str, label: str) -> SafeString:
    """A state as icon and word. Its tone comes from the value, which means the same on every subject."""
    picture, tone = _MARKS.get(value, _OTHER_MARK)
    return format_html('<span class="state state-{}">{}<span>{}</span></span>', tone, icon(picture), label)


def state_of(row: Any, field: str = "state") -> SafeString:
    """The state of a model's row; a request on hold says that instead."""
    if getattr(row, "held", False) and not row.is_final:
        return state("held", gettext("On hold"))
    return state(str(getattr(row, field)), str(getattr(row, f"get_{field}_display")()))


def number(value: int) -> str:
    """A whole number with the language's separators."""
    return _number(value, get_language() or "")


@pass_environment
def _number_of(environment: Environment, value: int) -> str:
    """`number` in a template: its language is known."""
    return _number(value, environment.language)


@lru_cache(maxsize=2000)
def _number(value: int, _language: str) -> str:
    return formats.number_format(value, use_l10n=True, force_grouping=True)


def recorded(text: str) -> Markup:
    """What was written down when it happened, in English: translated where its words are ours, else marked so."""
    language = get_language() or settings.LANGUAGE_CODE
    said = records.said(text, language)
    if said != text or language == settings.LANGUAGE_CODE or not text:
        return escape(said)
    return Markup('<span lang="%s">%s</span>') % (settings.LANGUAGE_CODE, text)


def money(value: Decimal) -> str:
    """An amount with two decimals, in the language's way of writing."""
    return formats.number_format(value, 2, use_l10n=True, force_grouping=True)


@pass_context
def _day_of(context: Context, value: date | None) -> Markup:
    """`day` in a template: zone and language are known to its page, which shows a hundred days."""
    zone, environment = context.parent.get("zone"), context.environment  # what the page was given
    if zone is None or not isinstance(value, datetime) or value.year >= _NEVER_FROM:
        return day(value)
    return _day(value.astimezone(zone).date(), environment.language)  # type: ignore[attr-defined] # ours


def day(value: date | None) -> Markup:
    """A day, of a moment in the reader's zone; "never" where there is none."""
    if value is None or value.year >= _NEVER_FROM:
        return _never(get_language() or "")
    local = timezone.localtime(value).date() if isinstance(value, datetime) else value
    return _day(local, get_language() or "")


@lru_cache(maxsize=2000)
def _day(value: date, _language: str) -> Markup:
    return Markup('<time datetime="%s">%s</time>') % (value.isoformat(), formats.date_format(value))


@lru_cache
def _never(_language: str) -> Markup:
    return Markup('<span class="soft">%s</span>') % gettext("never")


def moment(value: datetime | None) -> Markup:
    """Day and time in the reader's zone, whose name is the hint; a dash where there is none."""
    if value is None:
        return Markup('<span class="soft">&ndash;</span>')
    local = timezone.localtime(value)
    shown = _shown(local.replace(second=0, microsecond=0, tzinfo=None), get_language() or "")
    return Markup('<time datetime="%s" title="%s">%s</time>') % (value.isoformat(), local.tzname(), shown)


@lru_cache(maxsize=2000)
def _shown(minute: datetime, _language: str) -> str:
    return formats.date_format(minute, "DATETIME_FORMAT")


# Django's own words are for a length of time alone: in German that is "3 Tage", but "vor 3 Tagen".
_FROM_NOW: dict[str, Any] = {
    "year": npgettext_lazy("ago, or until", "%(num)d year", "%(num)d years", "num"),
    "month": npgettext_lazy("ago, or until", "%(num)d month", "%(num)d months", "num"),
    "week": npgettext_lazy("ago, or until", "%(num)d week", "%(num)d weeks", "num"),
    "day": npgettext_lazy("ago, or until", "%(num)d day", "%(num)d days", "num"),
    "hour": npgettext_lazy("ago, or until", "%(num)d hour", "%(num)d hours", "num"),
    "minute": npgettext_lazy("ago, or until", "%(num)d minute", "%(num)d minutes", "num"),
}


def ago(value: datetime) -> str:
    """How long ago, in its largest unit."""
    if (timezone.now() - value).total_seconds() < 60:  # noqa: PLR2004 (seconds of a minute)
        return gettext("just now")
    return gettext("%(time)s ago") % {"time": timesince(value, time_strings=_FROM_NOW, depth=1)}


def until(value: datetime) -> str:
    """How long until then, in its largest unit."""
    if (value - timezone.now()).total_seconds() < 60:  # noqa: PLR2004 (seconds of a minute)
        return gettext("in a moment")
    return gettext("in %(time)s") % {"time": timeuntil(value, time_strings=_FROM_NOW, depth=1)}


_DURATIONS = (  # up to so many milliseconds, one unit's, the words
    (60_000, 1000, gettext_noop("%(n)s s")),
    (3600_000, 60_000, gettext_noop("%(n)s min")),
    (48 * 3600_000, 3600_000, gettext_noop("%(n)s h")),
)


def duration(milliseconds: int) -> str:
    """How long something took."""
    if milliseconds < 1000:  # noqa: PLR2004 (a second)
        return gettext("%(n)s ms") % {"n": milliseconds}
    for most, unit, text in _DURATIONS:
        if milliseconds < most:
            return gettext(text) % {"n": formats.number_format(milliseconds / unit, 1)}
    return gettext("%(n)s days") % {"n": formats.number_format(milliseconds / (24 * 3600_000), 1)}


def size(value: int) -> str:
    """Bytes for people."""
    step = 1024
    if value < step:
        return ngettext("%(n)s byte", "%(n)s bytes", value) % {"n": value}
    if value < step * step:
        return f"{formats.number_format(value / step, 1)} KiB"
    return f"{formats.number_format(value / step / step, 1)} MiB"


# --- forms ------------------------------------------------------------------------------------------------------


class PanelField(BoundField):
    """A field whose control has the stylesheet's class, unless its widget names one."""

    def build_widget_attrs(self, attrs: dict[str, Any], widget: Any = None) -> dict[str, Any]:
        """Django's attributes and the class."""
        built: dict[str, Any] = {**super().build_widget_attrs(attrs, widget)}
        shown = widget or self.field.widget
        if "class" not in shown.attrs and not self.is_hidden:
            built["class"] = _CONTROL_CLASSES.get(type(shown).__name__, "form-control")
            if self.errors:
                built["class"] += " is-invalid"
        return built

    @cached_property
    def is_tick(self) -> bool:
        """Whether the label stands after the control."""
        return bool(self.widget_type == "checkbox")


class FormRenderer(renderers.Jinja2):
    """Forms by the panel's templates; Django's own may test what is not there, so undefined is no error here."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
    bound_field_class = PanelField
    backend = Templates

    @cached_property
    def engine(self) -> Any:
        """Our folder first, then Django's."""
        return self.backend(
            {
                "DIRS": [settings.BASE_DIR / "templates", Path(renderers.__file__).parent / "jinja2"],
                "APP_DIRS": True,
                "NAME": "panelforms",
                "OPTIONS": {"environment": "pbas.core.jinja.form_environment"},
            }
        )

    def get_template(self, template_name: str) -> Any:
        """The admin's widgets exist for Django's own engine only."""
        if re.match(r"admin/|django/contrib|gis/", template_name):
            return renderers.DjangoTemplates().get_template(template_name)
        return super().get_template(template_name)


def form_environment(**options: Any) -> Environment:
    """Jinja2 for forms."""
    return _environment(**{**options, "undefined": Undefined})
