output "email" {
  description = "The account's address, usable once Google's services may sign as it."
  value       = local.email
  depends_on  = [google_service_account_iam_member.signers]
}

output "name" {
  description = "The account's full name, for bindings on it."
  value       = google_service_account.this.name
}
