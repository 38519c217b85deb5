"""`python -m bench.inside MODULE FUNCTION ARGUMENTS`: one function of the bench on the database of the environment.

The main program starts this, as settings are read once a process; the answer is the last line, in JSON.
"""

import importlib
import json
import os
import sys

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pbas.settings")
    django.setup()
    module, function, arguments = sys.argv[1:]
    answer = getattr(importlib.import_module(f"bench.inside.{module}"), function)(**json.loads(arguments))
    sys.stdout.write(f"\n{json.dumps(answer)}\n")
