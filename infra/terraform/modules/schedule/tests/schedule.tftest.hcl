mock_provider "google" {}

variables {
  id       = "work-sweep"
  project  = "retail"
  region   = "europe-west1"
  caller   = "call-work@retail.iam.gserviceaccount.com"
  endpoint = "https://work-42.europe-west1.run.app/jobs/sweep"
  schedule = { cron = "30 3 * * *", time_zone = "Europe/Zagreb", timeout = 600 }
}

run "it_calls_at_the_shops_own_time" {
  command = plan

  assert {
    condition     = google_cloud_scheduler_job.this.time_zone == "Europe/Zagreb" && google_cloud_scheduler_job.this.attempt_deadline == "600s"
    error_message = "In the card's time zone, and as long as the door may take."
  }
}

run "a_hurried_door_still_gets_what_scheduler_allows_at_least" {
  command = plan

  variables {
    schedule = { cron = "* * * * *", time_zone = "Etc/UTC", timeout = 5 }
  }

  assert {
    condition     = google_cloud_scheduler_job.this.attempt_deadline == "15s"
    error_message = "Fifteen seconds at least."
  }
}

run "a_schedule_of_six_fields_is_refused" {
  command = plan

  variables {
    schedule = { cron = "0 30 3 * * *", time_zone = "Etc/UTC", timeout = 60 }
  }

  expect_failures = [var.schedule]
}
