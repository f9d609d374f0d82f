"""Access keys: where one is kept, what IAM says of it, and how it is replaced without ever being lost."""
