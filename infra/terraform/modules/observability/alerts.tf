# One alert for every promise that can be broken. `promise` says which; `page` wakes somebody, the others are read in the
# morning. What to do stands in the README of the room, under alarms and runbook.

locals {
  on_run = "resource.type = \"cloud_run_revision\" AND metric.type = \"logging.googleapis.com/user/"
  events = "${local.on_run}${google_logging_metric.events.name}\""
  found  = "resource.type = \"cloud_run_job\" AND metric.type = \"logging.googleapis.com/user/${google_logging_metric.findings.name}\""
  public = sort([for service, door in var.doors : service if door.public])

  # Log lines after which somebody has to look, by what they break. The names are those of the code.
  watched = {
    tenant_isolation  = ["product_reader.foreign_tenant"]
    payments          = ["payment.mismatch", "payment.stray_paid", "payments.credentials_refused", "refund.failed"]
    webhooks          = ["webhook.unmatched", "webhook.enqueue_deferred"]
    reservation_leaks = ["stock.leftover_settled"]
    outbox            = ["outbox.flush_deferred"]
    mongo             = ["mongo.unavailable"]
    redis             = ["redis.breaker_opened", "product_cache.refused"]
    versions          = ["product_reader.version_went_back"]
    prices            = ["price.round_failed", "price.decision_failed"]
    imports           = ["import.given_up", "import.rollback_failed", "import.sweep_failed"]
    messages_rejected = ["event.rejected", "task.rejected"]
  }

  threshold_alerts = merge(
    {
      dead_letters = {
        title     = "Messages went to dead letters"
        promise   = "dead_letters", page = true
        filter    = "resource.type = \"pubsub_subscription\" AND metric.type = \"pubsub.googleapis.com/subscription/dead_letter_message_count\""
        above     = 0, lasts = "0s", every = "300s", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM"
        group     = ["resource.label.subscription_id"]
        what      = "A message failed all its deliveries. List it with `retailscan dead-letters list`, mend the cause, replay it."
        divide_by = null
      }
      messages_wait = {
        title     = "Messages wait too long"
        promise   = "queue_age", page = true
        filter    = "resource.type = \"pubsub_subscription\" AND metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
        above     = 300, lasts = "300s", every = "60s", aligner = "ALIGN_MAX", reducer = "REDUCE_MAX"
        group     = ["resource.label.subscription_id"]
        what      = "The door behind the subscription does not keep up or refuses. Look at its errors, then at its instances."
        divide_by = null
      }
      tasks_wait = {
        title     = "Tasks pile up"
        promise   = "queue_age", page = false
        filter    = "resource.type = \"cloud_tasks_queue\" AND metric.type = \"cloudtasks.googleapis.com/queue/depth\""
        above     = 5000, lasts = "900s", every = "60s", aligner = "ALIGN_MEAN", reducer = "REDUCE_MAX"
        group     = ["resource.label.queue_id"]
        what      = "More tasks come than the queue's rate lets go, or its door refuses them."
        divide_by = null
      }
      tasks_fail = {
        title     = "Tasks fail"
        promise   = "error_rate", page = false
        filter    = "resource.type = \"cloud_tasks_queue\" AND metric.type = \"cloudtasks.googleapis.com/queue/task_attempt_count\" AND metric.labels.response_code != \"ok\""
        above     = 20, lasts = "600s", every = "300s", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM"
        group     = ["resource.label.queue_id"]
        what      = "Attempts of a queue keep failing. The door's log says why."
        divide_by = null
      }
      errors = {
        title     = "A service answers with errors"
        promise   = "error_rate", page = true
        filter    = "resource.type = \"cloud_run_revision\" AND metric.type = \"run.googleapis.com/request_count\" AND metric.labels.response_code_class = \"5xx\""
        above     = 0.05, lasts = "120s", every = "60s", aligner = "ALIGN_RATE", reducer = "REDUCE_SUM"
        group     = ["resource.label.service_name"]
        what      = "More than one request in twenty fails. A release? Roll back first, look later (infra/README.md)."
        divide_by = "resource.type = \"cloud_run_revision\" AND metric.type = \"run.googleapis.com/request_count\""
      }
      refused = {
        title     = "Callers are refused more than usual"
        promise   = "auth_spike", page = false
        filter    = "resource.type = \"cloud_run_revision\" AND metric.type = \"run.googleapis.com/request_count\" AND metric.labels.response_code = monitoring.regex.full_match(\"401|403\")"
        above     = 0.2, lasts = "600s", every = "300s", aligner = "ALIGN_RATE", reducer = "REDUCE_SUM"
        group     = ["resource.label.service_name"]
        what      = "One request in five comes without a token that is valid here: an app with an old key, or somebody who tries."
        divide_by = "resource.type = \"cloud_run_revision\" AND metric.type = \"run.googleapis.com/request_count\""
      }
      webhooks_refused = {
        title     = "Webhooks are refused"
        promise   = "webhook_4xx", page = true
        filter    = "${local.on_run}${google_logging_metric.refused.name}\" AND metric.labels.route = monitoring.regex.full_match(\".*/webhooks.*\")"
        above     = 3, lasts = "0s", every = "300s", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM"
        group     = ["metric.label.route"]
        what      = "The payment provider's messages are turned away. After a change of secrets? Both must be valid (infra/README.md)."
        divide_by = null
      }
      security = {
        title     = "Refused attempts that an attacker would make"
        promise   = "security_events", page = false
        filter    = "${local.on_run}${google_logging_metric.security.name}\""
        above     = 20, lasts = "0s", every = "300s", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM"
        group     = ["metric.label.event"]
        what      = "Look at the lines with securityEvent=true: which event, from whom, how many."
        divide_by = null
      }
      slow = {
        title     = "A public service is slow"
        promise   = "latency", page = false
        filter    = "resource.type = \"cloud_run_revision\" AND metric.type = \"run.googleapis.com/request_latencies\" AND resource.labels.service_name = monitoring.regex.full_match(\"${join("|", local.public)}\")"
        above     = 1000, lasts = "300s", every = "60s", aligner = "ALIGN_PERCENTILE_95", reducer = "REDUCE_MAX"
        group     = ["resource.label.service_name"]
        what      = "One answer in twenty takes longer than a second. Look at MongoDB and Redis first, then at instances."
        divide_by = null
      }
      outbox_age = {
        title     = "Facts have not been told"
        promise   = "outbox_age", page = true
        filter    = "${local.found} AND metric.labels.invariant = \"outbox\""
        above     = 0, lasts = "0s", every = "3600s", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM"
        group     = ["metric.label.invariant"]
        what      = "The audit found events that were never published. The room's sweep publishes them: look why it does not."
        divide_by = null
      }
      reconciliation = {
        title     = "Payments and purchases differ"
        promise   = "reconciliation", page = true
        filter    = "${local.found} AND metric.labels.invariant = monitoring.regex.full_match(\"payments?|money|reconciliation|purchases?\")"
        above     = 0, lasts = "0s", every = "3600s", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM"
        group     = ["metric.label.invariant"]
        what      = "The payment provider and our purchases tell different stories. GET /v1/reconciliations lists them."
        divide_by = null
      }
      reservations = {
        title     = "Stock does not add up"
        promise   = "reservation_leaks", page = true
        filter    = "${local.found} AND metric.labels.invariant = monitoring.regex.full_match(\"stock|holds?|reservations?\")"
        above     = 0, lasts = "0s", every = "3600s", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM"
        group     = ["metric.label.invariant"]
        what      = "Stock is held by nothing that lives, or its ledger says another figure. The finding names the product."
        divide_by = null
      }
      findings = {
        title     = "The audit found something broken"
        promise   = "invariants", page = false
        filter    = local.found
        above     = 0, lasts = "0s", every = "3600s", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM"
        group     = ["metric.label.invariant"]
        what      = "`retailscan audit` says which invariant and where. Nothing has been changed by it."
        divide_by = null
      }
      jobs_fail = {
        title     = "A job failed"
        promise   = "jobs", page = false
        filter    = "resource.type = \"cloud_run_job\" AND metric.type = \"run.googleapis.com/job/completed_execution_count\" AND metric.labels.result = \"failed\""
        above     = 0, lasts = "0s", every = "3600s", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM"
        group     = ["resource.label.job_name"]
        what      = "The job's log says why. A failed migration stops the release by itself; a failed audit has findings."
        divide_by = null
      }
      schedules_fail = {
        title     = "A schedule fails"
        promise   = "jobs", page = false
        filter    = "resource.type = \"cloud_scheduler_job\" AND metric.type = \"logging.googleapis.com/user/${google_logging_metric.schedules.name}\""
        above     = 5, lasts = "0s", every = "900s", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM"
        group     = ["metric.label.job"]
        what      = "Sweeps do not run: what they would mend stays as it is. The door's log says why."
        divide_by = null
      }
      redis_full = {
        title     = "Redis is nearly full"
        promise   = "redis_health", page = false
        filter    = "resource.type = \"redis_instance\" AND resource.labels.instance_id = monitoring.regex.full_match(\".*/${var.redis}\") AND metric.type = \"redis.googleapis.com/stats/memory/usage_ratio\""
        above     = 0.8, lasts = "900s", every = "60s", aligner = "ALIGN_MEAN", reducer = "REDUCE_MAX"
        group     = ["resource.label.instance_id"]
        what      = "It forgets what would end soonest, so more is asked of MongoDB. Give it more memory."
        divide_by = null
      }
      redis_busy = {
        title     = "Redis is busy"
        promise   = "redis_health", page = false
        filter    = "resource.type = \"redis_instance\" AND resource.labels.instance_id = monitoring.regex.full_match(\".*/${var.redis}\") AND metric.type = \"redis.googleapis.com/stats/cpu_utilization_main_thread\""
        above     = 0.8, lasts = "600s", every = "60s", aligner = "ALIGN_RATE", reducer = "REDUCE_SUM"
        group     = ["resource.label.instance_id"]
        what      = "Its one thread is at its limit; calls will time out after 50 ms and go on from MongoDB."
        divide_by = null
      }
    },
    {
      for promise, names in local.watched : "log_${promise}" => {
        title     = "Log: ${replace(promise, "_", " ")}"
        promise   = promise
        page      = contains(["tenant_isolation", "payments", "mongo", "versions"], promise)
        filter    = "${local.events} AND metric.labels.event = monitoring.regex.full_match(\"${join("|", names)}\")"
        above     = contains(["tenant_isolation", "payments", "versions", "reservation_leaks"], promise) ? 0 : 10
        lasts     = "0s", every = "300s", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM"
        group     = ["resource.label.service_name", "metric.label.event"]
        what      = "Lines with event=${join(" or event=", names)}."
        divide_by = null
      }
    },
    {
      for service, door in var.doors : "instances_${service}" => {
        title     = "${service} grows to its limit"
        promise   = "capacity", page = false
        filter    = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"${service}\" AND metric.type = \"run.googleapis.com/container/instance_count\""
        above     = max(1, door.max_instances * 0.8), lasts = "600s", every = "60s", aligner = "ALIGN_MAX", reducer = "REDUCE_SUM"
        group     = ["resource.label.service_name"]
        what      = "More than four fifths of its instances are up. Raise maxInstances on the card if MongoDB bears the connections."
        divide_by = null
      } if door.max_instances > 1
    },
    {
      for subscription in var.dead_subscriptions : "waiting_${subscription}" => {
        title     = "Something waits in ${subscription}"
        promise   = "dead_letters", page = false
        filter    = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"${subscription}\" AND metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\""
        above     = 0, lasts = "0s", every = "300s", aligner = "ALIGN_MAX", reducer = "REDUCE_MAX"
        group     = ["resource.label.subscription_id"]
        what      = "Pull it by hand, and see why it could not be written."
        divide_by = null
      }
    },
  )
}

