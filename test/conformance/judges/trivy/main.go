// Writes the smallest database that Trivy takes: trivy-db <cache folder>.
package main

import (
	"encoding/json"
	"log"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
)

func main() {
	folder := filepath.Join(os.Args[1], "db")
	check(os.MkdirAll(folder, 0o755))
	db, err := bolt.Open(filepath.Join(folder, "trivy.db"), 0o600, nil)
	check(err)
	check(db.Update(func(tx *bolt.Tx) error {
		put(tx, []string{"alpine 3.22", "openssl"}, "CVE-2026-1", map[string]any{"FixedVersion": "3.0.7-r0"})
		put(tx, []string{"alpine 3.22", "zlib"}, "CVE-2026-2", map[string]any{"FixedVersion": "1.2.13-r0"})
		put(tx, []string{"vulnerability"}, "CVE-2026-1", map[string]any{"Title": "made by hand", "Severity": "CRITICAL"})
		put(tx, []string{"vulnerability"}, "CVE-2026-2", map[string]any{"Title": "made by hand", "Severity": "MEDIUM"})
		return nil
	}))
	check(db.Close())
	now := time.Now().UTC()
	metadata, err := json.Marshal(map[string]any{"Version": 2, "NextUpdate": now.AddDate(10, 0, 0), "UpdatedAt": now, "DownloadedAt": now})
	check(err)
	check(os.WriteFile(filepath.Join(folder, "metadata.json"), metadata, 0o600))
}

func put(tx *bolt.Tx, path []string, key string, value any) {
	bucket, err := tx.CreateBucketIfNotExists([]byte(path[0]))
	check(err)
	for _, name := range path[1:] {
		bucket, err = bucket.CreateBucketIfNotExists([]byte(name))
		check(err)
	}
	text, err := json.Marshal(value)
	check(err)
	check(bucket.Put([]byte(key), text))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
