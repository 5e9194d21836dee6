resource "mongodbatlas_cloud_backup_schedule" "this" {
  project_id               = mongodbatlas_project.this.id
  cluster_name             = mongodbatlas_advanced_cluster.this.name
  reference_hour_of_day    = 2
  reference_minute_of_hour = 30
  restore_window_days      = var.backup.point_in_time_days

  policy_item_hourly {
    frequency_interval = 6
    retention_unit     = "days"
    retention_value    = var.backup.point_in_time_days
  }
  policy_item_daily {
    frequency_interval = 1
    retention_unit     = "days"
    retention_value    = var.backup.daily_days
  }
  policy_item_weekly {
    frequency_interval = 6
    retention_unit     = "weeks"
    retention_value    = var.backup.weekly_weeks
  }
  policy_item_monthly {
    frequency_interval = 1
    retention_unit     = "months"
    retention_value    = var.backup.monthly_months
  }

  # What a region that is gone cannot take with it.
  dynamic "copy_settings" {
    for_each = var.backup.copy_region == null ? [] : [""]
    content {
      cloud_provider     = "GCP"
      region_name        = var.backup.copy_region
      frequencies        = ["HOURLY", "DAILY", "WEEKLY"]
      should_copy_oplogs = true
      zone_id            = mongodbatlas_advanced_cluster.this.replication_specs[0].zone_id
    }
  }
}

resource "mongodbatlas_maintenance_window" "this" {
  project_id  = mongodbatlas_project.this.id
  day_of_week = 3
  hour_of_day = 2
}

resource "mongodbatlas_auditing" "this" {
  project_id                  = mongodbatlas_project.this.id
  enabled                     = true
  audit_authorization_success = false
  audit_filter = jsonencode({
    "$or" = [
      { "param.result" = { "$ne" = 0 } },
      { atype = { "$in" = ["authenticate", "dropCollection", "dropDatabase", "createUser", "dropUser", "updateUser", "createRole", "updateRole"] } },
    ]
  })
}

# Keys of our own, by a service account that Atlas makes for this project.
resource "mongodbatlas_cloud_provider_access_setup" "this" {
  count = var.kms_key_version == null ? 0 : 1

  project_id    = mongodbatlas_project.this.id
  provider_name = "GCP"
}

resource "mongodbatlas_cloud_provider_access_authorization" "this" {
  count = var.kms_key_version == null ? 0 : 1

  project_id = mongodbatlas_project.this.id
  role_id    = mongodbatlas_cloud_provider_access_setup.this[0].role_id
}

resource "google_kms_crypto_key_iam_member" "atlas" {
  for_each = var.kms_key_version == null ? {} : {
    use  = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
    view = "roles/cloudkms.viewer"
  }

  crypto_key_id = regex("^(.*)/cryptoKeyVersions/", var.kms_key_version)[0]
  role          = each.value
  member        = "serviceAccount:${mongodbatlas_cloud_provider_access_setup.this[0].gcp_config[0].service_account_for_atlas}"
}

resource "mongodbatlas_encryption_at_rest" "this" {
  count = var.kms_key_version == null ? 0 : 1

  project_id = mongodbatlas_project.this.id

  google_cloud_kms_config {
    enabled                 = true
    key_version_resource_id = var.kms_key_version
    role_id                 = mongodbatlas_cloud_provider_access_authorization.this[0].role_id
  }

  depends_on = [google_kms_crypto_key_iam_member.atlas]
}
