output "ids" {
  description = "The ids of the secrets, once those whose value is known here have one."
  value       = { for id, secret in google_secret_manager_secret.this : id => secret.secret_id }
  depends_on  = [google_secret_manager_secret_version.given]
}
