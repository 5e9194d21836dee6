mock_provider "google" {}

variables {
  name      = "retail-import"
  project   = "retail"
  location  = "europe-west1"
  retention = { days = 30 }
}

run "objects_go_after_their_time_and_can_be_brought_back" {
  command = plan

  assert {
    condition     = length(google_storage_bucket.this.lifecycle_rule) == 3 && google_storage_bucket.this.soft_delete_policy[0].retention_duration_seconds == 604800
    error_message = "A life, a week of grace, and no half uploads."
  }
}

run "it_is_not_public" {
  command = plan

  assert {
    condition     = google_storage_bucket.this.public_access_prevention == "enforced" && length(google_storage_bucket_iam_member.public) == 0
    error_message = "Nobody reads it but who may."
  }
}

run "static_files_are_read_but_not_listed" {
  command = plan

  variables {
    public    = true
    retention = {}
  }

  assert {
    condition     = google_storage_bucket_iam_member.public[0].role == "roles/storage.legacyObjectReader" && length(google_storage_bucket.this.lifecycle_rule) == 2
    error_message = "By name, and for good."
  }
}
