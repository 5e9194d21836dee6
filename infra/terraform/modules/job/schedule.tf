resource "google_cloud_scheduler_job" "this" {
  count = var.job.cron == null ? 0 : 1

  project          = var.project.id
  region           = var.region
  name             = "run-${var.name}"
  schedule         = var.job.cron
  time_zone        = var.job.time_zone
  attempt_deadline = "180s"

  http_target {
    http_method = "POST"
    uri         = "https://run.googleapis.com/v2/projects/${var.project.id}/locations/${var.region}/jobs/${google_cloud_run_v2_job.this.name}:run"
    oauth_token {
      service_account_email = var.account.email
    }
  }

  retry_config {
    retry_count = 1
  }

  depends_on = [google_cloud_run_v2_job_iam_member.itself, google_service_account_iam_member.scheduler]
}
