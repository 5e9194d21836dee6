environment = "prod"
project     = { id = "retailscan-prod", number = "100000000003" }
region      = { google = "europe-west1", atlas = "WESTERN_EUROPE", data = "europe-west1" }
domain      = "api.retailscan.example.com"

deployer = "serviceAccount:deploy-prod@retailscan-operations.iam.gserviceaccount.com"
attestor = "projects/retailscan-operations/attestors/pipeline"

alerts_to = { page = ["on-call@example.com"], ticket = ["platform@example.com"] }
budget    = { billing_account = "000000-000000-000000", amount = 12000 }

# Public, and an example as the numbers here: by which apps show the payment sheet.
settings = { STRIPE_PUBLISHABLE_KEY = "pk_example" }

redis         = { memory_gb = 5, replicas = 1 }
nat_addresses = 2

atlas = {
  org_id                 = "000000000000000000000000"
  federation_settings_id = "000000000000000000000001"
  cluster                = { size = "M30", max_size = "M60", disk_gb = 100 }
  backup                 = { point_in_time_days = 7, daily_days = 30, copy_region = "EUROPE_WEST_3" }
}

rate_limits = {
  services = {
    # A whole store's phones may share one address.
    scan = { per_minute = 12000, ban_per_minute = 60000 }
  }
  routes = {
    # All of the payment provider's messages come from a dozen addresses, and nobody else has the secret to sign them.
    "/v1/webhooks/stripe" = { per_minute = 12000, ban_per_minute = 120000 }
  }
}

tenants = {
  fresko    = { erp_service_accounts = ["erp-fresko@fresko-systems.iam.gserviceaccount.com"] }
  nordmarkt = { erp_service_accounts = ["erp-nordmarkt@nordmarkt-systems.iam.gserviceaccount.com"] }
  casaverde = {}
}
