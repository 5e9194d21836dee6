output "name" {
  description = "The topic's id."
  value       = google_pubsub_topic.this.name
}

output "path" {
  description = "The topic's full name, once its publishers may publish."
  value       = "projects/${var.project}/topics/${google_pubsub_topic.this.name}"
  depends_on  = [google_pubsub_topic_iam_member.publishers]
}
