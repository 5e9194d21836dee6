output "api_key" {
  description = "What apps and pages sign in with."
  value       = nonsensitive(google_apikeys_key.web.key_string)
}

output "issuer" {
  description = "What doors must know of the tokens of people: issuer, audience and keys."
  value = {
    issuer   = "https://securetoken.google.com/${var.project}"
    audience = var.project
    jwks     = "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com"
  }
  depends_on = [google_identity_platform_config.this]
}
