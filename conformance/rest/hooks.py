"""What the tool cannot know of this server by its description alone."""

import schemathesis

# A description cannot say that a tag's limit is in bytes, nor what a job has left of its route's time, nor how long its
# log is. A request that breaks such a limit is well formed and refused all the same, by the name of its field.
LIMITS_OF_THE_MOMENT = {"tags", "time", "idle_time", "queue_time", "after", "connid", "route"}


@schemathesis.hook
def before_call(context, case, kwargs):
    """A short wait shows as much as a long one."""
    wait = str(case.headers.get("Prefer", ""))
    if wait.startswith("wait="):
        case.headers["Prefer"] = "wait=0"


@schemathesis.check
def well_formed_is_refused_by_a_limit_only(ctx, response, case):
    """Stands in for `positive_data_acceptance`, which knows only status codes."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code != 400:
        return
    problem = response.json()
    if case.path == "/query/module":
        # It has no code: the message begins with the field. Bounds are in bytes here, too, and a version is more than a string.
        field = problem["message"].split(" ")[0].split("[")[0]
        assert field in {"lib", "text", "since", "kind", "catalogue"}, f"well formed, and refused: {problem}"
        return
    refused = problem.get("code"), problem.get("field")
    if (case.method, case.path) == ("DELETE", "/jobs") and refused == ("missing_field", "route"):
        # That one of two parameters must be there is said in words alone: a description has no other way.
        return
    assert refused[0] == "invalid_field" and refused[1] in LIMITS_OF_THE_MOMENT, f"well formed, and refused: {problem}"
