// Command podsecurity judges pods by the Pod Security Standard `restricted` of the Kubernetes version that it is built
// from, with the checks that Kubernetes' own admission plugin runs.
//
// The standard input is a JSON array of pods; the output is one of {"allowed", "reasons"} or {"error"}, in order.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

type verdict struct {
	Allowed bool     `json:"allowed"`
	Reasons []string `json:"reasons"`
	Error   string   `json:"error,omitempty"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var raw []json.RawMessage
	if err := json.NewDecoder(os.Stdin).Decode(&raw); err != nil {
		return err
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return err
	}
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	verdicts := make([]verdict, len(raw))
	for i, text := range raw {
		var pod corev1.Pod
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&pod); err != nil {
			verdicts[i].Error = err.Error()
			continue
		}
		results := evaluator.EvaluatePod(restricted, &pod.ObjectMeta, &pod.Spec)
		all := policy.AggregateCheckResults(results)
		verdicts[i] = verdict{Allowed: all.Allowed, Reasons: append([]string{}, all.ForbiddenReasons...)}
	}
	return json.NewEncoder(os.Stdout).Encode(verdicts)
}
