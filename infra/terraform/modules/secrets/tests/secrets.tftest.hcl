mock_provider "google" {}

variables {
  project      = "retail"
  region       = "europe-west1"
  secrets      = { redis-url = "REDIS_URL", session-signing-key = "SESSION_SIGNING_KEY" }
  given        = { redis-url = 3 }
  given_values = { redis-url = "rediss://:hunter2@10.0.0.3" }
}

run "what_is_known_here_is_written_and_forgotten" {
  command = plan

  assert {
    condition     = google_secret_manager_secret_version.given["redis-url"].secret_data == null && google_secret_manager_secret_version.given["redis-url"].secret_data_wo_version == "3"
    error_message = "Neither plan nor state holds the value."
  }
}

run "what_people_bring_has_no_version_here" {
  command = plan

  assert {
    condition     = length(google_secret_manager_secret_version.given) == 1 && length(google_secret_manager_secret.this) == 2
    error_message = "gcloud adds it."
  }
}

run "half_a_version_is_refused" {
  command = plan

  variables {
    given = { redis-url = 1.5 }
  }

  expect_failures = [var.given]
}
