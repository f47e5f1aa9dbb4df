use super::*;

#[test]
fn a_url_is_a_place_to_connect_to() {
    for (text, origin, path) in [
        ("http://a", "http://a", ""),
        ("http://a/", "http://a", ""),
        (
            "HTTP://Reports.Example:80/Api/",
            "http://reports.example",
            "/Api",
        ),
        ("https://a:443/b/c", "https://a", "/b/c"),
        ("https://a:8443", "https://a:8443", ""),
        ("http://a.example.", "http://a.example", ""),
        (
            "http://xn--bcher-kva.example",
            "http://xn--bcher-kva.example",
            "",
        ),
        (
            "http://10.0.0.7:8080/x%20y",
            "http://10.0.0.7:8080",
            "/x%20y",
        ),
        ("http://[::1]:8080", "http://[::1]:8080", ""),
        ("http://[::ffff:127.0.0.1]", "http://[::ffff:127.0.0.1]", ""),
    ] {
        let base = Base::parse(text).unwrap();
        let got = (base.origin.to_string(), base.path);
        assert_eq!(got, (origin.to_owned(), path.to_owned()), "{text}");
    }
}

#[test]
fn what_is_not_written_plainly_is_refused() {
    for (text, why) in [
        ("", "is no URL"),
        ("reports.example.com", "is no URL"),
        ("//reports.example.com", "is no URL"),
        ("http:/a", "has no host"),
        ("http:///a", "has the host \"\""),
        ("http://a b", "is no URL"),
        ("http://bücher.example", "is no URL"),
        ("http://a\\b", "is no URL"),
        ("ftp://a", "begins with \"ftp\""),
        ("http://{host}/a", "has a place to fill"),
        ("http://user:password@a", "has credentials"),
        ("http://a?b=c", "has a `?` or a `#`"),
        ("http://a#b", "has a `?` or a `#`"),
        ("http://a/b/../c", "has a `.` or `..`"),
        ("http://a/%2e%2E/c", "has a `.` or `..`"),
        ("http://a/b/%2e", "has a `.` or `..`"),
        ("http://a:0", "has the port 0"),
        ("http://a:65536", "has a port that is none"),
        ("http://a..b", "has the host"),
        ("http://.", "has the host"),
        ("http://a%2eb", "has the host"),
        ("http://127%2e0.0.1", "has the host"),
        ("http://[v1.x]", "of a kind that is not known"),
        ("http://[fe80::1%25eth0]", "is no URL"),
        ("http://[::127.1]", "is no URL"),
        // What some programs read as 127.0.0.1.
        ("http://2130706433", "neither a name nor an address"),
        ("http://0x7f000001", "neither a name nor an address"),
        ("http://0x7f.0.0.1", "neither a name nor an address"),
        ("http://0177.0.0.1", "neither a name nor an address"),
        ("http://017700000001", "neither a name nor an address"),
        ("http://127.1", "neither a name nor an address"),
        ("http://127.0.1", "neither a name nor an address"),
        ("http://127.0.0.1.", "neither a name nor an address"),
        ("http://127.0.0.01", "neither a name nor an address"),
        ("http://127.0.0.0x1", "neither a name nor an address"),
        ("http://1", "neither a name nor an address"),
        ("http://0", "neither a name nor an address"),
        // The digits 1 and 2 in circles, and full stops that are wide.
        ("http://①②⑦.0.0.1", "is no URL"),
        ("http://127。0。0。1", "is no URL"),
    ] {
        let said = Base::parse(text).unwrap_err();
        assert!(said.contains(why), "{text}: {said}");
    }
}

#[test]
fn a_redirect_leads_where_a_browser_would_go() {
    for (location, leads_to) in [
        ("/x", "http://a:81/x"),
        ("x", "http://a:81/b/x"),
        ("../x?y=1", "http://a:81/x?y=1"),
        ("/../../x", "http://a:81/x"),
        ("?y", "http://a:81/b/c?y"),
        ("#z", "http://a:81/b/c?d=e"),
        ("http://A:81", "http://a:81/"),
        ("http://a.:81/x", "http://a:81/x"),
        ("//evil/x", "http://evil/x"),
        ("///x", "has the host \"\""),
        ("https://a:81/x", "https://a:81/x"),
        ("http://a:81@evil/x", "has credentials"),
        ("http://evil#@a:81/", "http://evil/"),
        ("\\\\evil\\x", "is no URL"),
        ("/\\evil", "is no URL"),
        ("http://2130706433/", "neither a name nor an address"),
        ("javascript:alert(1)", "begins with \"javascript\""),
    ] {
        let from = Base::parse("http://a:81").unwrap().origin;
        let to = from.follow("/b/c?d=e", location);
        let said = to.map(|to| format!("{}{}", to.origin, to.target()));
        let said = said.unwrap_or_else(|why| why);
        assert!(said.contains(leads_to), "{location}: {said}");
    }
}

#[test]
fn a_host_names_itself_alone() {
    for (url, address, named) in [
        ("http://localhost", "127.0.0.1", true),
        ("http://localhost", "127.9.9.9", true),
        ("http://LocalHost.", "::1", true),
        ("http://localhost", "10.0.0.1", false),
        ("http://localhost.evil", "127.0.0.1", false),
        ("http://10.0.0.1", "10.0.0.1", true),
        ("http://10.0.0.1", "10.0.0.2", false),
        ("http://[::1]", "::1", true),
        ("http://[::1]", "127.0.0.1", false),
    ] {
        let host = Base::parse(url).unwrap().origin.host;
        assert_eq!(
            host.names(address.parse().unwrap()),
            named,
            "{url} {address}"
        );
    }
}
