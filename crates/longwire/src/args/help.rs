//! What `--help` teaches beside the options.

use crate::exit;

pub(super) const OVERVIEW: &str = "\
Try it:
  longwire serve                              run a server
  longwire start request --time 30            start a request and follow it
  longwire status --watch                     see what runs, and how long it has left
  longwire kill CONNID --wait                 kill it, and see the receipt

`longwire COMMAND --help` has examples of each.";

pub(super) fn overview() -> String {
    format!("{OVERVIEW}\n\n{}", exit::HELP)
}

pub(super) const SERVE: &str = "\
Examples:
  longwire serve
  longwire serve --listen 127.0.0.1:0         on a free port
  longwire serve --data /var/lib/longwire     keeps its jobs there
  longwire serve --ephemeral                  keeps them in memory, and forgets them
  longwire config > longwire.toml             a file to begin with
  longwire serve --config longwire.toml
  longwire serve --config longwire.toml --check

What was accepted is on the disk, and is there after any stop: ended jobs with their outcome, and
what waited or only let time pass goes on. SIGTERM or Ctrl-C stops it: no new jobs are taken, and
work that cannot be gone on with later has a grace to end. A second one stops it at once.
SIGHUP has it read the routes and the catalogues of its configuration file again; jobs that run are not touched.

LONGWIRE_LOG says how much it logs: error, warn, info, debug, trace.";

pub(super) const START: &str = "\
Examples:
  longwire start request --time 30            runs for 30 seconds, then is ok
  longwire start request --connid 42 --tag nightly
  longwire start report --input '{\"pages\": 3}'
  longwire start report --input @pages.json
  longwire start request --detach             prints the connid, and leaves it running

Its output is printed as it comes. Ctrl-C leaves the request running and says how to come back to
it; a second Ctrl-C within two seconds kills it.";

pub(super) fn start() -> String {
    format!("{START}\n\n{}", exit::HELP)
}

pub(super) const WATCH: &str = "\
Examples:
  longwire watch 42                           from its first event on, then live, to its end
  longwire watch 42 --after 17                from its 18th event on
  longwire watch                              the changes of state of all requests

It ends with the request, and exits as `longwire start` does.";

pub(super) const KILL: &str = "\
Examples:
  longwire kill 42                            returns when the kill was accepted
  longwire kill 42 --wait                     returns when it is dead, and prints the receipt
  longwire kill 42 43 --reason 'wrong input'
  longwire kill --tag nightly                 all that have this tag

Killing twice is harmless. Of several, all are tried; the exit code is that of the first that failed.";

pub(super) const STATUS: &str = "\
Examples:
  longwire status                             what runs, oldest first
  longwire status 42                          one request, also if it has ended
  longwire status --route request --tag nightly
  longwire status --watch                     live, until q
  longwire status --all --json | jq .jobs[]";

pub(super) const EXTEND: &str = "\
Examples:
  longwire extend 42 60                       its deadline is 60 seconds from now
  longwire extend 42 0.5

With what it has had, it must stay within what its route allows.";

pub(super) const ROUTES: &str = "\
Examples:
  longwire routes                             all of them, by name
  longwire routes report                      one, with the JSON Schema of its input
  longwire routes --json | jq '.routes[].route'

Of an input's fields, those with a * must be there.";

pub(super) const MODULES: &str = "\
Examples:
  longwire modules search push --lib vector   what is probably meant comes first
  longwire modules search 'vec::emb' --since C++11
  longwire modules search '[]' --lib map --json
  longwire modules list
  longwire modules check zlib.tag             what a file has, or what is wrong with it
  longwire modules add zlib zlib.tag --config longwire.toml

Files may be Doxygen tag files, Sphinx inventories, Universal Ctags JSON lines, rustdoc or TypeDoc
JSON, Javadoc's member-search-index.js, or lines of JSON of one's own; packed with gzip or not.";

pub(super) const CONFORMANCE: &str = "\
Examples:
  longwire conformance client -- node driver.mjs
  longwire conformance client --only cut -- ./driver
  longwire conformance server http://127.0.0.1:8000
  longwire conformance client --list

Exit code 1: at least one went otherwise. What a driver is: docs/conformance.md.";

pub(super) const CONFIG: &str = "\
Examples:
  longwire config > longwire.toml
  longwire config --check longwire.toml";

pub(super) const STORE: &str = "\
Examples:
  longwire store check
  longwire store compact --data /var/lib/longwire
  longwire store export | jq 'select(.status == \"lost\")'

A running server has its folder to itself: stop it first. Exit code 1: it is damaged, or cannot be read.";

pub(super) const COMPLETIONS: &str = "\
Examples:
  longwire completions bash > ~/.local/share/bash-completion/completions/longwire
  longwire completions zsh > ~/.zfunc/_longwire
  longwire completions fish > ~/.config/fish/completions/longwire.fish";
