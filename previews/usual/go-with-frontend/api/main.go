// Command notes-api is the API of a frontend of the same repository.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
)

func main() {
	publicURL := flag.String("public-url", "", "address that people open")
	flag.Parse()
	http.HandleFunc("/api/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	http.HandleFunc("/api/notes", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "[%q]\n", "served at "+*publicURL)
	})
	log.Fatal(http.ListenAndServe(":"+os.Getenv("PORT"), nil))
}
