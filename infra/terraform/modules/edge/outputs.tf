output "address" {
  description = "What the domain must point to (an A record)."
  value       = google_compute_global_address.this.address
}

output "certificate_records" {
  description = "The DNS records that prove the names, so that the certificate can be made."
  value       = { for name, each in google_certificate_manager_dns_authorization.this : local.hosts[name].host => one(each.dns_resource_record) }
}

output "candidate_url" {
  description = "Where the revisions with the tag `candidate` answer; null when nowhere."
  value       = var.candidates ? "https://${local.hosts.candidate.host}" : null
  depends_on  = [google_compute_global_forwarding_rule.https]
}

output "url" {
  description = "Where apps and systems reach the suite."
  value       = "https://${var.domain}"
  depends_on  = [google_compute_global_forwarding_rule.https]
}

output "url_map" {
  description = "The name of the URL map."
  value       = google_compute_url_map.this.name
}
