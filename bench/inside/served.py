"""What gunicorn serves: the panel, and in its back office the stock admin's list of licenses."""

from importlib import import_module

from pbas.wsgi import application

__all__ = ["application"]

import_module("bench.inside.stock_admin")  # now that the apps are loaded
