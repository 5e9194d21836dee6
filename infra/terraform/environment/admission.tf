# Only images that the pipeline has signed run here. The attestor and its key are bootstrap's.

variable "attestor" {
  description = "The attestor by which the pipeline signs images (projects/.../attestors/...); bootstrap says it. Null admits every image of the registry: only where nothing is deployed by the pipeline."
  type        = string
  default     = null
}

resource "google_binary_authorization_policy" "this" {
  project                       = var.project.id
  description                   = "Only images that the pipeline has signed."
  global_policy_evaluation_mode = "ENABLE"

  default_admission_rule {
    evaluation_mode         = var.attestor == null ? "ALWAYS_ALLOW" : "REQUIRE_ATTESTATION"
    enforcement_mode        = "ENFORCED_BLOCK_AND_AUDIT_LOG"
    require_attestations_by = var.attestor == null ? [] : [var.attestor]
  }
}
