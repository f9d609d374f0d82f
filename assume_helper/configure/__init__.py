"""The AWS config file, changed as text: all that is not to be changed stays."""
