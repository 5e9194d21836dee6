environment = "staging"
project     = { id = "retailscan-staging", number = "100000000002" }
region      = { google = "europe-west1", atlas = "WESTERN_EUROPE", data = "europe-west1" }
domain      = "staging.retailscan.example.com"

deployer = "serviceAccount:deploy-staging@retailscan-operations.iam.gserviceaccount.com"
attestor = "projects/retailscan-operations/attestors/pipeline"

alerts_to = { page = ["platform@example.com"], ticket = ["platform@example.com"] }
budget    = { billing_account = "000000-000000-000000", amount = 1500 }

# As production, only smaller: what is protected, encrypted and refused there is here as well.
archive_days = 90
redis        = { memory_gb = 2 }
instances    = { default = { max = 5 } }

# Public, and an example as the numbers here: by which apps show the payment sheet.
settings = { STRIPE_PUBLISHABLE_KEY = "pk_example" }

atlas = {
  org_id                 = "000000000000000000000000"
  federation_settings_id = "000000000000000000000001"
  cluster                = { size = "M10", max_size = "M30", disk_gb = 20 }
}

tenants = {
  fresko    = { erp_service_accounts = ["erp-fresko@retailscan-staging.iam.gserviceaccount.com"] }
  nordmarkt = { erp_service_accounts = ["erp-nordmarkt@retailscan-staging.iam.gserviceaccount.com"] }
}
