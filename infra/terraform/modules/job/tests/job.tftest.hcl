mock_provider "google" {}

variables {
  name    = "catalog-migrate"
  account = { email = "job-catalog-migrate@retail.iam.gserviceaccount.com", name = "projects/retail/serviceAccounts/job-catalog-migrate@retail.iam.gserviceaccount.com" }
  image   = "registry/catalog@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  network = { network = "retail", subnetwork = "doors" }
  project = { id = "retail", number = "42" }
  region  = "europe-west1"
  runner  = "serviceAccount:deploy-prod@operations.iam.gserviceaccount.com"
  job = {
    room    = "catalog", name = "migrate", args = ["migrate"], cpu = 1, memory = "512Mi", timeout = 600, retries = 1
    secrets = {}, time_zone = "Etc/UTC"
  }
}

run "the_pipeline_runs_it_before_traffic_moves" {
  command = plan

  assert {
    condition     = google_cloud_run_v2_job_iam_member.runner[0].member == "serviceAccount:deploy-prod@operations.iam.gserviceaccount.com" && length(google_cloud_scheduler_job.this) == 0
    error_message = "By the deployer, and by no clock."
  }
  assert {
    condition     = google_cloud_run_v2_job.this.template[0].template[0].containers[0].args == tolist(["migrate"])
    error_message = "The command of retailscan."
  }
}

run "a_job_with_a_schedule_starts_itself" {
  command = plan

  variables {
    name   = "catalog-audit"
    runner = null
    job = {
      room    = "catalog", name = "audit", args = ["audit"], cpu = 1, memory = "1Gi", timeout = 3000, retries = 0
      secrets = {}, cron = "17 * * * *", time_zone = "Etc/UTC"
    }
  }

  assert {
    condition     = google_cloud_scheduler_job.this[0].schedule == "17 * * * *" && google_cloud_run_v2_job_iam_member.itself[0].role == "roles/run.invoker"
    error_message = "Every hour, as itself."
  }
}
