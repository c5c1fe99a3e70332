module greenroom.dev/conformance/gates

go 1.26.0

require (
	github.com/envoyproxy/gateway v1.9.1
	github.com/traefik/traefik/v3 v3.7.13
	k8s.io/ingress-nginx v0.0.0-20240708192948-52c50467d67d
)
