locals {
  services_range = split("/", var.ranges.services)
}

resource "google_compute_network" "this" {
  project                         = var.project
  name                            = var.name
  auto_create_subnetworks         = false
  routing_mode                    = "REGIONAL"
  delete_default_routes_on_create = false
}

# Cloud Run's direct egress: every instance of a door has an address of its own here, no connector in between.
resource "google_compute_subnetwork" "doors" {
  project                  = var.project
  name                     = "${var.name}-doors"
  region                   = var.region
  network                  = google_compute_network.this.id
  ip_cidr_range            = var.ranges.doors
  private_ip_google_access = true

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.1
    metadata             = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_subnetwork" "mongo" {
  project                  = var.project
  name                     = "${var.name}-mongo"
  region                   = var.region
  network                  = google_compute_network.this.id
  ip_cidr_range            = var.ranges.mongo
  private_ip_google_access = true

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.1
    metadata             = "INCLUDE_ALL_METADATA"
  }
}

# Where Google puts the services that it runs for us (Redis).
resource "google_compute_global_address" "services" {
  project       = var.project
  name          = "${var.name}-services"
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  network       = google_compute_network.this.id
  address       = local.services_range[0]
  prefix_length = tonumber(local.services_range[1])
}

resource "google_service_networking_connection" "services" {
  network                 = google_compute_network.this.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.services.name]
  deletion_policy         = "ABANDON"
}
