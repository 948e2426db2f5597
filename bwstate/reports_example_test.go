package bwstate_test

import (
	"context"
	"fmt"
	"time"

	"github.com/bwredis/bwredis/bwstate"
)

func Example_reports() {
	ctx := context.Background()
	state, _ := bwstate.Open(ctx, bwstate.Settings{}) // the embedded store
	defer state.Close()
	reports, _ := state.Reports(bwstate.ReportsConfig{Limit: "10k"})

	for i, url := range []string{"/wp-login.php", "/.env", "/.env"} {
		_, err := reports.Push(ctx, bwstate.Report{
			ID: bwstate.NewReportID(), Date: time.Unix(int64(1795404591+i), 0), IP: "203.0.113.7", Country: "FR", Method: "GET", URL: url, Status: 403,
			Reason: "modsecurity", ServerName: "www.example.com", SecurityMode: "block",
		})
		if err != nil {
			fmt.Println(err)
		}
	}
	page, _ := reports.Page(ctx, 0, 2, false)
	for _, r := range page.Reports {
		fmt.Println(r.Date.UTC().Format(time.TimeOnly), r.IP, r.Status, r.URL)
	}
	top, _ := reports.Top(ctx, bwstate.FieldURL, 1)
	summary, _ := reports.Summary(ctx)
	fmt.Println(page.Total, top, summary.Blocked)
	// Output:
	// 03:29:53 203.0.113.7 403 /.env
	// 03:29:52 203.0.113.7 403 /.env
	// 3 [{/.env 2}] 3
}

func ExampleReports_All() {
	ctx := context.Background()
	state, _ := bwstate.Open(ctx, bwstate.Settings{})
	defer state.Close()
	reports, _ := state.Reports(bwstate.ReportsConfig{})
	for i := range 5 {
		_, _ = reports.Push(ctx, bwstate.Report{ID: bwstate.NewReportID(), Date: time.Now(), URL: fmt.Sprint("/", i), Country: []string{"FR", "DE"}[i%2]})
	}
	query := bwstate.ReportQuery{Where: bwstate.FieldIs(bwstate.FieldCountry, "FR")}
	for r, err := range reports.All(ctx, query) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(r.URL)
	}
	// Output:
	// /4
	// /2
	// /0
}
