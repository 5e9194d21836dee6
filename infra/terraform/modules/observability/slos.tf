# What is promised over 28 days, and how fast the room for failure is being used up. Fast: an hour at this pace costs two
# per cent of the month's; slow: six hours cost five.

locals {
  slos = { for service, slo in var.slos : service => slo if contains(keys(var.doors), service) }

  promises = merge(
    {
      for service, slo in local.slos : "${service}-availability" => {
        service = service
        title   = "${service}: answered without a fault of ours"
        goal    = slo.availability
      }
    },
    {
      for service, slo in local.slos : "${service}-latency" => {
        service = service
        title   = "${service}: answered within ${slo.latency.seconds} s"
        goal    = slo.latency.share
      }
    },
  )

  # Where messages of tenants come in that change what is served.
  fresh = { for id, each in var.subscriptions : id => each if !each.dead && each.tenant != null }

  burns = {
    fast = { above = 14.4, window = "3600s", page = true }
    slow = { above = 6, window = "21600s", page = false }
  }
  all_promises = merge(
    { for key in keys(local.promises) : key => google_monitoring_slo.requests[key].name },
    length(local.fresh) > 0 ? { "prices-freshness" = google_monitoring_slo.freshness[0].name } : {},
  )
  burn_alerts = merge([
    for promise, name in local.all_promises : {
      for pace, burn in local.burns : "${promise}-${pace}" => merge(burn, { slo = name, promise = promise, pace = pace })
    }
  ]...)
}

resource "google_monitoring_custom_service" "this" {
  for_each = toset(concat(keys(local.slos), length(local.fresh) > 0 ? ["prices"] : []))

  project      = var.project
  service_id   = each.value
  display_name = each.value
}

resource "google_monitoring_slo" "requests" {
  for_each = local.promises

  project             = var.project
  service             = google_monitoring_custom_service.this[each.value.service].service_id
  slo_id              = each.key
  display_name        = each.value.title
  goal                = each.value.goal
  rolling_period_days = 28
  user_labels         = { promise = "slo" }

  request_based_sli {
    dynamic "good_total_ratio" {
      for_each = endswith(each.key, "-availability") ? [""] : []
      content {
        total_service_filter = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"${each.value.service}\" AND metric.type = \"run.googleapis.com/request_count\""
        bad_service_filter   = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"${each.value.service}\" AND metric.type = \"run.googleapis.com/request_count\" AND metric.labels.response_code_class = \"5xx\""
      }
    }
    dynamic "distribution_cut" {
      for_each = endswith(each.key, "-latency") ? [""] : []
      content {
        distribution_filter = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"${each.value.service}\" AND metric.type = \"run.googleapis.com/request_latencies\""
        range {
          max = local.slos[each.value.service].latency.seconds * 1000
        }
      }
    }
  }
}

resource "google_monitoring_slo" "freshness" {
  count = length(local.fresh) > 0 ? 1 : 0

  project             = var.project
  service             = google_monitoring_custom_service.this["prices"].service_id
  slo_id              = "prices-freshness"
  display_name        = "prices: none waits longer than ${var.freshness.seconds} s"
  goal                = var.freshness.share
  rolling_period_days = 28
  user_labels         = { promise = "slo" }

  windows_based_sli {
    window_period = "60s"
    metric_mean_in_range {
      time_series = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = monitoring.regex.full_match(\"${join("|", distinct([for id, each in local.fresh : local.subscription_patterns[id]]))}\") AND metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
      range {
        max = var.freshness.seconds
      }
    }
  }
}

resource "google_monitoring_alert_policy" "burn" {
  for_each = local.burn_alerts

  project      = var.project
  display_name = "${each.value.promise} burns ${each.value.pace == "fast" ? "fast" : "slowly but surely"}"
  combiner     = "AND"
  severity     = each.value.page ? "CRITICAL" : "WARNING"
  user_labels  = { promise = "slo_${each.value.pace}", urgency = each.value.page ? "page" : "ticket" }

  notification_channels = each.value.page ? var.channels.page : concat(var.channels.ticket, length(var.channels.ticket) == 0 ? var.channels.page : [])

  # The long window says that it matters, the short one that it has not stopped.
  dynamic "conditions" {
    for_each = { long = each.value.window, short = each.value.pace == "fast" ? "300s" : "1800s" }
    iterator = window
    content {
      display_name = "over ${window.value}"
      condition_threshold {
        filter          = "select_slo_burn_rate(\"${each.value.slo}\", \"${window.value}\")"
        comparison      = "COMPARISON_GT"
        threshold_value = each.value.above
        duration        = "0s"
        trigger {
          count = 1
        }
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"
  }

  documentation {
    mime_type = "text/markdown"
    content   = "At this pace the month's room for failure is used up early. See the room's dashboard; roll back if a release coincides."
  }
}
