mock_provider "google" {}

variables {
  id       = "work-publish"
  project  = "retail"
  region   = "europe-west1"
  caller   = "call-work@retail.iam.gserviceaccount.com"
  endpoint = "https://work-42.europe-west1.run.app/tasks/publish"
  queue    = { max_dispatches_per_second = 50, max_concurrent_dispatches = 5, max_attempts = 10, min_backoff = 1, max_backoff = 60 }
}

run "the_queue_is_the_back_pressure" {
  command = plan

  assert {
    condition     = google_cloud_tasks_queue.this.rate_limits[0].max_concurrent_dispatches == 5 && google_cloud_tasks_queue.this.retry_config[0].max_attempts == 10
    error_message = "As the card says."
  }
}

run "its_tasks_are_signed_for_its_path" {
  command = plan

  assert {
    condition     = google_cloud_tasks_queue.this.http_target[0].oidc_token[0].audience == "https://work-42.europe-west1.run.app/tasks/publish"
    error_message = "The door takes tokens for this path only."
  }
}

run "a_path_with_placeholders_is_refused" {
  command = plan

  variables {
    endpoint = "https://work-42.europe-west1.run.app/tasks/{id}"
  }

  expect_failures = [var.endpoint]
}
