resource "google_storage_bucket" "this" {
  project                     = var.project
  name                        = var.name
  location                    = var.location
  labels                      = var.labels
  uniform_bucket_level_access = true
  public_access_prevention    = var.public ? "inherited" : "enforced"
  force_destroy               = false

  versioning {
    enabled = true
  }

  soft_delete_policy {
    retention_duration_seconds = var.retention.deleted_days * 86400
  }

  dynamic "lifecycle_rule" {
    for_each = var.retention.days == null ? [] : [""]
    content {
      action {
        type = "Delete"
      }
      condition {
        age        = var.retention.days
        with_state = "LIVE"
      }
    }
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = var.retention.deleted_days
      with_state                 = "ARCHIVED"
    }
  }

  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 1
    }
  }

  dynamic "cors" {
    for_each = length(var.origins) > 0 ? [""] : []
    content {
      origin          = var.origins
      method          = ["PUT", "POST"]
      response_header = ["Content-Type", "x-goog-content-length-range", "x-goog-if-generation-match", "x-goog-resumable"]
      max_age_seconds = 3600
    }
  }

  dynamic "encryption" {
    for_each = var.kms_key == null ? [] : [""]
    content {
      default_kms_key_name = var.kms_key
    }
  }

  dynamic "logging" {
    for_each = var.log_bucket == null ? [] : [""]
    content {
      log_bucket        = var.log_bucket
      log_object_prefix = var.name
    }
  }
}

# The load balancer has no identity by which it could read: what it is to show is public.
resource "google_storage_bucket_iam_member" "public" {
  count = var.public ? 1 : 0

  bucket = google_storage_bucket.this.name
  role   = "roles/storage.legacyObjectReader"
  member = "allUsers"
}
