output "service" {
  description = "The service's name, once it may be called."
  value       = google_cloud_run_v2_service.this.name
  depends_on = [
    google_cloud_run_v2_service_iam_member.public,
    google_cloud_run_v2_service_iam_member.caller,
  ]
}

output "url" {
  description = "The address for Pub/Sub, Cloud Tasks and Cloud Scheduler; a public door does not answer there."
  value       = local.url
  depends_on  = [google_cloud_run_v2_service.this, google_cloud_run_v2_service_iam_member.caller]
}
