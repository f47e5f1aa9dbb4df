#!/usr/bin/env ruby
# The three actions with the gem websocket-driver, which leaves the TCP connection to its user.

require "json"
require "socket"
require "timeout"
require "uri"
require "websocket/driver"

NAME = "ruby-websocket-driver"
OUTCOMES = %w[ok failed killed timeout lost].freeze

class Connection
  attr_reader :url

  def initialize(url)
    @url = url
    address = URI(url)
    @tcp = TCPSocket.new(address.host, address.port)
    @arrived = []
    @driver = WebSocket::Driver.client(self, protocols: ["longwire.v1"])
    @driver.on(:message) { |event| @arrived << JSON.parse(event.data) }
    @driver.on(:close) { |event| abort "FAILED: closed with #{event.code} #{event.reason}" }
    @driver.start
  end

  # The driver writes through this.
  def write(bytes)
    @tcp.write(bytes)
  end

  def next_frame
    @driver.parse(@tcp.readpartial(4096)) while @arrived.empty?
    @arrived.shift
  end

  # Sends a frame and returns the next one that comes.
  def ask(frame)
    @driver.text(JSON.generate(frame))
    next_frame
  end

  # Reads on to the frame that ends the request.
  def outcome
    frame = next_frame
    frame = next_frame until OUTCOMES.include?(frame["status"])
    frame
  end
end

def check(what, holds, got)
  abort "FAILED #{what}: got #{got}" unless holds
  puts "ok #{what}"
end

def three_actions(mine, other)
  first = mine.ask(route: "request", connid: NAME, time: "30", id: 1)
  check "a start is answered", first.values_at("id", "connid", "status") == [1, NAME, "running"], first

  jobs = other.ask(route: "status")["jobs"]
  left = jobs.find { |job| job["connid"] == NAME }&.fetch("left")
  check "status lists it with the time left", left&.positive? && left <= 30, jobs

  killed = other.ask(route: "kill", connid: NAME)
  check "a kill from another socket is ok", killed["status"] == "ok", killed
  ended = mine.outcome
  check "the starter is told that it was killed", ended.values_at("connid", "status") == [NAME, "killed"], ended

  refused = other.ask(route: "kill", connid: "nobody")
  check "an unknown connid is refused", refused["message"].start_with?("invalid connection id: "), refused

  mine.ask(route: "request", connid: NAME, time: "0.1")
  ended = mine.outcome
  check "the time runs out and it is ok", ended["status"] == "ok", ended
end

Timeout.timeout(20) { three_actions(Connection.new(ARGV[0]), Connection.new(ARGV[0])) }
