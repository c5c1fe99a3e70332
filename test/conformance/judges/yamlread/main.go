// Command yamlread prints, as one JSON array, what Kubernetes' own YAML reader makes of the given files.
//
// Each element is {"file", "documents"} or {"file", "error"}. Documents are split as client-go does it; a
// document that holds nothing is left out. With no arguments the standard input is read as one file named "-".
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

type reading struct {
	File      string            `json:"file"`
	Documents []json.RawMessage `json:"documents"`
	Error     string            `json:"error,omitempty"`
}

func read(file string, content []byte) reading {
	result := reading{File: file, Documents: []json.RawMessage{}}
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return result
		}
		if err == nil {
			// The strict reader refuses a key that is given twice; the value is the same.
			document, err = yaml.YAMLToJSONStrict(document)
		}
		if err != nil {
			result.Error = err.Error()
			return result
		}
		if !bytes.Equal(document, []byte("null")) {
			result.Documents = append(result.Documents, document)
		}
	}
}

func main() {
	readings := []reading{}
	for _, file := range os.Args[1:] {
		content, err := os.ReadFile(file)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		readings = append(readings, read(file, content))
	}
	if len(os.Args) == 1 {
		content, err := io.ReadAll(os.Stdin)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		readings = append(readings, read("-", content))
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(readings); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
