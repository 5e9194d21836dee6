locals {
  services = toset([for route in var.routes : route.service if route.service != null])
}

resource "google_compute_global_address" "this" {
  project = var.project
  name    = var.name
}

# --- names

# Proves the domain by a DNS record, so that the certificate is there before the domain points here.
resource "google_certificate_manager_dns_authorization" "this" {
  project = var.project
  name    = var.name
  domain  = var.domain
}

resource "google_certificate_manager_certificate" "this" {
  project = var.project
  name    = var.name

  managed {
    domains            = [google_certificate_manager_dns_authorization.this.domain]
    dns_authorizations = [google_certificate_manager_dns_authorization.this.id]
  }
}

resource "google_certificate_manager_certificate_map" "this" {
  project = var.project
  name    = var.name
}

resource "google_certificate_manager_certificate_map_entry" "this" {
  project      = var.project
  name         = var.name
  map          = google_certificate_manager_certificate_map.this.name
  certificates = [google_certificate_manager_certificate.this.id]
  hostname     = var.domain
}

resource "google_compute_ssl_policy" "this" {
  project         = var.project
  name            = var.name
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
}

# --- ways in

resource "google_compute_target_https_proxy" "this" {
  project         = var.project
  name            = var.name
  url_map         = google_compute_url_map.this.id
  certificate_map = "//certificatemanager.googleapis.com/projects/${var.project}/locations/global/certificateMaps/${google_certificate_manager_certificate_map.this.name}"
  ssl_policy      = google_compute_ssl_policy.this.id
  quic_override   = "ENABLE"

  depends_on = [google_certificate_manager_certificate_map_entry.this]
}

resource "google_compute_global_forwarding_rule" "https" {
  project               = var.project
  name                  = "${var.name}-https"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.this.id
  port_range            = "443"
  target                = google_compute_target_https_proxy.this.id
}

resource "google_compute_url_map" "redirect" {
  project = var.project
  name    = "${var.name}-redirect"

  default_url_redirect {
    https_redirect         = true
    redirect_response_code = "MOVED_PERMANENTLY_DEFAULT"
    strip_query            = false
  }
}

resource "google_compute_target_http_proxy" "redirect" {
  project = var.project
  name    = "${var.name}-redirect"
  url_map = google_compute_url_map.redirect.id
}

resource "google_compute_global_forwarding_rule" "http" {
  project               = var.project
  name                  = "${var.name}-http"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.this.id
  port_range            = "80"
  target                = google_compute_target_http_proxy.redirect.id
}
