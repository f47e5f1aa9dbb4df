import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The three actions with the JDK's own WebSocket: {@code java ThreeActions.java ws://...} */
class ThreeActions {
    static final String NAME = "java-http";
    static final List<String> OUTCOMES = List.of("ok", "failed", "killed", "timeout", "lost");

    public static void main(String[] args) throws Exception {
        Socket mine = new Socket(args[0]);
        Socket other = new Socket(args[0]);

        String first = mine.ask("{'route':'request','connid':'" + NAME + "','time':'30','id':1}");
        boolean answered = field(first, "id").equals("1") && field(first, "connid").equals(NAME);
        check("a start is answered", answered && field(first, "status").equals("running"), first);

        String status = other.ask("{'route':'status'}");
        double left = Double.parseDouble(field(job(status, NAME), "left"));
        check("status lists it with the time left", 0 < left && left <= 30, status);

        String killed = other.ask("{'route':'kill','connid':'" + NAME + "'}");
        check("a kill from another socket is ok", field(killed, "status").equals("ok"), killed);
        String end = mine.outcome();
        boolean told = field(end, "connid").equals(NAME) && field(end, "status").equals("killed");
        check("the starter is told that it was killed", told, end);

        String refused = other.ask("{'route':'kill','connid':'nobody'}");
        boolean explained = field(refused, "message").startsWith("invalid connection id: ");
        check("an unknown connid is refused", explained, refused);

        mine.ask("{'route':'request','connid':'" + NAME + "','time':'0.1'}");
        end = mine.outcome();
        check("the time runs out and it is ok", field(end, "status").equals("ok"), end);

        // The client's threads would keep the program alive.
        System.exit(0);
    }

    /** A socket whose frames can be waited for. */
    static class Socket implements WebSocket.Listener {
        private final BlockingQueue<String> arrived = new LinkedBlockingQueue<>();
        private final StringBuilder text = new StringBuilder();
        private final WebSocket socket;

        Socket(String url) throws Exception {
            socket = HttpClient.newHttpClient().newWebSocketBuilder().subprotocols("longwire.v1")
                .buildAsync(URI.create(url), this).get(5, TimeUnit.SECONDS);
        }

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
            text.append(part);
            if (last) {
                arrived.add(text.toString());
                text.setLength(0);
            }
            socket.request(1);
            return null;
        }

        String next() throws Exception {
            String frame = arrived.poll(5, TimeUnit.SECONDS);
            if (frame == null) fail("no frame within 5 s");
            return frame;
        }

        /** Sends a frame, written with single quotes, and returns the next one that comes. */
        String ask(String frame) throws Exception {
            socket.sendText(frame.replace('\'', '"'), true).get(5, TimeUnit.SECONDS);
            return next();
        }

        /** Reads on to the frame that ends the request. */
        String outcome() throws Exception {
            String frame = next();
            return OUTCOMES.contains(field(frame, "status")) ? frame : outcome();
        }
    }

    /** The JDK has no JSON: this finds a string or a number in a flat object. */
    static String field(String json, String key) {
        Matcher found = Pattern.compile("\"" + key + "\"\\s*:\\s*(?:\"([^\"]*)\"|([-0-9.eE]+))").matcher(json);
        if (!found.find()) return "";
        return found.group(1) != null ? found.group(1) : found.group(2);
    }

    /** The object in a list of flat objects that has this connid. */
    static String job(String status, String connid) {
        for (String object : status.split("\\{")) {
            if (field(object, "connid").equals(connid)) return object;
        }
        return "\"left\":0";
    }

    static void check(String what, boolean holds, String got) {
        if (!holds) fail(what + ": got " + got);
        System.out.println("ok " + what);
    }

    static void fail(String why) {
        System.err.println("FAILED " + why);
        System.exit(1);
    }
}
