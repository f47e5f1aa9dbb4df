// Requests on uWebSockets: a map of names to a socket and a deadline, and one timer of the loop for the next of those.

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "App.h"
#include "simdjson.h"

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;
using Json = simdjson::builder::string_builder;

struct Client {
    uint32_t id;
    // What it is told of its requests, once the turn of the loop is over.
    std::vector<std::string> told;
};
using Socket = uWS::WebSocket<false, true, Client>;

struct Running;
using Requests = std::unordered_map<std::string, Running>;
using Deadlines = std::multimap<Clock::time_point, const std::string *>;

struct Running {
    // A number and no pointer: a request outlives its socket.
    uint32_t client;
    double time;
    Deadlines::iterator deadline;
};

Requests running;
Deadlines deadlines;
std::unordered_map<uint32_t, Socket *> clients;
std::vector<uint32_t> waiting;
us_timer_t *timer;
Clock::time_point armed = Clock::time_point::max();

void send(Socket *socket, Json &json) {
    socket->send(json.view().value(), uWS::OpCode::TEXT);
}

void write(Json &json, std::string_view connid, std::string_view status) {
    json.start_object();
    json.append_key_value("connid", connid);
    json.append_comma();
    json.append_key_value("status", status);
    json.end_object();
}

void answer(Socket *socket, std::string_view connid, std::string_view status) {
    Json json(128);
    write(json, connid, status);
    send(socket, json);
}

// One socket at a time can be corked, and that is the one that is read: others are told together, each by one write.
void tell_all() {
    for (auto id : waiting) {
        auto client = clients.find(id);
        if (client == clients.end()) continue;
        auto told = std::move(client->second->getUserData()->told);
        client->second->cork([&] {
            for (auto &text : told) client->second->send(text, uWS::OpCode::TEXT);
        });
    }
    waiting.clear();
}

void tell(uint32_t id, std::string_view connid, std::string_view status) {
    auto client = clients.find(id);
    if (client == clients.end()) return;
    auto &told = client->second->getUserData()->told;
    if (told.empty()) waiting.push_back(id);
    Json json(128);
    write(json, connid, status);
    told.emplace_back(json.view().value());
}

void end(Requests::iterator request, std::string_view status) {
    tell(request->second.client, request->first, status);
    deadlines.erase(request->second.deadline);
    running.erase(request);
}

void arm();

void time_up(us_timer_t *) {
    armed = Clock::time_point::max();
    while (!deadlines.empty() && deadlines.begin()->first <= Clock::now()) end(running.find(*deadlines.begin()->second), "ok");
    arm();
}

// A timer of the loop is a descriptor and a system call: there is one, and it is set only where the next deadline is nearer.
void arm() {
    if (deadlines.empty() || deadlines.begin()->first >= armed) return;
    armed = deadlines.begin()->first;
    auto wait = std::chrono::ceil<std::chrono::milliseconds>(armed - Clock::now()).count();
    us_timer_set(timer, time_up, wait > 1 ? static_cast<int>(wait) : 1, 0);
}

void request(Socket *socket, std::string_view connid, double time) {
    if (time == 0) return answer(socket, connid, "ok");
    auto [entry, is_new] = running.try_emplace(std::string(connid), Running{socket->getUserData()->id, time, {}});
    if (!is_new) return answer(socket, connid, "duplicate");
    auto until = Clock::now() + std::chrono::duration_cast<Clock::duration>(Seconds(time));
    entry->second.deadline = deadlines.emplace(until, &entry->first);
    arm();
}

void kill(Socket *socket, std::string_view connid) {
    auto found = running.find(std::string(connid));
    Json json(128);
    json.start_object();
    json.append_key_value("connid", connid);
    json.append_comma();
    json.append_key_value("status", std::string_view(found == running.end() ? "unknown" : "ok"));
    json.append_comma();
    json.append_key_value("route", std::string_view("kill"));
    json.end_object();
    if (found != running.end()) end(found, "killed");
    send(socket, json);
}

void status(Socket *socket) {
    Json json;
    json.start_object();
    json.append_key_value("route", std::string_view("status"));
    json.append_comma();
    json.append_key_value("total", running.size());
    json.append_comma();
    json.escape_and_append_with_quotes("jobs");
    json.append_colon();
    json.start_array();
    auto now = Clock::now();
    size_t listed = 0;
    for (auto request = running.begin(); request != running.end() && listed < 100; ++request, ++listed) {
        if (listed) json.append_comma();
        json.start_object();
        json.append_key_value("connid", std::string_view(request->first));
        json.append_comma();
        json.append_key_value("time", request->second.time);
        json.append_comma();
        json.append_key_value("timeleft", Seconds(request->second.deadline->first - now).count());
        json.end_object();
    }
    json.end_array();
    json.end_object();
    send(socket, json);
}

void message(Socket *socket, std::string_view text) {
    static simdjson::ondemand::parser parser;
    static std::string padded;
    padded.reserve(text.size() + simdjson::SIMDJSON_PADDING);
    padded.assign(text);
    try {
        simdjson::ondemand::document asked = parser.iterate(padded.data(), padded.size(), padded.capacity());
        std::string_view route = asked["route"];
        if (route == "status") return status(socket);
        std::string_view connid = asked["connid"];
        if (route == "kill") return kill(socket, connid);
        if (route == "request") return request(socket, connid, asked["time"]);
    } catch (const simdjson::simdjson_error &) {
    }
    socket->end(1007, "not a request");
}

}  // namespace

int main() {
    int port = std::atoi(std::getenv("PORT"));
    uint32_t last = 0;
    timer = us_create_timer(reinterpret_cast<us_loop_t *>(uWS::Loop::get()), 1, 0);
    uWS::Loop::get()->addPostHandler(&waiting, [](uWS::Loop *) { tell_all(); });
    uWS::App()
        .ws<Client>("/ws", {
            .compression = uWS::DISABLED,
            .maxPayloadLength = 64 * 1024,
            // What a socket does not read in time is dropped beyond this.
            .maxBackpressure = 16 * 1024 * 1024,
            .open = [&last](Socket *socket) { clients[socket->getUserData()->id = ++last] = socket; },
            .message = [](Socket *socket, std::string_view text, uWS::OpCode) { message(socket, text); },
            .close = [](Socket *socket, int, std::string_view) { clients.erase(socket->getUserData()->id); },
        })
        .listen("127.0.0.1", port, [port](us_listen_socket_t *listening) {
            if (!listening) std::cerr << "cannot listen on port " << port << std::endl;
        })
        .run();
    return 1;
}
