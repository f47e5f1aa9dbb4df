// Routes for the tests: work that prints, that will not die, and that asks for an input.

const sh = (script) => JSON.stringify(["/bin/sh", "-c", script]);

export const ROUTES = `
[routes.lines]
consumer = "exec"
description = "Prints to both streams, in colours, and waits."
argv = ${sh(`printf 'plain\\n\\033[31mred\\033[0m and \\033[1;38;5;33mblue\\033[0m\\n'; printf 'trouble <b>\\n' >&2; i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo "line $i"; done; echo '40%'; sleep 600`)}
progress = ['(?<percent>[0-9]+)%']
time_seconds = 300
kill_grace_seconds = 1

[routes.stubborn]
consumer = "exec"
argv = ${sh(`trap '' TERM; echo ready; while :; do sleep 1; done`)}
time_seconds = 300
max_time_seconds = 300
kill_grace_seconds = 1

[routes.one]
served_by = "workers"
concurrency = 1

[routes.resize]
served_by = "workers"
schema = { type = "object", required = ["width"], properties = { width = { type = "integer" }, fit = { enum = ["crop", "pad"] }, fast = { type = "boolean" } } }
`;
