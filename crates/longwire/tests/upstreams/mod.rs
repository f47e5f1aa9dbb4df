//! TLS to an upstream, and secrets for it: both come from the environment of the server.

use std::{path::PathBuf, process::Command};

use crate::run::{Running, Server, scratch};

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
            // Proxies of the environment are not asked: nobody is there.
            ("HTTPS_PROXY", "http://127.0.0.1:1"),
            ("ALL_PROXY", "http://127.0.0.1:1"),
        ];
        Server::with_config_and_env(&config, &env)
    };

    let server = with(&cert);
    let done = server.run(&["start", "secure", "--json"]);
    assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
    secure.says("given Bearer s3cret");
    let said = server.said();
    assert!(
        said.contains("a request is sent")
            && said.contains("\"trace\"")
            && !said.contains("s3cret"),
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
