//! The table of everything that is tested.

use anyhow::Result;

use crate::need::Need;
use crate::project::Project;
use crate::{catalogue, generate, suites};

/// One thing that is tested.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) when: When,
    pub(crate) needs: &'static [Need],
    pub(crate) run: fn(&Project) -> Result<()>,
}

/// Whether a step runs where none is named.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Always,
    /// It needs more of the network, or of the machine, than a test may ask for.
    ByHand,
}

const CARGO_DENY: Need = Need::Cargo {
    name: "cargo-deny",
    version: "0.20.2",
};
const CARGO_FUZZ: Need = Need::Cargo {
    name: "cargo-fuzz",
    version: "0.13.2",
};
const GUNGRAUN: Need = Need::Cargo {
    name: "gungraun-runner",
    version: "0.20.0",
};
const CARGO_MUTANTS: Need = Need::Cargo {
    name: "cargo-mutants",
    version: "27.1.0",
};

pub(crate) const PYTHON_ALONE: Need = Need::Debian {
    package: "python3",
    sign: "python3",
};
pub(crate) const PYTHON: Need = Need::Debian {
    package: "python3-venv",
    sign: "/usr/lib/python3.11/ensurepip/__init__.py",
};
pub(crate) const COMPILER: Need = Need::Debian {
    package: "g++",
    sign: "c++",
};
const NODE: Need = Need::Debian {
    package: "nodejs",
    sign: "node",
};
pub(crate) const NPM: Need = Need::Debian {
    package: "npm",
    sign: "npm",
};
const GO: Need = Need::Debian {
    package: "golang-go",
    sign: "go",
};
const GORILLA: Need = Need::Debian {
    package: "golang-github-gorilla-websocket-dev",
    sign: "/usr/share/gocode/src/github.com/gorilla/websocket/client.go",
};
const JAVA: Need = Need::Debian {
    package: "openjdk-17-jdk-headless",
    sign: "javac",
};
const RUBY: Need = Need::Debian {
    package: "ruby",
    sign: "ruby",
};
const RUBY_DRIVER: Need = Need::Debian {
    package: "ruby-websocket-driver",
    sign: "/usr/lib/ruby/vendor_ruby/websocket/driver.rb",
};
const PERL: Need = Need::Debian {
    package: "libmojolicious-perl",
    sign: "/usr/share/perl5/Mojolicious.pm",
};
const CHROMIUM: Need = Need::Debian {
    package: "chromium",
    sign: "/usr/bin/chromium",
};
const NGINX: Need = Need::Debian {
    package: "nginx",
    sign: "/usr/sbin/nginx",
};
const HAPROXY: Need = Need::Debian {
    package: "haproxy",
    sign: "/usr/sbin/haproxy",
};

const VALGRIND: Need = Need::Debian {
    package: "valgrind",
    sign: "valgrind",
};
const FFMPEG: Need = Need::Debian {
    package: "ffmpeg",
    sign: "ffmpeg",
};

