resource "google_cloud_scheduler_job" "this" {
  project   = var.project
  region    = var.region
  name      = var.id
  schedule  = var.schedule.cron
  time_zone = var.schedule.time_zone
  paused    = var.paused
  # Scheduler allows 15 seconds to 30 minutes.
  attempt_deadline = "${min(max(var.schedule.timeout, 15), 1800)}s"

  http_target {
    http_method = "POST"
    uri         = var.endpoint
    oidc_token {
      service_account_email = var.caller
      audience              = var.endpoint
    }
  }

  # The next round comes soon enough: a sweep that failed three times is an alert, not a storm.
  retry_config {
    retry_count          = 2
    min_backoff_duration = "5s"
    max_backoff_duration = "30s"
  }
}
