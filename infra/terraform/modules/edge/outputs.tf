output "address" {
  description = "What the domain must point to (an A record)."
  value       = google_compute_global_address.this.address
}

output "certificate_record" {
  description = "The DNS record that proves the domain, so that the certificate can be made."
  value       = one(google_certificate_manager_dns_authorization.this.dns_resource_record)
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
