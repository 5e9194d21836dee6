# Builds that run elsewhere sign in with their own short-lived token, if it is of this repository and this branch. No key of
# any account exists.

resource "google_iam_workload_identity_pool" "ci" {
  count = var.ci == null ? 0 : 1

  project                   = var.project.id
  workload_identity_pool_id = "builds"
  display_name              = "Builds of the repository"

  depends_on = [google_project_service.this]
}

resource "google_iam_workload_identity_pool_provider" "repository" {
  count = var.ci == null ? 0 : 1

  project                            = var.project.id
  workload_identity_pool_id          = google_iam_workload_identity_pool.ci[0].workload_identity_pool_id
  workload_identity_pool_provider_id = "repository"
  display_name                       = "The repository's own builds"

  attribute_mapping = {
    "google.subject"       = "assertion.sub"
    "attribute.repository" = "assertion.repository"
    "attribute.ref"        = "assertion.ref"
  }
  attribute_condition = join(" && ", [
    "assertion.sub == '${coalesce(var.ci.subject, "repo:${var.ci.repository}:ref:${var.ci.branch}")}'",
    "assertion.repository == '${var.ci.repository}'",
    "assertion.ref == '${var.ci.branch}'",
  ])

  oidc {
    issuer_uri = var.ci.issuer
  }
}

# It may start the pipeline, which then runs as itself.
resource "google_service_account" "ci" {
  count = var.ci == null ? 0 : 1

  project      = var.project.id
  account_id   = "ci-starts-builds"
  display_name = "Starts builds from the repository's own CI"

  depends_on = [google_project_service.this]
}

resource "google_service_account_iam_member" "ci" {
  count = var.ci == null ? 0 : 1

  service_account_id = google_service_account.ci[0].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/projects/${var.project.number}/locations/global/workloadIdentityPools/${google_iam_workload_identity_pool.ci[0].workload_identity_pool_id}/attribute.repository/${var.ci.repository}"
}

resource "google_project_iam_member" "ci" {
  count = var.ci == null ? 0 : 1

  project = var.project.id
  role    = "projects/${var.project.id}/roles/${google_project_iam_custom_role.starts_builds.role_id}"
  member  = "serviceAccount:${google_service_account.ci[0].account_id}@${var.project.id}.iam.gserviceaccount.com"
}

resource "google_service_account_iam_member" "ci_as_staging" {
  count = var.ci != null && contains(keys(var.environments), "staging") ? 1 : 0

  service_account_id = google_service_account.deploy["staging"].name
  role               = "roles/iam.serviceAccountUser"
  member             = "serviceAccount:${google_service_account.ci[0].account_id}@${var.project.id}.iam.gserviceaccount.com"
}

resource "google_project_iam_audit_config" "this" {
  project = var.project.id
  service = "allServices"

  dynamic "audit_log_config" {
    for_each = toset(["ADMIN_READ", "DATA_READ", "DATA_WRITE"])
    content {
      log_type = audit_log_config.value
    }
  }
}
