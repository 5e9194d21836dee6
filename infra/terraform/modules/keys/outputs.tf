output "keys" {
  description = "The keys by name, once the agents may use them."
  value = {
    for name, key in google_kms_crypto_key.this :
    name => "projects/${var.project}/locations/${var.region}/keyRings/${google_kms_key_ring.this.name}/cryptoKeys/${key.name}"
  }
  depends_on = [google_kms_crypto_key_iam_member.agents]
}
