locals {
  grants = merge([
    for key, agents in var.agents : { for agent in agents : "${key}/${agent}" => { key = key, agent = agent } }
  ]...)
}

resource "google_kms_key_ring" "this" {
  project  = var.project
  location = var.region
  name     = var.name
}

resource "google_kms_crypto_key" "this" {
  for_each = var.agents

  key_ring                   = google_kms_key_ring.this.id
  name                       = each.key
  rotation_period            = "${var.rotation_days * 86400}s"
  destroy_scheduled_duration = "2592000s"

  version_template {
    algorithm        = "GOOGLE_SYMMETRIC_ENCRYPTION"
    protection_level = var.protection_level
  }

  # What a lost key has encrypted is lost.
  lifecycle {
    prevent_destroy = true
  }
}

resource "google_kms_crypto_key_iam_member" "agents" {
  for_each = local.grants

  crypto_key_id = google_kms_crypto_key.this[each.value.key].id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:${each.value.agent}"
}
