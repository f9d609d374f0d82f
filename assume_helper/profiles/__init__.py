"""What the AWS config says, parsed once into frozen values."""
