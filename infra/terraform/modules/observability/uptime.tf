# From outside and through everything: a public door must answer, if only that a token is missing.

locals {
  # The first route of each public door that is written out: asked without a token it says 401, or 405 where only POST
  # lives, and pages answer. Redirects are followed.
  probes = {
    for service, door in var.doors : service => [for route in door.routes : route if !strcontains(route, "{")][0]
    if door.public && anytrue([for route in door.routes : !strcontains(route, "{")])
  }
}

resource "google_monitoring_uptime_check_config" "this" {
  for_each = local.probes

  project          = var.project
  display_name     = each.key
  timeout          = "10s"
  period           = "60s"
  selected_regions = ["EUROPE", "USA_VIRGINIA", "ASIA_PACIFIC"]
  user_labels      = { service = each.key }

  http_check {
    path         = each.value
    port         = 443
    use_ssl      = true
    validate_ssl = true

    accepted_response_status_codes {
      status_class = "STATUS_CLASS_2XX"
    }
    accepted_response_status_codes {
      status_value = 401
    }
    accepted_response_status_codes {
      status_value = 405
    }
  }

  monitored_resource {
    type   = "uptime_url"
    labels = { project_id = var.project, host = var.domain }
  }
}

resource "google_monitoring_alert_policy" "down" {
  for_each = local.probes

  project               = var.project
  display_name          = "${each.key} cannot be reached"
  combiner              = "OR"
  severity              = "CRITICAL"
  user_labels           = { promise = "reachable", urgency = "page" }
  notification_channels = var.channels.page

  conditions {
    display_name = "no answer in two of three regions for a minute"
    condition_threshold {
      filter          = "resource.type = \"uptime_url\" AND metric.type = \"monitoring.googleapis.com/uptime_check/check_passed\" AND metric.labels.check_id = \"${google_monitoring_uptime_check_config.this[each.key].uptime_check_id}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "60s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.label.host"]
      }
      trigger {
        count = 1
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"
  }

  documentation {
    mime_type = "text/markdown"
    content   = "https://${var.domain}${each.value} does not answer as it should. The load balancer, the certificate, or the door itself."
  }
}
