"""What is checked of every client: a column of the matrix each."""

CHECKS = {
    "one-profile": "one profile",
    "two-profiles": "two profiles",
    "one-call": "one call to STS",
    "odd-names": "odd names",
    "open-stdin": "open stdin",
    "keys": "keys in the environment",
    "failure": "a failure is shown",
    "half": "half a document",
    "refresh": "new session in time",
    "ahead": "refresh behind its back",
    "permission-set": "a permission set",
    "process": "another process",
}
# What takes so long that `make test` leaves it out.
SLOW = {"refresh"}
