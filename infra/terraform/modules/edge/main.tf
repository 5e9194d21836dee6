locals {
  services = toset([for route in var.routes : route.service if route.service != null])

  # What serves, and what is to be tried: the same map twice.
  hosts = merge(
    { live = { host = var.domain, tag = null } },
    var.candidates ? { candidate = { host = "candidate.${var.domain}", tag = "candidate" } } : {},
  )
  backends = merge([
    for name, host in local.hosts : {
      for service in local.services : (name == "live" ? service : "${name}-${service}") => { service = service, tag = host.tag }
    }
  ]...)
}

resource "google_compute_global_address" "this" {
  project = var.project
  name    = var.name
}

# --- names

# Proves the domain by a DNS record, so that the certificate is there before the domain points here.
resource "google_certificate_manager_dns_authorization" "this" {
  for_each = local.hosts

  project = var.project
  name    = each.key == "live" ? var.name : "${var.name}-${each.key}"
  domain  = each.value.host
}

resource "google_certificate_manager_certificate" "this" {
  project = var.project
  name    = var.name

  managed {
    domains            = [for name in sort(keys(local.hosts)) : google_certificate_manager_dns_authorization.this[name].domain]
    dns_authorizations = [for name in sort(keys(local.hosts)) : google_certificate_manager_dns_authorization.this[name].id]
  }
}

resource "google_certificate_manager_certificate_map" "this" {
  project = var.project
  name    = var.name
}

resource "google_certificate_manager_certificate_map_entry" "this" {
  for_each = local.hosts

  project      = var.project
  name         = each.key == "live" ? var.name : "${var.name}-${each.key}"
  map          = google_certificate_manager_certificate_map.this.name
  certificates = [google_certificate_manager_certificate.this.id]
  hostname     = each.value.host
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
