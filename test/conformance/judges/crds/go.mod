module greenroom.dev/conformance/crds

go 1.26.0

require (
	github.com/argoproj/argo-cd/v3 v3.2.11
	github.com/cert-manager/cert-manager v1.21.2
	github.com/external-secrets/external-secrets v1.3.2
	github.com/fluxcd/kustomize-controller v1.9.5
	github.com/fluxcd/source-controller v1.9.3
	github.com/kyverno/kyverno v1.19.1
	knative.dev/serving v0.51.0
	sigs.k8s.io/gateway-api v1.6.3
)
