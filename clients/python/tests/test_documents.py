"""The documents show what runs."""

import ast
import asyncio
import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator

import nbclient
import nbformat
import pytest
from browser import opened
from documents import HERE, Block, blocks
from server import CONFIG, Server, started

import longwire
from longwire import sync

EXAMPLES = HERE / "examples"
SECONDS = 30


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextlib.contextmanager
def running(server: Server, *argv: str) -> Iterator["subprocess.Popen[str]"]:
    """A program of the examples, as its users start it."""
    environment = {**os.environ, "PYTHONPATH": f"{HERE / 'src'}:{EXAMPLES}", "LONGWIRE_SERVER": server.url}
    process = subprocess.Popen(
        [sys.executable, "-u", *argv],
        env=environment,
        cwd=EXAMPLES,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=SECONDS)


@pytest.fixture(scope="module")
def app_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def reports(app_port: int) -> Iterator[Server]:
    """A server whose reports are served by the worker of the quick start, and that takes the pages of an application."""
    config = f'allowed_origins = ["http://127.0.0.1:{app_port}"]\n' + CONFIG
    with started(config=config) as server, running(server, "report_worker.py"):
        yield server


@pytest.mark.parametrize("block", list(blocks()), ids=lambda block: f"{block.page.stem}-{block.mark}")
def test_each_block_of_code_is_what_is_run(block: Block) -> None:
    if block.language in ("python", "html"):
        assert block.mark is not None, "it is compared with nothing, and not run"
        assert block.mark == "run" or block.code == block.expected(), "write it anew: python tests/documents.py"


def test_the_page_of_the_package_stands_alone() -> None:
    """It is shown where there are no other files: a link is an address, or a place in the page."""
    text = (HERE / "README.md").read_text()
    assert [link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith(("https://", "#"))] == []


def test_the_quick_start_is_as_long_as_is_said() -> None:
    lines = len((EXAMPLES / "quickstart.py").read_text().splitlines())
    assert f"A program of {lines} lines" in (HERE / "README.md").read_text()
    assert lines <= 40


@pytest.mark.parametrize("number", range(2))
async def test_what_is_shown_in_passing_runs(reports: Server, number: int, capsys: pytest.CaptureFixture[str]) -> None:
    code = [block.code for block in blocks() if block.mark == "run"][number]
    async with longwire.connect(reports.url) as client:
        work = compile(code, "README.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        await eval(work, {"longwire": longwire, "client": client})
    said = ["too_long {'most': 1000}\n", "[3, 4, 5, 6, 7, 8]\n"][number]
    # Progress that comes fast is coalesced, so the number of events is not always the same.
    assert capsys.readouterr().out.startswith(said[:4])


@pytest.mark.parametrize("name", ["quickstart.py", "script.py"])
def test_a_program_shows_progress_and_the_result(reports: Server, name: str) -> None:
    with running(reports, name, "5") as program:
        said, _ = program.communicate(timeout=SECONDS)
    assert program.returncode == 0, said
    assert "progress: {'done': 5.0, 'total': 5.0}\n{'pages': 5}\n" in said


@pytest.mark.parametrize("name", ["quickstart.py", "script.py"])
def test_ctrl_c_kills_the_job(reports: Server, name: str) -> None:
    with running(reports, name, "1000") as program:
        assert program.stdout is not None
        assert program.stdout.readline().startswith("progress")
        program.send_signal(2)
        said, _ = program.communicate(timeout=SECONDS)
    assert program.returncode == 1
    assert re.search(r"killed: \{'by': 'anonymous', 'reason': 'nobody waits for it', 'forced': False", said), said


def test_a_failure_says_of_what(reports: Server) -> None:
    with running(reports, "quickstart.py", "2000") as program:
        said, _ = program.communicate(timeout=SECONDS)
    assert re.search(r"\w+: 2000 pages; 1000 are the most \(too_long\)", said), said


@pytest.mark.parametrize("name", ["thread_worker.py", "celery_after.py"])
def test_a_worker_with_a_plain_function(name: str) -> None:
    with started() as server, running(server, name), sync.connect(server.url) as client:
        assert client.start("report", {"pages": 3}).result() == {"pages": 3}


def test_after_celery() -> None:
    with started() as server, sync.connect(server.url) as client:
        os.environ["LONGWIRE_SERVER"] = server.url
        try:
            import celery_after as after
        finally:
            del os.environ["LONGWIRE_SERVER"]
        with after.worker:
            connid = after.start(client, 5)
            assert after.result(client, connid) == {"pages": 5}
            assert after.progress(client, connid) == {"done": 5, "total": 5}
            receipt = after.kill(client, after.start(client, 10_000))
            assert isinstance(receipt, dict) and receipt["by"] == "anonymous"


def test_before_celery_is_python() -> None:
    compile((EXAMPLES / "celery_before.py").read_text(), "celery_before.py", "exec")


async def test_the_notebook_runs_in_a_kernel(reports: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGWIRE_SERVER", reports.url)
    monkeypatch.setenv("PYTHONPATH", str(HERE / "src"))
    # nbformat says that it is typed, and this function is not.
    notebook = nbformat.read(EXAMPLES / "report.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    assert not any(cell.get("outputs") for cell in notebook.cells), "commit it without outputs"
    await nbclient.NotebookClient(notebook, timeout=SECONDS, kernel_name="python3").async_execute()
    shown = "".join(
        output.get("text", "") or output.get("data", {}).get("text/plain", "")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    )
    for expected in (
        "page 20 of 20",
        "{'pages': 20}",
        "'ok'",
        "'the wrong one'",
        "was killed by anonymous",
        "{'pages': 2}",
    ):
        assert expected in shown, shown


APPLICATIONS = {
    "fastapi": ["-m", "uvicorn", "--host", "127.0.0.1", "fastapi_app:app", "--port"],
    "django": ["django_app.py", "runserver", "--noreload"],
}
STRANGERS = {"fastapi": 401, "django": 403}


@pytest.mark.parametrize("name", APPLICATIONS)
async def test_a_page_watches_the_job_that_a_view_started(reports: Server, app_port: int, name: str) -> None:
    url = f"http://127.0.0.1:{app_port}"
    with running(reports, *APPLICATIONS[name], str(app_port)) as application:
        await asyncio.to_thread(answering, url, application)
        async with opened(url) as page:
            await page.clicks("#start")
            await page.shows("running")
            await page.until("document.querySelector('#progress').value > 0")
            # Reloaded, it watches on.
            await page.loads("Page.reload")
            await page.shows("running")
            # Only whose job it is may kill it.
            connid = await page.does("new URLSearchParams(location.search).get('connid')")
            for who, status in (("", STRANGERS[name]), ("visitor=another", 404)):
                assert await asyncio.to_thread(asked, f"{url}/reports/{connid}", "DELETE", who) == status
            await page.shows("running")
            await page.clicks("#kill")
            await page.shows("killed")
        assert await asyncio.to_thread(asked, f"{url}/reports/nobody", "DELETE", "visitor=another") == 404


def answering(url: str, process: "subprocess.Popen[str]") -> None:
    """Returns once the application answers."""
    pause = threading.Event()
    while process.poll() is None:
        with contextlib.suppress(OSError):
            asked(url, "GET")
            return
        pause.wait(0.05)
    assert process.stdout is not None
    raise AssertionError(process.stdout.read())


def asked(url: str, method: str, cookie: str = "") -> int:
    request = urllib.request.Request(url, method=method, headers={"Cookie": cookie})
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
