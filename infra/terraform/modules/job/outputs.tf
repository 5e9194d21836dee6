output "name" {
  description = "The job's name, once it may be run."
  value       = google_cloud_run_v2_job.this.name
  depends_on  = [google_cloud_run_v2_job_iam_member.itself, google_cloud_run_v2_job_iam_member.runner]
}
