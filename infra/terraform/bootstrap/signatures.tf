# Who signs an image says: the pipeline has built, tried and scanned it. Cloud Run runs nothing else.

resource "google_kms_key_ring" "pipeline" {
  project  = var.project.id
  location = var.region
  name     = "pipeline"

  depends_on = [google_project_service.this]
}

resource "google_kms_crypto_key" "attestor" {
  key_ring                   = google_kms_key_ring.pipeline.id
  name                       = "attestor"
  purpose                    = "ASYMMETRIC_SIGN"
  destroy_scheduled_duration = "2592000s"

  version_template {
    algorithm        = "EC_SIGN_P256_SHA256"
    protection_level = "SOFTWARE"
  }

  lifecycle {
    prevent_destroy = true
  }
}

data "google_kms_crypto_key_version" "attestor" {
  crypto_key = google_kms_crypto_key.attestor.id
}

resource "google_container_analysis_note" "pipeline" {
  project           = var.project.id
  name              = "pipeline"
  short_description = "Built, checked and scanned by the pipeline."

  attestation_authority {
    hint {
      human_readable_name = "The pipeline of RetailScan"
    }
  }

  depends_on = [google_project_service.this]
}

resource "google_binary_authorization_attestor" "pipeline" {
  project     = var.project.id
  name        = "pipeline"
  description = "The pipeline of RetailScan."

  attestation_authority_note {
    note_reference = google_container_analysis_note.pipeline.name
    public_keys {
      id = data.google_kms_crypto_key_version.attestor.id
      pkix_public_key {
        public_key_pem      = data.google_kms_crypto_key_version.attestor.public_key[0].pem
        signature_algorithm = data.google_kms_crypto_key_version.attestor.public_key[0].algorithm
      }
    }
  }
}

# The environments ask the attestor whether an image is signed.
resource "google_binary_authorization_attestor_iam_member" "verifiers" {
  for_each = var.environments

  project  = var.project.id
  attestor = google_binary_authorization_attestor.pipeline.name
  role     = "roles/binaryauthorization.attestorsVerifier"
  member   = "serviceAccount:service-${each.value.project_number}@gcp-sa-binaryauthorization.iam.gserviceaccount.com"
}

# Only the builds of staging make images; production gets those.
resource "google_kms_crypto_key_iam_member" "signs" {
  for_each = local.builders

  crypto_key_id = google_kms_crypto_key.attestor.id
  role          = "roles/cloudkms.signerVerifier"
  member        = each.value
}

resource "google_binary_authorization_attestor_iam_member" "builders" {
  for_each = local.builders

  project  = var.project.id
  attestor = google_binary_authorization_attestor.pipeline.name
  role     = "roles/binaryauthorization.attestorsViewer"
  member   = each.value
}

resource "google_artifact_registry_repository_iam_member" "builders" {
  for_each = local.builders

  project    = var.project.id
  location   = var.region
  repository = google_artifact_registry_repository.this.name
  role       = "roles/artifactregistry.writer"
  member     = each.value
}
