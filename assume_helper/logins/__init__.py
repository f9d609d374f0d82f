"""Logins that others keep: IAM Identity Center and the console."""
