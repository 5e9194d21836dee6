locals {
  metrics = {
    disk        = { metric = "DISK_PARTITION_SPACE_USED_DATA", above = 80, units = "RAW", mode = "AVERAGE" }
    cpu         = { metric = "NORMALIZED_SYSTEM_CPU_USER", above = 75, units = "RAW", mode = "AVERAGE" }
    connections = { metric = "CONNECTIONS_PERCENT", above = 60, units = "RAW", mode = "AVERAGE" }
    targeting   = { metric = "QUERY_TARGETING_SCANNED_OBJECTS_PER_RETURNED", above = 1000, units = "RAW", mode = "AVERAGE" }
  }
  events = toset(["NO_PRIMARY", "CLUSTER_MONGOS_IS_MISSING", "CPS_SNAPSHOT_BEHIND", "CPS_OPLOG_BEHIND", "CPS_RESTORE_FAILED"])
}

resource "mongodbatlas_alert_configuration" "metrics" {
  for_each = local.metrics

  project_id = mongodbatlas_project.this.id
  event_type = "OUTSIDE_METRIC_THRESHOLD"
  enabled    = true

  metric_threshold_config {
    metric_name = each.value.metric
    operator    = "GREATER_THAN"
    threshold   = each.value.above
    units       = each.value.units
    mode        = each.value.mode
  }

  dynamic "notification" {
    for_each = var.alerts_to
    content {
      type_name     = "EMAIL"
      email_address = notification.value
      interval_min  = 60
      delay_min     = 5
    }
  }
}

resource "mongodbatlas_alert_configuration" "events" {
  for_each = local.events

  project_id = mongodbatlas_project.this.id
  event_type = each.value
  enabled    = true

  dynamic "notification" {
    for_each = var.alerts_to
    content {
      type_name     = "EMAIL"
      email_address = notification.value
      interval_min  = 60
      delay_min     = 0
    }
  }
}
