output "name" {
  description = "The queue's id."
  value       = google_cloud_tasks_queue.this.name
}
