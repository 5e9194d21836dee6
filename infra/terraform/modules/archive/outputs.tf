output "table" {
  description = "The table that holds every message."
  value       = "${var.project.id}.${google_bigquery_dataset.this.dataset_id}.${google_bigquery_table.this.table_id}"
}

output "dead_subscription" {
  description = "Where messages wait that could not be written."
  value       = google_pubsub_subscription.dead.name
}
