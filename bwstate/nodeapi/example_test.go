package nodeapi_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/bwstate/nodeapi"
)

func ExampleClient_UnbanEverywhere() {
	ctx := context.Background()
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Println("the node is told:", r.URL.Path, string(body))
		fmt.Fprint(w, `{"status":"success","msg":"ip 203.0.113.7 unbanned"}`)
	}))
	defer node.Close()
	state, err := bwstate.Open(ctx, bwstate.Settings{}) // the embedded store
	if err != nil {
		fmt.Println(err)
		return
	}
	defer state.Close()
	client, err := nodeapi.New(nodeapi.Config{Nodes: []string{node.URL}})
	if err != nil {
		fmt.Println(err)
		return
	}
	ip, err := bwstate.ParseBanAddr("203.0.113.7")
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = state.AddBan(ctx, bwstate.Ban{IP: ip, Scope: bwstate.ServiceScope, Service: "www.example.com", Remaining: time.Hour})
	report, err := client.UnbanEverywhere(ctx, state, ip, bwstate.Everywhere{})
	fmt.Println("lifted in Redis:", report.Lifted.Services, err)
	// Output:
	// the node is told: /unban {"ip":"203.0.113.7","ban_scope":"global"}
	// lifted in Redis: [www.example.com] <nil>
}
