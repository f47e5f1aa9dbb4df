"""The same from Django views: `python django_app.py runserver`."""

import functools
import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

import longwire
import longwire.sync

SERVER = os.environ.get("LONGWIRE_SERVER", "http://127.0.0.1:8000")
PAGE = Path(__file__).with_name("page.html").read_text().replace("SERVER", SERVER)

if not settings.configured:
    settings.configure(ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, SECRET_KEY="of this example", DEBUG=False)
    django.setup()


@functools.cache
def client() -> longwire.sync.Client:
    """One connection for each process, made at the first request: after a fork, where the server forks its workers."""
    return longwire.sync.connect(SERVER)


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE)


@csrf_exempt  # keep Django's check in an application that has sessions
@require_http_methods(["POST"])
def start(request: HttpRequest) -> HttpResponse:
    job = client().start("report", {"pages": int(request.GET["pages"])}, time=600)
    # The job goes on; only this watch ends.
    job.leave()
    return JsonResponse({"connid": job.connid}, status=202)


@csrf_exempt
@require_http_methods(["DELETE"])
def kill(request: HttpRequest, connid: str) -> HttpResponse:
    try:
        done = client().kill(connid, "by its user")
    except longwire.Refused as refused:
        return JsonResponse({"detail": refused.message}, status=404)
    return JsonResponse({"status": done["status"]})


urlpatterns = [path("", page), path("reports", start), path("reports/<str:connid>", kill)]
application = get_wsgi_application()

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
