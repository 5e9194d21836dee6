# Metrics made of log lines: every line has an event's name, and that name is the label.

resource "google_logging_metric" "events" {
  project     = var.project
  name        = "retailscan/events"
  description = "Lines of warnings and errors by event."
  filter      = "resource.type=\"cloud_run_revision\" AND severity>=WARNING AND jsonPayload.event:*"

  label_extractors = {
    event    = "EXTRACT(jsonPayload.event)"
    severity = "EXTRACT(severity)"
  }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"
    labels {
      key         = "event"
      value_type  = "STRING"
      description = "The event's name, such as payment.mismatch."
    }
    labels {
      key         = "severity"
      value_type  = "STRING"
      description = "WARNING, ERROR or CRITICAL."
    }
  }
}

resource "google_logging_metric" "security" {
  project     = var.project
  name        = "retailscan/security_events"
  description = "Refused attempts that an attacker would make, by event."
  filter      = "resource.type=\"cloud_run_revision\" AND jsonPayload.securityEvent=true"

  label_extractors = {
    event = "EXTRACT(jsonPayload.event)"
  }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"
    labels {
      key         = "event"
      value_type  = "STRING"
      description = "The event's name, such as product_reader.foreign_tenant."
    }
  }
}

# Doors log a request that failed, with its route.
resource "google_logging_metric" "refused" {
  project     = var.project
  name        = "retailscan/refused_requests"
  description = "Requests answered with 4xx or 5xx, by route and status."
  filter      = "resource.type=\"cloud_run_revision\" AND jsonPayload.event=\"http.request\" AND jsonPayload.status>=400"

  label_extractors = {
    route  = "EXTRACT(jsonPayload.route)"
    status = "EXTRACT(jsonPayload.status)"
  }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"
    labels {
      key         = "route"
      value_type  = "STRING"
      description = "The route as declared, with its placeholders."
    }
    labels {
      key         = "status"
      value_type  = "STRING"
      description = "The status it was answered with."
    }
  }
}

# `retailscan audit` prints a sentence for each thing that is broken, with the invariant's name in front.
resource "google_logging_metric" "findings" {
  project     = var.project
  name        = "retailscan/audit_findings"
  description = "What the hourly audit found broken, by invariant."
  filter      = "resource.type=\"cloud_run_job\" AND resource.labels.job_name:\"-audit\" AND textPayload=~\"^[a-z]+: \""

  label_extractors = {
    invariant = "REGEXP_EXTRACT(textPayload, \"^([a-z]+): \")"
  }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"
    labels {
      key         = "invariant"
      value_type  = "STRING"
      description = "tenant, stock, messages, outbox, payments, ..."
    }
  }
}

resource "google_logging_metric" "schedules" {
  project     = var.project
  name        = "retailscan/schedule_failures"
  description = "Calls by Cloud Scheduler that failed, by job."
  filter      = "resource.type=\"cloud_scheduler_job\" AND severity>=ERROR"

  label_extractors = {
    job = "EXTRACT(resource.labels.job_id)"
  }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"
    labels {
      key         = "job"
      value_type  = "STRING"
      description = "The job's id."
    }
  }
}
