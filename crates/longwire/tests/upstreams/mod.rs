//! The example in `examples/upstream`, as its README says: real services, the real binary.

use std::{path::PathBuf, process::Command};

use serde_json::json;

use crate::{
    frames,
    run::{Running, Server, scratch},
};

fn example(file: &str) -> PathBuf {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/upstream");
    PathBuf::from(example).join(file)
}

/// A service of the example on a free port, and that port.
fn service(file: &str) -> (Running, String) {
    let mut command = Command::new("python3");
    command.arg(example(file)).arg("0");
    let mut running = Running::new(command);
    let line = running.line();
    let port = line.rsplit(' ').next().unwrap_or_default();
    assert!(port.parse::<u16>().is_ok(), "python3 says {line:?}");
    (running, port.to_owned())
}

/// Both services, and a server in front of them.
fn services() -> (Running, Running, Server) {
    let (reports, reports_port) = service("reports.py");
    let (builds, builds_port) = service("builds.py");
    let config = std::fs::read_to_string(example("longwire.toml")).unwrap();
    let config = config.replace(":8081", &format!(":{reports_port}"));
    let server = Server::with_config(&config.replace(":8082", &format!(":{builds_port}")));
    (reports, builds, server)
}

#[test]
fn a_rest_service_is_a_route() {
    let (_reports, _builds, server) = services();
    let start = |input| server.run(&["start", "report", "--json", "--input", input]);
    let done = start(r#"{"year":2026,"name":"sales & more"}"#);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let frames = frames(&done.stdout);
    let result = &frames.last().unwrap()["result"];
    assert_eq!(result["status"], 200);
    assert_eq!(result["headers"]["content-type"], "application/json");
    let body = json!({"year": 2026, "name": "sales & more", "rows": 3});
    assert_eq!(result["body"], body);

    let done = start(r#"{"year":"no year","name":"sales"}"#);
    let last = crate::frames(&done.stdout).pop().unwrap();
    assert_eq!(last["error"]["code"], "upstream_status");
    assert_eq!(
        last["error"]["detail"]["body"]["title"],
        "there is no such report"
    );
}

#[test]
fn a_stream_is_watched_and_its_kill_reaches_the_service() {
    let (_reports, mut builds, server) = services();
    let input = r#"{"steps":100000}"#;
    let mut follower = server.spawn(&["start", "build", "--connid", "b1", "--input", input]);
    follower.says("\"note\": \"step 2\"");
    let killed = server.run(&["kill", "b1", "--wait"]);
    assert_eq!(killed.code, 0, "{}", killed.stderr);
    builds.says("the client is gone: stopped at step");
    follower.says("b1: killed");
}

#[test]
fn a_stream_that_ends_has_said_all_its_lines() {
    let (_reports, _builds, server) = services();
    let done = server.run(&["start", "build", "--json", "--input", r#"{"steps":3}"#]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let frames = frames(&done.stdout);
    let output: String = frames
        .iter()
        .filter_map(|frame| frame["output"].as_str())
        .collect();
    assert_eq!(output.lines().count(), 3, "{output}");
    assert!(frames.iter().any(|frame| frame["progress"]["total"] == 3.0));
    assert_eq!(frames.last().unwrap()["result"]["status"], 200);
}

/// Speaks TLS with the certificate and the key in its arguments, and says what it was given to be authorized.
const SECURE: &str = r#"
import http.server, ssl, sys

class Secure(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print("given", self.headers["Authorization"], flush=True)
        self.send_response(204)
        self.end_headers()

server = http.server.HTTPServer(("127.0.0.1", 0), Secure)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server.socket = context.wrap_socket(server.socket, server_side=True)
print("secure on port", server.server_port, flush=True)
server.serve_forever()
"#;

#[test]
fn tls_trusts_the_authorities_of_the_environment_and_a_secret_stays_there() {
    let dir = scratch("upstreams_tls");
    let (cert, key) = (dir.join("cert.pem"), dir.join("key.pem"));
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let mut command = Command::new("python3");
    command.args(["-c", SECURE]).args([&cert, &key]);
    let mut secure = Running::new(command);
    let line = secure.line();
    let port = line
        .strip_prefix("secure on port ")
        .unwrap_or_else(|| panic!("{line}"));
    let config = format!(
        "[routes.secure]\nconsumer = \"http\"\nurl = \"https://localhost:{port}\"\n\
         headers_from_env = {{ authorization = \"UPSTREAM_AUTH\" }}\n"
    );
    let with = |cert: &PathBuf| {
        let env = [
            ("SSL_CERT_FILE", cert.to_str().unwrap()),
            ("UPSTREAM_AUTH", "Bearer s3cret"),
            ("LONGWIRE_LOG", "trace"),
        ];
        Server::with_config_and_env(&config, &env)
    };

    let server = with(&cert);
    let done = server.run(&["start", "secure", "--json"]);
    assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
    secure.says("given Bearer s3cret");
    let said = server.said();
    assert!(
        said.contains("a request is sent") && !said.contains("s3cret"),
        "{said}"
    );

    let other = dir.join("other.pem");
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&other, made.cert.pem()).unwrap();
    let done = with(&other).run(&["start", "secure"]);
    assert!(
        done.stderr.contains("its certificate is not trusted ("),
        "{}",
        done.stderr
    );
}
