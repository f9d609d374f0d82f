"""The version, in the one place that the build, `--version` and the native front read it from."""

VERSION = "0.1.0"
