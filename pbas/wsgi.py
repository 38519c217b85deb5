"""The web entry."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pbas.settings")

application = get_wsgi_application()

gc.freeze()  # what is loaded now stays: to look through it again and again for garbage took a tenth of a page's time
gc.set_threshold(10_000, 20, 50)  # a page of a list makes thousands of objects, which go without the collector
