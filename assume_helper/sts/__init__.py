"""Calls to STS: the client, the request, the answer checked, refusals told apart."""
