"""What Django needs to know to serve sockets alone."""

import os

SECRET_KEY = os.urandom(16).hex()
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["channels"]
ASGI_APPLICATION = "asgi.application"
# Requests are logged at INFO by neither server; this is for what Django itself would say.
LOGGING = {"version": 1, "disable_existing_loggers": False, "root": {"level": "WARNING"}}
