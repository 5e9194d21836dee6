mock_provider "google" {}

variables {
  project  = { id = "retail", number = "42" }
  location = "europe-west1"
  regions  = ["europe-west1"]
  topics   = ["catalog-events"]
}

run "every_message_is_kept_for_its_time" {
  command = plan

  assert {
    condition     = google_bigquery_table.this.time_partitioning[0].expiration_ms == 34560000000 && google_pubsub_subscription.this["catalog-events"].bigquery_config[0].write_metadata
    error_message = "Four hundred days, with its attributes."
  }
}

run "what_cannot_be_written_waits_to_be_read" {
  command = plan

  assert {
    condition     = google_pubsub_subscription.this["catalog-events"].dead_letter_policy[0].dead_letter_topic == "projects/retail/topics/archive-dead" && google_pubsub_subscription.dead.topic == "projects/retail/topics/archive-dead"
    error_message = "Its dead letters have a subscription."
  }
}
