# A state in S3: bucket, region and endpoint are given to `terraform init`, credentials are those of AWS_PROFILE.
terraform {
  backend "s3" {
    key = "example/terraform.tfstate"
  }
}
