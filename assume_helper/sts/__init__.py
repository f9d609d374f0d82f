"""Calls to STS: within a deadline, with the answer checked and refusals told apart."""
