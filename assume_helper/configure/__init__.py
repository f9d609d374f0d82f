"""The AWS config file, changed so that SDKs call the helper."""
