# Nothing comes in: people reach Cloud Run, not this network. Out goes only what is named here.

resource "google_compute_firewall" "deny_in" {
  project       = var.project
  name          = "${var.name}-deny-in"
  description   = "Nothing in this network is called from outside or from a neighbour."
  network       = google_compute_network.this.id
  direction     = "INGRESS"
  priority      = 65000
  source_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "deny_out" {
  project            = var.project
  name               = "${var.name}-deny-out"
  description        = "What is not named below is not reached."
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 65000
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "redis" {
  project            = var.project
  name               = "${var.name}-redis"
  description        = "Doors to Redis, by TLS."
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 1000
  target_tags        = ["door"]
  destination_ranges = [var.ranges.services]

  allow {
    protocol = "tcp"
    ports    = ["6378", "6379"]
  }
}

resource "google_compute_firewall" "mongo" {
  project            = var.project
  name               = "${var.name}-mongo"
  description        = "Doors to MongoDB's private endpoint, which has a port for each node."
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 1000
  target_tags        = ["door"]
  destination_ranges = [var.ranges.mongo]

  allow {
    protocol = "tcp"
    ports    = ["1024-65535"]
  }
}

resource "google_compute_firewall" "https" {
  project            = var.project
  name               = "${var.name}-https"
  description        = "Doors to Google's APIs, the payment provider, and the hosts that imports are fetched from."
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 1000
  target_tags        = ["door"]
  destination_ranges = ["0.0.0.0/0"]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }
}

resource "google_compute_firewall" "fetchers" {
  for_each = var.fetchers

  project            = var.project
  name               = "${var.name}-${each.key}"
  description        = "What ${each.key} fetches from other systems."
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 1000
  target_tags        = [each.key]
  destination_ranges = ["0.0.0.0/0"]

  allow {
    protocol = "tcp"
    ports    = each.value
  }
}
