resource "google_secret_manager_secret" "this" {
  for_each = var.secrets

  project             = var.project
  secret_id           = each.key
  labels              = { variable = lower(each.value) }
  deletion_protection = var.deletion_protection
  # A destroyed version can be brought back for a day.
  version_destroy_ttl = "86400s"

  replication {
    user_managed {
      replicas {
        location = var.region
        dynamic "customer_managed_encryption" {
          for_each = var.kms_key == null ? [] : [""]
          content {
            kms_key_name = var.kms_key
          }
        }
      }
    }
  }
}

# Write-only: the value reaches Secret Manager and nothing else. Each raise of the number makes one version, so that
# the number is the version's name and the doors can ask for it before it exists.
resource "google_secret_manager_secret_version" "given" {
  for_each = var.given

  secret                 = google_secret_manager_secret.this[each.key].id
  secret_data_wo         = var.given_values[each.key]
  secret_data_wo_version = tostring(each.value)
  # Doors that still run hold the old one.
  deletion_policy = "ABANDON"

  lifecycle {
    create_before_destroy = true
  }
}
