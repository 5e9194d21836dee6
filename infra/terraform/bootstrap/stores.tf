# Where state, releases and images are kept.

locals {
  agents = {
    storage  = "service-${var.project.number}@gs-project-accounts.iam.gserviceaccount.com"
    registry = "service-${var.project.number}@gcp-sa-artifactregistry.iam.gserviceaccount.com"
    secrets  = "service-${var.project.number}@gcp-sa-secretmanager.iam.gserviceaccount.com"
  }
}

module "keys" {
  source = "../modules/keys"

  project = var.project.id
  region  = var.region
  name    = "operations"
  agents  = { for name, agent in local.agents : name => [agent] }

  depends_on = [google_project_service.this]
}

module "logs" {
  source = "../modules/bucket"

  project   = var.project.id
  name      = "${var.project.id}-access-logs"
  location  = var.region
  kms_key   = module.keys.keys["storage"]
  retention = { days = 400 }
}

module "state" {
  source = "../modules/bucket"

  project    = var.project.id
  name       = "${var.project.id}-tfstate"
  location   = var.region
  kms_key    = module.keys.keys["storage"]
  log_bucket = module.logs.name
  # Every earlier state for three months.
  retention = { deleted_days = 90 }
}

module "releases" {
  source = "../modules/bucket"

  project    = var.project.id
  name       = "${var.project.id}-releases"
  location   = var.region
  kms_key    = module.keys.keys["storage"]
  log_bucket = module.logs.name
  retention  = { deleted_days = 90 }
}

resource "google_artifact_registry_repository" "this" {
  project                = var.project.id
  location               = var.region
  repository_id          = "retailscan"
  format                 = "DOCKER"
  description            = "The image of every room."
  kms_key_name           = module.keys.keys["registry"]
  cleanup_policy_dry_run = false

  vulnerability_scanning_config {
    enablement_config = "INHERITED"
  }

  # What was released lately stays, however old: production may still run it.
  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"
    most_recent_versions {
      keep_count = 50
    }
  }
  cleanup_policies {
    id     = "forget-old"
    action = "DELETE"
    condition {
      older_than = "${180 * 86400}s"
      tag_state  = "ANY"
    }
  }

  depends_on = [google_project_service.this]
}

# Cloud Run fetches images as its own agent.
resource "google_artifact_registry_repository_iam_member" "runs" {
  for_each = var.environments

  project    = var.project.id
  location   = var.region
  repository = google_artifact_registry_repository.this.name
  role       = "roles/artifactregistry.reader"
  member     = "serviceAccount:service-${each.value.project_number}@serverless-robot-prod.iam.gserviceaccount.com"
}

# What the pipeline needs of people: Atlas' service account, and who shops in the smoke test.
resource "google_secret_manager_secret" "this" {
  for_each = local.secrets

  project             = var.project.id
  secret_id           = each.key
  deletion_protection = true
  version_destroy_ttl = "86400s"

  replication {
    user_managed {
      replicas {
        location = var.region
        customer_managed_encryption {
          kms_key_name = module.keys.keys["secrets"]
        }
      }
    }
  }

  depends_on = [google_project_service.this]
}

locals {
  secrets = merge([
    for environment in keys(var.environments) : {
      for name in ["atlas-client-id", "atlas-client-secret", "smoke-shopper"] : "${name}-${environment}" => environment
    }
  ]...)
}

resource "google_secret_manager_secret_iam_member" "deployers" {
  for_each = local.secrets

  project   = var.project.id
  secret_id = google_secret_manager_secret.this[each.key].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = local.deployers[each.value]
}
