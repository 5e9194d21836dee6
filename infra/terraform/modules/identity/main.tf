# By which apps and pages say whose project they sign in to. It is no secret: every phone has it, so it opens nothing but
# signing in.
resource "google_apikeys_key" "web" {
  project      = var.project
  name         = "retailscan-sign-in"
  display_name = "Apps and pages, to sign in"

  restrictions {
    api_targets {
      service = "identitytoolkit.googleapis.com"
    }
    api_targets {
      service = "securetoken.googleapis.com"
    }
  }
}

# Firebase Authentication's project-wide settings. Its tokens are RS256, of the issuer in outputs.tf; shoppers sign in with
# e-mail or anonymously and are upgraded later, staff get their roles as custom claims.
resource "google_identity_platform_config" "this" {
  project                    = var.project
  authorized_domains         = var.domains
  autodelete_anonymous_users = true

  sign_in {
    allow_duplicate_emails = false
    anonymous {
      enabled = true
    }
    email {
      enabled           = true
      password_required = false
    }
  }

  mfa {
    state = "ENABLED"
    provider_configs {
      state = "ENABLED"
      totp_provider_config {
        adjacent_intervals = 1
      }
    }
  }

  monitoring {
    request_logging {
      enabled = true
    }
  }

  client {
    permissions {
      disabled_user_deletion = false
      disabled_user_signup   = false
    }
  }
}
