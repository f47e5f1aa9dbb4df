"""The same from Django views: `python django_app.py runserver`."""

import functools
import hashlib
import os
import secrets
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.exceptions import PermissionDenied
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


def owner(request: HttpRequest) -> str:
    """Whose jobs they are, as a tag. In an application that knows its users this is the user's id."""
    if "visitor" not in request.COOKIES:
        raise PermissionDenied("load the page first")
    # Everybody may read tags, so it is not the cookie itself.
    return "owner:" + hashlib.sha256(request.COOKIES["visitor"].encode()).hexdigest()[:32]


def page(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(PAGE)
    if "visitor" not in request.COOKIES:
        response.set_cookie("visitor", secrets.token_urlsafe(), httponly=True, samesite="Lax")
    return response


@csrf_exempt  # keep Django's check in an application that has sessions
@require_http_methods(["POST"])
def start(request: HttpRequest) -> HttpResponse:
    job = client().start("report", {"pages": int(request.GET["pages"])}, time=600, tags=[owner(request)])
    # The job goes on; only this watch ends.
    job.leave()
    return JsonResponse({"connid": job.connid}, status=202)


@csrf_exempt
@require_http_methods(["DELETE"])
def kill(request: HttpRequest, connid: str) -> HttpResponse:
    try:
        job = client().status(connid)["jobs"][0]
        if owner(request) not in job.get("tags", []):
            return JsonResponse({"detail": "no report of yours"}, status=404)
        # That job, and not what may have its connid by now.
        done = client().kill(job=job["job"], reason="by its user")
    except longwire.Refused as refused:
        return JsonResponse({"detail": refused.message}, status=404)
    return JsonResponse({"status": done["status"]})


urlpatterns = [path("", page), path("reports", start), path("reports/<str:connid>", kill)]
application = get_wsgi_application()

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
