locals {
  # Google's own agent moves messages to the dead-letter topic: off this subscription by a right that is given here, onto the
  # topic by one that the topic gives, once, for it may be the end of several subscriptions.
  agent = "serviceAccount:service-${var.project.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
  dead  = var.subscription.dead_letter_topic
}

resource "google_pubsub_subscription" "this" {
  project                    = var.project.id
  name                       = var.id
  topic                      = "projects/${var.project.id}/topics/${var.subscription.topic}"
  labels                     = var.labels
  filter                     = var.subscription.filter == "" ? null : var.subscription.filter
  enable_message_ordering    = var.subscription.ordering
  ack_deadline_seconds       = var.subscription.ack_deadline
  message_retention_duration = "604800s"
  retain_acked_messages      = false

  push_config {
    push_endpoint = var.endpoint
    oidc_token {
      service_account_email = var.caller
      audience              = var.endpoint
    }
  }

  retry_policy {
    minimum_backoff = "${var.subscription.min_backoff}s"
    maximum_backoff = "${var.subscription.max_backoff}s"
  }

  # Never: a subscription that nothing came through for a month is still needed.
  expiration_policy {
    ttl = ""
  }

  dynamic "dead_letter_policy" {
    for_each = local.dead == null ? [] : [""]
    content {
      dead_letter_topic     = "projects/${var.project.id}/topics/${local.dead}"
      max_delivery_attempts = var.subscription.max_delivery_attempts
    }
  }
}

resource "google_pubsub_subscription_iam_member" "forwards" {
  count = local.dead == null ? 0 : 1

  project      = var.project.id
  subscription = google_pubsub_subscription.this.name
  role         = "roles/pubsub.subscriber"
  member       = local.agent
}
