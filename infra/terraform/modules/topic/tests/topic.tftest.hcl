mock_provider "google" {}

variables {
  id      = "price-updates-fresko"
  project = "retail"
  regions = ["europe-west1"]
  schema  = "syntax = \"proto3\"; message Price {}"
}

run "a_schema_is_kept_and_not_enforced" {
  command = plan

  assert {
    condition     = length(google_pubsub_schema.this) == 1 && length(google_pubsub_topic.this.schema_settings) == 0
    error_message = "A message that is refused leaves no trace for anybody to look at (docs/decisions/0009-pubsub-schema.md)."
  }
}

run "unless_the_environment_wants_it" {
  command = plan

  variables {
    enforce_schema = true
  }

  assert {
    condition     = google_pubsub_topic.this.schema_settings[0].schema == "projects/retail/schemas/price-updates-fresko"
    error_message = "Then Pub/Sub refuses what does not follow it."
  }
}

run "an_erp_publishes_as_a_service_account" {
  command = plan

  variables {
    publishers = { erp = "serviceAccount:erp@fresko.iam.gserviceaccount.com" }
  }

  assert {
    condition     = google_pubsub_topic_iam_member.publishers["erp"].role == "roles/pubsub.publisher"
    error_message = "It may publish, and nothing else."
  }
}

run "nobody_publishes_as_everybody" {
  command = plan

  variables {
    publishers = { erp = "allUsers" }
  }

  expect_failures = [var.publishers]
}
