environment = "dev"
project     = { id = "retailscan-dev", number = "100000000001" }
region      = { google = "europe-west1", atlas = "WESTERN_EUROPE", data = "europe-west1" }
domain      = "dev.retailscan.example.com"

deployer = "serviceAccount:deploy-dev@retailscan-operations.iam.gserviceaccount.com"
attestor = "projects/retailscan-operations/attestors/pipeline"

alerts_to = { page = ["platform-dev@example.com"] }
budget    = { billing_account = "000000-000000-000000", amount = 600 }

# Nothing in it is missed: no keys of our own, no protection, as small as a private endpoint allows.
cmek                = false
deletion_protection = false
archive_days        = 30
waf_preview         = true
candidates          = false
redis               = { memory_gb = 1 }
instances           = { default = { min = 0, max = 2 } }

# Public, and an example as the numbers here: by which apps show the payment sheet.
settings = { STRIPE_PUBLISHABLE_KEY = "pk_example" }

atlas = {
  org_id                 = "000000000000000000000000"
  federation_settings_id = "000000000000000000000001"
  cluster                = { size = "M10", max_size = "M20", disk_gb = 10 }
  backup                 = { point_in_time_days = 1, daily_days = 7, weekly_weeks = 4, monthly_months = 1 }
}

tenants = {
  fresko = { erp_service_accounts = ["erp-fresko@retailscan-dev.iam.gserviceaccount.com"] }
}
