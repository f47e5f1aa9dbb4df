"""The application that both servers serve."""

# What uses settings is imported after they are there, as the documentation of Channels has it.
# ruff: noqa: E402

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

from consumers import Requests

application = ProtocolTypeRouter({
    "http": django,
    "websocket": URLRouter([path("ws", Requests.as_asgi())]),
})
