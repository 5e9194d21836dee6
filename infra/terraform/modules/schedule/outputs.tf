output "name" {
  description = "The job's id."
  value       = google_cloud_scheduler_job.this.name
}
