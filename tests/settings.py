"""The product's settings, on what the tests are given."""

import atexit
import os
import shutil

from tests.environment import environment

if "DATA_DIR" not in os.environ:
    atexit.register(lambda: shutil.rmtree(os.environ["DATA_DIR"], ignore_errors=True))
os.environ.update(environment())

from gameproject.settings import *  # noqa: F403

# What the tests start has the product's settings, in the same environment.
os.environ["DJANGO_SETTINGS_MODULE"] = "gameproject.settings"
