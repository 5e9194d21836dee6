# The same map that the gateway of the local cloud follows: by whole segments, the longest first, written-out names before
# placeholders. Prefixes of the load balancer do not stop at a slash, so each route is matched as itself and as what is
# below it.
resource "google_compute_url_map" "this" {
  project         = var.project
  name            = var.name
  default_service = google_compute_backend_bucket.static.id

  dynamic "host_rule" {
    for_each = local.hosts
    iterator = host
    content {
      hosts        = [host.value.host]
      path_matcher = host.key
    }
  }

  dynamic "path_matcher" {
    for_each = local.hosts
    iterator = host
    content {
      name            = host.key
      default_service = google_compute_backend_bucket.static.id

      dynamic "route_rules" {
        for_each = var.routes
        iterator = route
        content {
          priority = route.value.priority
          service = (
            route.value.service == null
            ? google_compute_backend_bucket.static.id
            : google_compute_backend_service.this[host.key == "live" ? route.value.service : "${host.key}-${route.value.service}"].id
          )

          dynamic "match_rules" {
            for_each = route.value.template ? [""] : []
            content {
              path_template_match = replace(route.value.path, "/\\{[A-Za-z]+\\}/", "*")
            }
          }
          dynamic "match_rules" {
            for_each = route.value.template ? [""] : []
            content {
              path_template_match = "${replace(route.value.path, "/\\{[A-Za-z]+\\}/", "*")}/**"
            }
          }
          dynamic "match_rules" {
            for_each = route.value.template ? [] : [""]
            content {
              full_path_match = route.value.path
            }
          }
          dynamic "match_rules" {
            for_each = route.value.template ? [] : [""]
            content {
              prefix_match = "${route.value.path}/"
            }
          }
        }
      }
    }
  }
}

resource "google_compute_region_network_endpoint_group" "this" {
  for_each = local.backends

  project               = var.project
  region                = var.region
  name                  = each.key
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = each.value.service
    tag     = each.value.tag
  }
}

resource "google_compute_backend_service" "this" {
  for_each = local.backends

  project               = var.project
  name                  = "${var.name}-${each.key}"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"
  security_policy       = google_compute_security_policy.this.id

  backend {
    group = google_compute_region_network_endpoint_group.this[each.key].id
  }

  # A door says of each answer whether it may be kept; hardly any may, and then it says no-store.
  enable_cdn = each.value.tag == null
  dynamic "cdn_policy" {
    for_each = each.value.tag == null ? [""] : []
    content {
      cache_mode         = "USE_ORIGIN_HEADERS"
      negative_caching   = false
      request_coalescing = true
      cache_key_policy {
        include_host         = true
        include_protocol     = true
        include_query_string = true
      }
    }
  }

  log_config {
    enable      = true
    sample_rate = var.log_sample
  }
}

resource "google_compute_backend_bucket" "static" {
  project     = var.project
  name        = "${var.name}-static"
  bucket_name = var.static_bucket
  enable_cdn  = true

  cdn_policy {
    cache_mode         = "CACHE_ALL_STATIC"
    default_ttl        = 3600
    client_ttl         = 3600
    max_ttl            = 86400
    negative_caching   = true
    request_coalescing = true
    serve_while_stale  = 86400
  }

  custom_response_headers = [
    "Strict-Transport-Security: max-age=31536000; includeSubDomains",
    "X-Content-Type-Options: nosniff",
  ]
}
