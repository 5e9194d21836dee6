# Every event as it was told, in one table by day: for questions that nobody has asked yet, and to tell them again.

locals {
  agent = "serviceAccount:service-${var.project.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
  dead  = "archive-dead"
  schema = [
    { name = "subscription_name", type = "STRING", mode = "NULLABLE", description = "archive-<topic>" },
    { name = "message_id", type = "STRING", mode = "NULLABLE", description = "Pub/Sub's id of the message" },
    { name = "publish_time", type = "TIMESTAMP", mode = "NULLABLE", description = "When Pub/Sub took it" },
    { name = "attributes", type = "JSON", mode = "NULLABLE", description = "Its attributes: type, version, tenant" },
    { name = "data", type = "BYTES", mode = "NULLABLE", description = "The message as it was published" },
  ]
}

resource "google_bigquery_dataset" "this" {
  project     = var.project.id
  dataset_id  = "events"
  description = "Every message of the suite's topics."
  location    = var.location

  dynamic "default_encryption_configuration" {
    for_each = var.kms_keys.bigquery == null ? [] : [""]
    content {
      kms_key_name = var.kms_keys.bigquery
    }
  }
}

resource "google_bigquery_table" "this" {
  project                  = var.project.id
  dataset_id               = google_bigquery_dataset.this.dataset_id
  table_id                 = "messages"
  description              = "One row a message, kept ${var.retention_days} days."
  deletion_protection      = var.deletion_protection
  require_partition_filter = true
  clustering               = ["subscription_name"]
  schema                   = jsonencode(local.schema)

  time_partitioning {
    type          = "DAY"
    field         = "publish_time"
    expiration_ms = var.retention_days * 86400000
  }

  dynamic "encryption_configuration" {
    for_each = var.kms_keys.bigquery == null ? [] : [""]
    content {
      kms_key_name = var.kms_keys.bigquery
    }
  }
}

resource "google_bigquery_table_iam_member" "writer" {
  project    = var.project.id
  dataset_id = google_bigquery_dataset.this.dataset_id
  table_id   = google_bigquery_table.this.table_id
  role       = "roles/bigquery.dataEditor"
  member     = local.agent
}

resource "google_pubsub_topic" "dead" {
  project                    = var.project.id
  name                       = local.dead
  kms_key_name               = var.kms_keys.pubsub
  message_retention_duration = "604800s"

  message_storage_policy {
    allowed_persistence_regions = var.regions
    enforce_in_transit          = true
  }
}

# Read by a person, after the alert.
resource "google_pubsub_subscription" "dead" {
  project                    = var.project.id
  name                       = local.dead
  topic                      = "projects/${var.project.id}/topics/${google_pubsub_topic.dead.name}"
  message_retention_duration = "604800s"
  ack_deadline_seconds       = 60

  expiration_policy {
    ttl = ""
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }
}

resource "google_pubsub_topic_iam_member" "dead" {
  project = var.project.id
  topic   = google_pubsub_topic.dead.name
  role    = "roles/pubsub.publisher"
  member  = local.agent
}

resource "google_pubsub_subscription" "this" {
  for_each = var.topics

  project                    = var.project.id
  name                       = "archive-${each.value}"
  topic                      = "projects/${var.project.id}/topics/${each.value}"
  message_retention_duration = "604800s"
  ack_deadline_seconds       = 60

  bigquery_config {
    table               = "${var.project.id}.${google_bigquery_dataset.this.dataset_id}.${google_bigquery_table.this.table_id}"
    write_metadata      = true
    use_topic_schema    = false
    use_table_schema    = false
    drop_unknown_fields = false
  }

  expiration_policy {
    ttl = ""
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = "projects/${var.project.id}/topics/${google_pubsub_topic.dead.name}"
    max_delivery_attempts = 20
  }

  depends_on = [google_bigquery_table_iam_member.writer, google_pubsub_subscription.dead]
}

resource "google_pubsub_subscription_iam_member" "forwards" {
  for_each = google_pubsub_subscription.this

  project      = var.project.id
  subscription = each.value.name
  role         = "roles/pubsub.subscriber"
  member       = local.agent
}
