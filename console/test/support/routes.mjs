// Routes for the tests: work that prints, that will not die, and that asks for an input.

const sh = (script) => JSON.stringify(["/bin/sh", "-c", script]);

const COLOURS = [
  `printf '\\033[4:3mwavy\\033[0m \\033[58;5;1mplain\\033[0m \\033[7minverse\\033[0m \\033[2mdim\\033[0m \\033[38:2::200:200:0mcolons\\033[0m\\n'`,
  `for n in 0 1 2 3 4 5 6 7; do printf '\\033[3%smtext %s\\033[0m \\033[9%smbright\\033[0m \\033[4%smground\\033[0m \\033[7;3%sminverse\\033[0m \\033[3%s;44mon blue\\033[0m\\n' $n $n $n $n $n $n; done`,
  `for n in 16 17 18 19 20 21 52 88 124 196 226 231 232 244 255; do printf '\\033[38;5;%sm256 %s\\033[0m \\033[48;5;%smground\\033[0m \\033[7;38;5;%sminverse\\033[0m\\n' $n $n $n $n; done`,
  `printf '\\033[31mred to stderr\\033[0m\\n' >&2`,
  `sleep 600`,
].join("; ");

export const ROUTES = `
[routes.lines]
consumer = "exec"
description = "Prints to both streams, in colours, and waits."
argv = ${sh(`printf 'plain\\n\\033[31mred\\033[0m and \\033[1;38;5;33mblue\\033[0m\\n'; printf 'trouble <b>\\n' >&2; i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo "line $i"; done; echo '40%'; sleep 600`)}
progress = ['(?<percent>[0-9]+)%']
time_seconds = 300
kill_grace_seconds = 1

[routes.colours]
consumer = "exec"
description = "Prints every colour in every way."
argv = ${sh(COLOURS)}
time_seconds = 300

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
