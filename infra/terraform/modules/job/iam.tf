resource "google_secret_manager_secret_iam_member" "secrets" {
  for_each = var.job.secrets

  project   = var.project.id
  secret_id = each.value
  role      = "roles/secretmanager.secretAccessor"
  member    = local.member
}

# A job with a schedule starts itself: nobody else needs the right to.
resource "google_cloud_run_v2_job_iam_member" "itself" {
  count = var.job.cron == null ? 0 : 1

  project  = var.project.id
  location = var.region
  name     = google_cloud_run_v2_job.this.name
  role     = "roles/run.invoker"
  member   = local.member
}

resource "google_cloud_run_v2_job_iam_member" "runner" {
  count = var.runner == null ? 0 : 1

  project  = var.project.id
  location = var.region
  name     = google_cloud_run_v2_job.this.name
  role     = "roles/run.invoker"
  member   = var.runner
}

resource "google_service_account_iam_member" "scheduler" {
  count = var.job.cron == null ? 0 : 1

  service_account_id = var.account.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = "serviceAccount:service-${var.project.number}@gcp-sa-cloudscheduler.iam.gserviceaccount.com"
}