/// The cheap ones come first, so that the common mistakes are told early.
pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        what: "the code is formatted",
        when: When::Always,
        needs: &[],
        run: suites::rust::fmt,
    },
    Step {
        name: "clippy",
        what: "no lint complains",
        when: When::Always,
        needs: &[],
        run: suites::rust::clippy,
    },
    Step {
        name: "unit",
        what: "the crates' own tests and examples",
        when: When::Always,
        needs: &[PYTHON_ALONE],
        run: suites::rust::unit,
    },
    Step {
        name: "doc",
        what: "the documentation builds without a warning",
        when: When::Always,
        needs: &[],
        run: suites::rust::doc,
    },
    Step {
        name: "generated",
        what: "generated files are as committed",
        when: When::Always,
        needs: &[],
        run: generate::check,
    },
    Step {
        name: "instructions",
        what: "the hottest paths take no more instructions than their bounds allow",
        when: When::Always,
        needs: &[COMPILER, VALGRIND, GUNGRAUN],
        run: suites::instructions::run,
    },
    Step {
        name: "catalogue",
        what: "the catalogue of the C++ standard library is as generated, and holds what the standard has",
        when: When::Always,
        needs: &[PYTHON, Need::Pip(catalogue::FOLDER)],
        run: catalogue::check,
    },
    Step {
        name: "deny",
        what: "the dependencies' licences, sources and duplicates",
        when: When::Always,
        needs: &[CARGO_DENY],
        run: suites::rust::deny,
    },
    Step {
        name: "clients",
        what: "the three actions from the clients of other ecosystems, and through proxies",
        when: When::Always,
        needs: &[
            PYTHON,
            Need::Pip("conformance/clients/python"),
            NODE,
            NPM,
            Need::Npm("conformance/clients/node"),
            GO,
            GORILLA,
            JAVA,
            RUBY,
            RUBY_DRIVER,
            PERL,
            CHROMIUM,
            NGINX,
            HAPROXY,
        ],
        run: suites::clients::run,
    },
    Step {
        name: "typescript",
        what: "the TypeScript client: its types, its size, its pages, and its tests in Node, with either WebSocket, and in a browser",
        when: When::Always,
        needs: &[NODE, NPM, Need::Npm(suites::typescript::FOLDER), CHROMIUM],
        run: suites::typescript::run,
    },
    Step {
        name: "console",
        what: "the console: its types, that the server carries it as it is built, and its tests in a browser",
        when: When::Always,
        needs: &[
            NODE,
            NPM,
            Need::Npm(suites::typescript::FOLDER),
            Need::Npm(suites::console::FOLDER),
            CHROMIUM,
        ],
        run: suites::console::run,
    },
    Step {
        name: "conformance",
        what: "the conformance kit, against each client of ours and against the server",
        when: When::Always,
        needs: &[
            PYTHON,
            Need::Pip(suites::conformance::PYTHON),
            NODE,
            NPM,
            Need::Npm(suites::typescript::FOLDER),
        ],
        run: suites::conformance::run,
    },
    Step {
        name: "python",
        what: "the Python client: types, lints, its rules, the real server through cut connections, its recipes, its wheel",
        when: When::Always,
        needs: &[PYTHON, Need::Pip(suites::python::FOLDER), CHROMIUM],
        run: suites::python::run,
    },
    Step {
        name: "examples",
        what: "the programs of examples/, with the real programs, and a worker that is killed with a hundred jobs",
        when: When::Always,
        needs: &[
            FFMPEG,
            PYTHON,
            Need::Pip("examples/workers"),
            NODE,
            NPM,
            Need::Npm("examples/workers"),
        ],
        run: suites::examples::run,
    },
    Step {
        name: "sse",
        what: "the event stream of a job, cut and resumed",
        when: When::Always,
        needs: &[NODE, NPM, Need::Npm("conformance/rest")],
        run: suites::rest::sse,
    },
    Step {
        name: "schemathesis",
        what: "every REST operation against its own description",
        when: When::Always,
        needs: &[PYTHON, Need::Pip("conformance/rest")],
        run: suites::rest::schemathesis,
    },
    Step {
        name: "asyncapi",
        what: "the description of the socket is valid AsyncAPI",
        when: When::Always,
        needs: &[NODE, NPM, Need::Npm("conformance/asyncapi")],
        run: suites::asyncapi::run,
    },
    Step {
        name: "torture",
        what: "what clients saw of a server that was killed again and again, against the invariants",
        when: When::Always,
        needs: &[],
        run: suites::torture::run,
    },
    Step {
        name: "autobahn",
        what: "the WebSocket protocol, by the Autobahn Testsuite",
        when: When::Always,
        needs: &[PYTHON, COMPILER, Need::Python2("conformance/autobahn")],
        run: suites::autobahn::run,
    },
    Step {
        name: "fuzz",
        what: "each fuzz target, for some seconds",
        when: When::Always,
        needs: &[COMPILER, CARGO_FUZZ],
        run: suites::fuzz::run,
    },
    Step {
        name: "mutants",
        what: "the tests notice 80 % of the mistakes put into the rules of a job",
        when: When::Always,
        needs: &[CARGO_MUTANTS],
        run: suites::mutants::run,
    },
    Step {
        name: "cgroup",
        what: "a command's own cgroup; needs to write to that of this process",
        when: When::ByHand,
        needs: &[],
        run: suites::rust::cgroup,
    },
    Step {
        name: "advisories",
        what: "known flaws in dependencies; fetches a database",
        when: When::ByHand,
        needs: &[CARGO_DENY],
        run: suites::rust::advisories,
    },
];
