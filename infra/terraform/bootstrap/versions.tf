terraform {
  required_version = ">= 1.11"

  # The first apply keeps its state on this machine, for the bucket that it belongs into does not exist yet. The output
  # `next` says how it is moved there.
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.0"
    }
  }
}

provider "google" {
  project               = var.project.id
  region                = var.region
  user_project_override = true
  billing_project       = var.project.id

  default_labels = {
    app        = "retailscan"
    managed-by = "terraform"
  }
}
