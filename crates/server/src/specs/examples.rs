//! Frames as they are sent, for the description of the socket.

/// Examples of a frame of that name.
pub(super) fn examples(name: &str) -> &'static [&'static str] {
    match asked(name) {
        [] => said(name),
        asked => asked,
    }
}

/// What a client says.
fn asked(name: &str) -> &'static [&'static str] {
    match name {
        "start" => &[r#"{"route":"request","connid":"42","time":30,"id":1}"#],
        "kill" => &[r#"{"route":"kill","connid":"42","reason":"wrong month","wait":true,"id":2}"#],
        "status" => &[
            r#"{"route":"status","id":3}"#,
            r#"{"route":"status","limit":10,"where":{"route":"request"},"id":3}"#,
        ],
        "watch" => &[
            r#"{"route":"watch","connid":"42","after":17,"id":4}"#,
            r#"{"route":"watch","id":5}"#,
        ],
        "unwatch" => &[r#"{"route":"unwatch","connid":"42","id":6}"#],
        "extend" => &[r#"{"route":"extend","connid":"42","time":60,"id":7}"#],
        "claim" => &[r#"{"route":"claim","routes":["render"],"slots":4,"worker":"gpu-1","id":1}"#],
        "append" => &[
            r#"{"route":"append","lease":"0197a5b06a577b4e9d3c2f1e8c4d5a605d0e4f6f0f1e4b7a9c3d2b1a09f8e7d6","output":"frame 1\n","progress":{"done":1,"total":100}}"#,
        ],
        "end" => &[
            r#"{"route":"end","lease":"0197a5b06a577b4e9d3c2f1e8c4d5a605d0e4f6f0f1e4b7a9c3d2b1a09f8e7d6","result":{"frames":100},"id":2}"#,
            r#"{"route":"end","lease":"0197a5b06a577b4e9d3c2f1e8c4d5a605d0e4f6f0f1e4b7a9c3d2b1a09f8e7d6","error":{"code":"disk_full","message":"no space is left"}}"#,
        ],
        "routes" => &[r#"{"route":"routes","id":8}"#],
        "search" => {
            &[r#"{"route":"query/module","lib":["basic_string","vector"],"text":"push","id":5}"#]
        }
        "modules" => &[r#"{"route":"modules","id":6}"#],
        _ => &[],
    }
}

/// What the server says.
fn said(name: &str) -> &'static [&'static str] {
    match name {
        "claimed" => &[r#"{"id":1,"route":"claim","status":"ok","slots":4}"#],
        "handOver" => &[
            r#"{"lease":"0197a5b06a577b4e9d3c2f1e8c4d5a605d0e4f6f0f1e4b7a9c3d2b1a09f8e7d6","job":"0197a5b0-6a57-7b4e-9d3c-2f1e8c4d5a60","connid":"42","route":"render","seq":2,"status":"running","time":600,"left":598.2,"input":{"scene":7},"grace":5,"lease_time":15,"attempt":1}"#,
        ],
        "started" => &[
            r#"{"id":1,"connid":"42","job":"0197a5b0-6a57-7b4e-9d3c-2f1e8c4d5a60","seq":1,"status":"running","route":"request","time":30,"left":30}"#,
        ],
        "done" => &[
            r#"{"id":7,"route":"extend","connid":"42","status":"ok","seq":2,"time":60,"left":60}"#,
        ],
        "statusPage" => {
            &[r#"{"id":3,"route":"status","status":"ok","total":0,"jobs":[],"next":null}"#]
        }
        "routesPage" => &[
            r#"{"id":8,"route":"routes","status":"ok","routes":[{"route":"request","time":60,"max_time":604800,"kill_grace":5,"durable":true,"queued":0,"running":1}]}"#,
        ],
        "found" => &[
            r#"{"id":5,"route":"query/module","status":"ok","message":"1 match in vector","data":[{"name":"push_back","qualified":"std::vector::push_back","lib":"vector","kind":"function","header":"vector","since":"C++98","url":"https://en.cppreference.com/cpp/container/vector/push_back","signatures":[{"text":"void push_back(const T& value)","since":"C++98"}],"match":{"how":"prefix","ranges":[[0,4]]}}]}"#,
        ],
        "modulesPage" => &[
            r#"{"id":6,"route":"modules","status":"ok","modules":[{"name":"cpp","title":"The C++ standard library","state":"ready","symbols":11485,"libs":815,"bytes":1800000}]}"#,
        ],
        "refusal" => &[
            r#"{"id":5,"route":"query/module","status":"error","code":"unknown_lib","message":"lib: unknown library \"vectr\" (did you mean \"vector\"?)","field":"lib","data":[]}"#,
            r#"{"id":2,"route":"kill","status":"error","code":"unknown_connid","message":"invalid connection id: 99","field":"connid","connid":"99"}"#,
        ],
        "event" => &[
            r#"{"connid":"42","seq":2,"status":"running","progress":{"done":3,"total":10,"note":"page 3"}}"#,
            r#"{"connid":"42","seq":4,"status":"killed","kill":{"by":"anonymous","reason":"wrong month","forced":false,"survivors":0,"ms":12}}"#,
        ],
        "feed" => &[
            r#"{"feed":7,"at":"2026-01-31T12:00:00.000Z","connid":"42","job":"0197a5b0-6a57-7b4e-9d3c-2f1e8c4d5a60","route":"request","seq":1,"status":"running","left":30}"#,
        ],
        "gap" => &[r#"{"connid":"42","gap":{"from":18,"to":40}}"#],
        "notice" => &[r#"{"notice":"shutting_down","left":10}"#],
        _ => &[],
    }
}
