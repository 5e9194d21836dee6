"""What brings the suite into the cloud: infra/terraform, the programs of cloudbuild.yaml, the capacity plan."""