resource "google_monitoring_alert_policy" "this" {
  for_each = local.threshold_alerts

  project      = var.project
  display_name = each.value.title
  combiner     = "OR"
  severity     = each.value.page ? "CRITICAL" : "WARNING"
  user_labels  = { promise = each.value.promise, urgency = each.value.page ? "page" : "ticket" }

  notification_channels = each.value.page ? var.channels.page : concat(var.channels.ticket, length(var.channels.ticket) == 0 ? var.channels.page : [])

  conditions {
    display_name = each.value.title
    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.above
      duration        = each.value.lasts

      aggregations {
        alignment_period     = each.value.every
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.reducer
        group_by_fields      = each.value.group
      }

      denominator_filter = each.value.divide_by
      dynamic "denominator_aggregations" {
        for_each = each.value.divide_by == null ? [] : [""]
        content {
          alignment_period     = each.value.every
          per_series_aligner   = each.value.aligner
          cross_series_reducer = each.value.reducer
          group_by_fields      = each.value.group
        }
      }

      trigger {
        count = 1
      }
    }
  }

  alert_strategy {
    auto_close           = "86400s"
    notification_prompts = each.value.page ? ["OPENED", "CLOSED"] : ["OPENED"]
  }

  documentation {
    mime_type = "text/markdown"
    content   = each.value.what
  }
}
