resource "google_pubsub_schema" "this" {
  count = var.schema == null ? 0 : 1

  project    = var.project
  name       = var.id
  type       = "PROTOCOL_BUFFER"
  definition = var.schema
}

resource "google_pubsub_topic" "this" {
  project                    = var.project
  name                       = var.id
  kms_key_name               = var.kms_key
  labels                     = var.labels
  message_retention_duration = "${var.retention}s"

  message_storage_policy {
    allowed_persistence_regions = var.regions
    enforce_in_transit          = true
  }

  dynamic "schema_settings" {
    for_each = var.enforce_schema ? google_pubsub_schema.this : []
    content {
      schema   = "projects/${var.project}/schemas/${schema_settings.value.name}"
      encoding = "JSON"
    }
  }
}

resource "google_pubsub_topic_iam_member" "publishers" {
  for_each = var.publishers

  project = var.project
  topic   = google_pubsub_topic.this.name
  role    = "roles/pubsub.publisher"
  member  = each.value
}
