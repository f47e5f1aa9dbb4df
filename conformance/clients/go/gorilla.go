// The three actions with github.com/gorilla/websocket.
package main

import (
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

const name = "go-gorilla"

// frame has what this program reads of the server's frames.
type frame struct {
	ID      int
	Connid  string
	Status  string
	Message string
	Jobs    []struct {
		Connid string
		Left   float64
	}
}

type socket struct{ *websocket.Conn }

func main() {
	log.SetFlags(0)
	mine, other := open(os.Args[1]), open(os.Args[1])
	defer mine.Close()
	defer other.Close()

	first := mine.ask(map[string]any{"route": "request", "connid": name, "time": "30", "id": 1})
	check("a start is answered", first.ID == 1 && first.Connid == name && first.Status == "running", first)

	status := other.ask(map[string]any{"route": "status"})
	left := 0.0
	for _, job := range status.Jobs {
		if job.Connid == name {
			left = job.Left
		}
	}
	check("status lists it with the time left", 0 < left && left <= 30, status)

	killed := other.ask(map[string]any{"route": "kill", "connid": name})
	check("a kill from another socket is ok", killed.Status == "ok", killed)
	end := mine.outcome()
	check("the starter is told that it was killed", end.Connid == name && end.Status == "killed", end)

	refused := other.ask(map[string]any{"route": "kill", "connid": "nobody"})
	check("an unknown connid is refused", strings.HasPrefix(refused.Message, "invalid connection id: "), refused)

	mine.ask(map[string]any{"route": "request", "connid": name, "time": "0.1"})
	end = mine.outcome()
	check("the time runs out and it is ok", end.Status == "ok", end)
}

func open(url string) socket {
	dialer := websocket.Dialer{Subprotocols: []string{"longwire.v1"}, HandshakeTimeout: 5 * time.Second}
	conn, _, err := dialer.Dial(url, nil)
	must(err)
	must(conn.SetReadDeadline(time.Now().Add(20 * time.Second)))
	return socket{conn}
}

// ask sends a frame and returns the next one that comes.
func (s socket) ask(question map[string]any) frame {
	must(s.WriteJSON(question))
	return s.next()
}

func (s socket) next() (answer frame) {
	must(s.ReadJSON(&answer))
	return answer
}

// outcome reads on to the frame that ends the request.
func (s socket) outcome() frame {
	for {
		answer := s.next()
		switch answer.Status {
		case "ok", "failed", "killed", "timeout", "lost":
			return answer
		}
	}
}

func check(what string, holds bool, got frame) {
	if !holds {
		log.Fatalf("FAILED %s: got %+v", what, got)
	}
	fmt.Println("ok", what)
}

func must(err error) {
	if err != nil {
		log.Fatal("FAILED ", err)
	}
}
