output "network" {
  description = "The network, usable for Google's private services."
  value       = { id = google_compute_network.this.id, name = google_compute_network.this.name }
  depends_on  = [google_service_networking_connection.services]
}

output "doors" {
  description = "Network and subnetwork for Cloud Run's direct egress, once the way out exists."
  value       = { network = google_compute_network.this.name, subnetwork = google_compute_subnetwork.doors.name }
  depends_on  = [google_compute_router_nat.this, google_compute_firewall.deny_out]
}

output "mongo_subnetwork" {
  description = "The subnetwork of MongoDB's private endpoint, and an address in it."
  value       = { id = google_compute_subnetwork.mongo.id, address = cidrhost(var.ranges.mongo, 2) }
}

output "services_range" {
  description = "The name of the range of Google's private services."
  value       = google_compute_global_address.services.name
  depends_on  = [google_service_networking_connection.services]
}

output "egress_addresses" {
  description = "The addresses that other systems see."
  value       = google_compute_address.nat[*].address
}
