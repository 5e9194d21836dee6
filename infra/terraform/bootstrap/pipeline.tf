# The two triggers of cloudbuild.yaml: a push goes to staging; what passed there goes to production once somebody says so.

locals {
  substitutions = merge(var.tools, {
    _SCAN_LOCATION = var.scan_location
    _REPOSITORY    = "${var.region}-docker.pkg.dev/${var.project.id}/${google_artifact_registry_repository.this.repository_id}"
    _RELEASES      = module.releases.name
    _ATTESTOR      = "projects/${var.project.id}/attestors/${google_binary_authorization_attestor.pipeline.name}"
    _SIGNING_KEY   = "projects/${var.project.id}/locations/${var.region}/keyRings/${google_kms_key_ring.pipeline.name}/cryptoKeys/${google_kms_crypto_key.attestor.name}/cryptoKeyVersions/1"
  })
  triggers = var.source_repository == null ? {} : { for environment in ["staging", "prod"] : environment => environment if contains(keys(var.environments), environment) }
}

resource "google_cloudbuild_trigger" "staging" {
  for_each = { for environment in local.triggers : environment => environment if environment == "staging" }

  project            = var.project.id
  location           = var.region
  name               = "staging"
  description        = "Builds, checks and ships every push to ${var.source_repository.branch} to staging."
  filename           = "cloudbuild.yaml"
  service_account    = google_service_account.deploy["staging"].id
  include_build_logs = "INCLUDE_BUILD_LOGS_WITH_STATUS"

  repository_event_config {
    repository = var.source_repository.id
    push {
      branch = "^${var.source_repository.branch}$"
    }
  }

  substitutions = merge(local.substitutions, {
    _ENVIRONMENT = "staging"
    _PROMOTION   = try(google_cloudbuild_trigger.production["prod"].trigger_id, "")
  })
}

resource "google_cloudbuild_trigger" "production" {
  for_each = { for environment in local.triggers : environment => environment if environment == "prod" }

  project         = var.project.id
  location        = var.region
  name            = "production"
  description     = "Ships a release that passed staging, once somebody approves."
  service_account = google_service_account.deploy["prod"].id

  approval_config {
    approval_required = true
  }

  source_to_build {
    repository = var.source_repository.id
    ref        = "refs/heads/${var.source_repository.branch}"
    repo_type  = "UNKNOWN"
  }

  git_file_source {
    path       = "cloudbuild.yaml"
    repository = var.source_repository.id
    revision   = "refs/heads/${var.source_repository.branch}"
    repo_type  = "UNKNOWN"
  }

  substitutions = merge(local.substitutions, { _ENVIRONMENT = "prod" })
}

resource "google_project_iam_member" "approvers" {
  for_each = toset(var.approvers)

  project = var.project.id
  role    = "roles/cloudbuild.builds.approver"
  member  = each.value
}

# Staging asks for production by starting its trigger, which then waits for a person.
resource "google_project_iam_custom_role" "starts_builds" {
  project     = var.project.id
  role_id     = "retailscan_starts_builds"
  title       = "Start builds and look at them"
  permissions = ["cloudbuild.builds.create", "cloudbuild.builds.get", "cloudbuild.builds.list"]

  depends_on = [google_project_service.this]
}

resource "google_project_iam_member" "starts_builds" {
  for_each = local.deployers

  project = var.project.id
  role    = "projects/${var.project.id}/roles/${google_project_iam_custom_role.starts_builds.role_id}"
  member  = each.value
}

resource "google_service_account_iam_member" "promotes" {
  for_each = contains(keys(var.environments), "prod") && contains(keys(var.environments), "staging") ? { staging = "prod" } : {}

  service_account_id = google_service_account.deploy[each.value].name
  role               = "roles/iam.serviceAccountUser"
  member             = local.deployers[each.key]
}
