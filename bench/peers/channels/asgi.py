"""The application that both servers serve."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
# Before what uses settings is imported, as the documentation of Channels has it.
django = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402

from consumers import Requests  # noqa: E402

application = ProtocolTypeRouter({
    "http": django,
    "websocket": URLRouter([path("ws", Requests.as_asgi())]),
})
