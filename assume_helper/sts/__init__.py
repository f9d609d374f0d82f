"""Calls to STS within a deadline: the answer is checked, and each refusal is an error of its own."""
