// A registry of go-containerregistry with the referrers API, which its own command leaves out.
package main

import (
	"flag"
	"log"
	"net/http"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	port := flag.String("port", "", "port on 127.0.0.1")
	flag.Parse()
	log.Fatal(http.ListenAndServe("127.0.0.1:"+*port, registry.New(registry.WithReferrersSupport(true))))
}
