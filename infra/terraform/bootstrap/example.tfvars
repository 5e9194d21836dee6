# Copy to terraform.tfvars and put your own in. `gcloud projects describe ID` says a project's number.
project = { id = "retailscan-operations", number = "100000000000" }
region  = "europe-west1"

environments = {
  dev     = { project_id = "retailscan-dev", project_number = "100000000001" }
  staging = { project_id = "retailscan-staging", project_number = "100000000002" }
  prod    = { project_id = "retailscan-prod", project_number = "100000000003" }
}

billing_account = "000000-000000-000000"

approvers = ["group:release-managers@example.com"]

# Connected once in the console: Cloud Build, Repositories, Connect.
source_repository = {
  id = "projects/retailscan-operations/locations/europe-west1/connections/source/repositories/retailscan"
}

ci = { repository = "retail/retailscan" }
