# One address in our own network leads to the cluster; it has no other door: the access list is empty.

resource "mongodbatlas_privatelink_endpoint" "this" {
  project_id           = mongodbatlas_project.this.id
  provider_name        = "GCP"
  region               = var.region.google
  port_mapping_enabled = true
}

resource "google_compute_address" "this" {
  project      = var.project
  region       = var.region.google
  name         = "${var.name}-mongo"
  subnetwork   = var.network.subnetwork
  address_type = "INTERNAL"
  address      = var.network.address
}

resource "google_compute_forwarding_rule" "this" {
  project               = var.project
  region                = var.region.google
  name                  = "${var.name}-mongo"
  target                = mongodbatlas_privatelink_endpoint.this.service_attachment_names[0]
  network               = var.network.network
  ip_address            = google_compute_address.this.id
  load_balancing_scheme = ""
}

resource "mongodbatlas_privatelink_endpoint_service" "this" {
  project_id                  = mongodbatlas_project.this.id
  private_link_id             = mongodbatlas_privatelink_endpoint.this.private_link_id
  provider_name               = "GCP"
  endpoint_service_id         = google_compute_forwarding_rule.this.name
  private_endpoint_ip_address = google_compute_address.this.address
  gcp_project_id              = var.project
}
