resource "google_monitoring_notification_channel" "page" {
  for_each = toset(var.alerts_to.page)

  project      = var.project.id
  display_name = "Wakes ${each.value}"
  type         = "email"
  labels       = { email_address = each.value }
}

resource "google_monitoring_notification_channel" "ticket" {
  for_each = toset(var.alerts_to.ticket)

  project      = var.project.id
  display_name = "Tells ${each.value}"
  type         = "email"
  labels       = { email_address = each.value }
}

locals {
  channels = {
    page   = concat([for channel in google_monitoring_notification_channel.page : channel.id], var.alerts_to.channels.page)
    ticket = concat([for channel in google_monitoring_notification_channel.ticket : channel.id], var.alerts_to.channels.ticket)
  }
}

module "observability" {
  source = "../modules/observability"

  project            = var.project.id
  domain             = var.domain
  channels           = local.channels
  doors              = module.topology.doors
  queues             = { for id, queue in module.topology.queues : id => queue.room }
  redis              = module.cache.name
  dead_subscriptions = module.archive[*].dead_subscription
  subscriptions = {
    for id, each in module.topology.subscriptions : id => {
      room    = each.room
      service = each.service
      tenant  = each.tenant
      dead    = each.dead_letter_topic == null
    }
  }
}

# Who looked at what, and who changed what: Google keeps the second by itself, the first has to be asked for.
resource "google_project_iam_audit_config" "this" {
  project = var.project.id
  service = "allServices"

  dynamic "audit_log_config" {
    for_each = toset(["ADMIN_READ", "DATA_READ", "DATA_WRITE"])
    content {
      log_type = audit_log_config.value
    }
  }
}

resource "google_billing_budget" "this" {
  count = var.budget == null ? 0 : 1

  billing_account = var.budget.billing_account
  display_name    = "RetailScan ${var.environment}"

  budget_filter {
    projects               = ["projects/${var.project.number}"]
    calendar_period        = "MONTH"
    credit_types_treatment = "INCLUDE_ALL_CREDITS"
  }

  amount {
    specified_amount {
      units = tostring(var.budget.amount)
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.8, 1]
    content {
      threshold_percent = threshold_rules.value
    }
  }
  threshold_rules {
    threshold_percent = 1
    spend_basis       = "FORECASTED_SPEND"
  }

  all_updates_rule {
    monitoring_notification_channels = slice(distinct(concat(local.channels.ticket, local.channels.page)), 0, min(5, length(distinct(concat(local.channels.ticket, local.channels.page)))))
    disable_default_iam_recipients   = false
  }
}
