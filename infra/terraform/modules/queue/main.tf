resource "google_cloud_tasks_queue" "this" {
  project  = var.project
  location = var.region
  name     = var.id

  rate_limits {
    max_dispatches_per_second = var.queue.max_dispatches_per_second
    max_concurrent_dispatches = var.queue.max_concurrent_dispatches
  }

  retry_config {
    max_attempts  = var.queue.max_attempts
    min_backoff   = "${var.queue.min_backoff}s"
    max_backoff   = "${var.queue.max_backoff}s"
    max_doublings = 5
  }

  # The same account and audience that the doors write into each task, so that no task can carry another.
  http_target {
    http_method = "POST"
    oidc_token {
      service_account_email = var.caller
      audience              = var.endpoint
    }
  }

  stackdriver_logging_config {
    sampling_ratio = 0.1
  }
}
