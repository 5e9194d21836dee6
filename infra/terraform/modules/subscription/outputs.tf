output "name" {
  description = "The subscription's id, once its dead letters have somewhere to go."
  value       = google_pubsub_subscription.this.name
  depends_on  = [google_pubsub_subscription_iam_member.forwards]
}
