module greenroom.dev/conformance/podrun

go 1.26.0
