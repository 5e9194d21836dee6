terraform {
  required_version = ">= 1.11"

  # The bucket is bootstrap's, the prefix the environment's: terraform init -backend-config=../environments/prod.gcs.tfbackend
  backend "gcs" {}

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.0"
    }
    mongodbatlas = {
      source  = "mongodb/mongodbatlas"
      version = "~> 2.5"
    }
  }
}

provider "google" {
  project = var.project.id
  region  = var.region.google
  # A person who applies has no project of their own that the calls of some services could be counted to.
  user_project_override = true
  billing_project       = var.project.id

  default_labels = {
    app         = "retailscan"
    environment = var.environment
    managed-by  = "terraform"
  }
}

# Signs in by MONGODB_ATLAS_CLIENT_ID and MONGODB_ATLAS_CLIENT_SECRET: nothing of it is written anywhere.
provider "mongodbatlas" {}
