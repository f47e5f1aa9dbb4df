#!/usr/bin/env perl
# The three actions with Mojolicious.
use Mojo::Base -strict, -signatures;
use Mojo::IOLoop;
use Mojo::JSON qw(encode_json);
use Mojo::UserAgent;

my $NAME     = 'perl-mojolicious';
my %OUTCOMES = map { $_ => 1 } qw(ok failed killed timeout lost);

my $ua = Mojo::UserAgent->new;
Mojo::IOLoop->timer(20 => sub { fail('not done after 20 s') });

# A socket is its transaction and the frames that have arrived.
sub open_socket ($url) {
  my $socket = {arrived => []};
  $ua->websocket(
    $url => ['longwire.v1'] => sub ($ua, $tx) {
      fail("cannot connect to $url") unless $tx->is_websocket;
      $tx->on(json => sub ($tx, $frame) { push @{$socket->{arrived}}, $frame });
      $socket->{tx} = $tx;
    }
  );
  Mojo::IOLoop->one_tick until $socket->{tx};
  return $socket;
}

sub next_frame ($socket) {
  Mojo::IOLoop->one_tick until @{$socket->{arrived}};
  return shift @{$socket->{arrived}};
}

# Sends a frame and returns the next one that comes.
sub ask ($socket, %frame) {
  $socket->{tx}->send({json => \%frame});
  return next_frame($socket);
}

# Reads on to the frame that ends the request.
sub outcome ($socket) {
  my $frame = next_frame($socket);
  return $OUTCOMES{$frame->{status}} ? $frame : outcome($socket);
}

sub check ($what, $holds, $got) {
  fail("$what: got " . encode_json($got)) unless $holds;
  say "ok $what";
}

# Inside the event loop an exception would only be a warning.
sub fail ($why) {
  say STDERR "FAILED $why";
  exit 1;
}

my $mine  = open_socket($ARGV[0]);
my $other = open_socket($ARGV[0]);

my $first = ask($mine, route => 'request', connid => $NAME, time => '30', id => 1);
check('a start is answered', "@$first{qw(id connid status)}" eq "1 $NAME running", $first);

my $jobs = ask($other, route => 'status')->{jobs};
my ($job) = grep { $_->{connid} eq $NAME } @$jobs;
check('status lists it with the time left', $job && $job->{left} > 0 && $job->{left} <= 30, $jobs);

my $killed = ask($other, route => 'kill', connid => $NAME);
check('a kill from another socket is ok', $killed->{status} eq 'ok', $killed);
my $end = outcome($mine);
check('the starter is told that it was killed', "@$end{qw(connid status)}" eq "$NAME killed", $end);

my $refused = ask($other, route => 'kill', connid => 'nobody');
check('an unknown connid is refused', $refused->{message} =~ /^invalid connection id: /, $refused);

ask($mine, route => 'request', connid => $NAME, time => '0.1');
$end = outcome($mine);
check('the time runs out and it is ok', $end->{status} eq 'ok', $end);
