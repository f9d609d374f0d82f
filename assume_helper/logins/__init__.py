"""Logins with Identity Center and the AWS console, as the AWS CLI stores them."""
