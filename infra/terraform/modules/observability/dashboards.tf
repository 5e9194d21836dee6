locals {
  rooms = toset([for door in var.doors : door.room])

  room_services      = { for room in local.rooms : room => sort([for service, door in var.doors : service if door.room == room]) }
  room_subscriptions = { for room in local.rooms : room => distinct(sort([for id, each in var.subscriptions : local.subscription_patterns[id] if each.room == room])) }
  room_queues        = { for room in local.rooms : room => sort([for id, owner in var.queues : id if owner == room]) }

  # All tenants' at once: with one of them more, nothing that watches has to change.
  subscription_patterns = {
    for id, each in var.subscriptions : id => each.tenant == null ? id : "${trimsuffix(id, "-${each.tenant}")}-.*"
  }

  services_filter = {
    for room, services in local.room_services :
    room => "resource.type=\"cloud_run_revision\" resource.labels.service_name=monitoring.regex.full_match(\"${join("|", services)}\")"
  }

  # Each chart: title, filter, how a series is aligned, how they are joined, by what.
  charts = {
    for room in local.rooms : room => concat(
      [
        { title = "Requests a second", filter = "${local.services_filter[room]} metric.type=\"run.googleapis.com/request_count\"", aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["resource.label.service_name", "metric.label.response_code_class"] },
        { title = "Latency, 95th percentile (ms)", filter = "${local.services_filter[room]} metric.type=\"run.googleapis.com/request_latencies\"", aligner = "ALIGN_PERCENTILE_95", reducer = "REDUCE_MAX", by = ["resource.label.service_name"] },
        { title = "Instances", filter = "${local.services_filter[room]} metric.type=\"run.googleapis.com/container/instance_count\"", aligner = "ALIGN_MAX", reducer = "REDUCE_SUM", by = ["resource.label.service_name", "metric.label.state"] },
        { title = "CPU, 99th percentile", filter = "${local.services_filter[room]} metric.type=\"run.googleapis.com/container/cpu/utilizations\"", aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = ["resource.label.service_name"] },
        { title = "Memory, 99th percentile", filter = "${local.services_filter[room]} metric.type=\"run.googleapis.com/container/memory/utilizations\"", aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = ["resource.label.service_name"] },
        { title = "Warnings and errors", filter = "${local.services_filter[room]} metric.type=\"logging.googleapis.com/user/${google_logging_metric.events.name}\"", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = ["metric.label.event"] },
      ],
      length(local.room_subscriptions[room]) == 0 ? [] : [
        { title = "Oldest message that waits (s)", filter = "resource.type=\"pubsub_subscription\" resource.labels.subscription_id=monitoring.regex.full_match(\"${join("|", local.room_subscriptions[room])}\") metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\"", aligner = "ALIGN_MAX", reducer = "REDUCE_MAX", by = ["resource.label.subscription_id"] },
        { title = "Dead letters", filter = "resource.type=\"pubsub_subscription\" resource.labels.subscription_id=monitoring.regex.full_match(\"${join("|", local.room_subscriptions[room])}\") metric.type=\"pubsub.googleapis.com/subscription/dead_letter_message_count\"", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = ["resource.label.subscription_id"] },
      ],
      length(local.room_queues[room]) == 0 ? [] : [
        { title = "Tasks that wait", filter = "resource.type=\"cloud_tasks_queue\" resource.labels.queue_id=monitoring.regex.full_match(\"${join("|", local.room_queues[room])}\") metric.type=\"cloudtasks.googleapis.com/queue/depth\"", aligner = "ALIGN_MEAN", reducer = "REDUCE_SUM", by = ["resource.label.queue_id"] },
      ],
    )
  }
}

resource "google_monitoring_dashboard" "this" {
  for_each = local.rooms

  project = var.project
  dashboard_json = jsonencode({
    displayName = "RetailScan: ${each.value}"
    labels      = { retailscan = "" }
    mosaicLayout = {
      columns = 48
      tiles = [
        for index, chart in local.charts[each.value] : {
          xPos   = index % 3 * 16
          yPos   = floor(index / 3) * 16
          width  = 16
          height = 16
          widget = {
            title = chart.title
            xyChart = {
              dataSets = [{
                plotType = "LINE"
                timeSeriesQuery = {
                  timeSeriesFilter = {
                    filter = chart.filter
                    aggregation = {
                      alignmentPeriod    = "60s"
                      perSeriesAligner   = chart.aligner
                      crossSeriesReducer = chart.reducer
                      groupByFields      = chart.by
                    }
                  }
                }
              }]
            }
          }
        }
      ]
    }
  })
}
