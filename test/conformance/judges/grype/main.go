// Writes the smallest database that Grype takes: grype-db <cache folder>.
package main

import (
	"log"
	"os"
	"path/filepath"
	"time"

	v6 "github.com/anchore/grype/grype/db/v6"
	"github.com/spf13/afero"
)

func main() {
	folder := filepath.Join(os.Args[1], "6")
	check(os.MkdirAll(folder, 0o755))
	db, err := v6.NewWriter(v6.Config{DBDirPath: folder, CacheSizeKiB: 1024})
	check(err)
	check(db.SetDBMetadata())
	now := time.Now().UTC()
	provider := &v6.Provider{ID: "alpine", Version: "1", Processor: "by hand", DateCaptured: &now, InputDigest: "xxh64:0"}
	over := time.Date(2021, 5, 1, 0, 0, 0, 0, time.UTC)
	current := &v6.OperatingSystem{Name: "alpine", ReleaseID: "alpine", MajorVersion: "3", MinorVersion: "22"}
	old := &v6.OperatingSystem{Name: "alpine", ReleaseID: "alpine", MajorVersion: "3", MinorVersion: "10", EOLDate: &over}
	add := func(system *v6.OperatingSystem, id, name, below, severity string) {
		handle := &v6.VulnerabilityHandle{
			Name: id, Status: v6.VulnerabilityActive, ProviderID: "alpine", Provider: provider,
			BlobValue: &v6.VulnerabilityBlob{
				ID: id, Description: "made by hand",
				Severities: []v6.Severity{{Scheme: v6.SeveritySchemeCHMLN, Value: severity, Source: "alpine"}},
			},
		}
		check(db.AddVulnerabilities(handle))
		check(db.AddAffectedPackages(&v6.AffectedPackageHandle{
			VulnerabilityID: handle.ID, OperatingSystem: system,
			Package: &v6.Package{Name: name, Ecosystem: "apk"},
			BlobValue: &v6.PackageBlob{CVEs: []string{id}, Ranges: []v6.Range{{
				Version: v6.Version{Type: "apk", Constraint: "< " + below},
				Fix:     &v6.Fix{Version: below, State: v6.FixedStatus},
			}}},
		}))
	}
	add(current, "CVE-2026-1", "openssl", "3.0.7-r0", "critical")
	add(current, "CVE-2026-2", "zlib", "1.2.13-r0", "medium")
	add(old, "CVE-2026-3", "busybox", "1.30.1-r5", "high")
	check(db.Close())
	_, err = v6.WriteImportMetadata(afero.NewOsFs(), folder, "by hand")
	check(err)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
