output "email" {
  description = "The account's address."
  value       = "${google_service_account.this.account_id}@${var.project}.iam.gserviceaccount.com"
}

output "name" {
  description = "The account's full name, for bindings on it."
  value       = google_service_account.this.name
}

output "unique_id" {
  description = "What it is called in the tokens that Google signs for it: its name in MongoDB."
  value       = google_service_account.this.unique_id
}
