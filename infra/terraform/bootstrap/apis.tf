# What must be switched on before anything can be made, in the operations project and in each environment's.

locals {
  operations_apis = [
    "artifactregistry", "binaryauthorization", "cloudbuild", "cloudkms", "cloudresourcemanager", "containeranalysis",
    "containerscanning", "iam", "iamcredentials", "logging", "ondemandscanning", "secretmanager", "serviceusage", "storage",
    "sts",
  ]
  environment_apis = [
    "apikeys", "bigquery", "binaryauthorization", "billingbudgets", "certificatemanager", "cloudkms", "cloudresourcemanager",
    "cloudscheduler", "cloudtasks", "compute", "fcm", "firebase", "iam", "iamcredentials", "identitytoolkit", "logging",
    "monitoring", "pubsub", "redis", "run", "secretmanager", "servicenetworking", "serviceusage", "storage", "sts",
  ]
  apis = merge(
    { for api in local.operations_apis : "${var.project.id}/${api}" => { project = var.project.id, api = api } },
    merge([
      for environment in var.environments : {
        for api in local.environment_apis : "${environment.project_id}/${api}" => { project = environment.project_id, api = api }
      }
    ]...),
  )
}

resource "google_project_service" "this" {
  for_each = local.apis

  project            = each.value.project
  service            = "${each.value.api}.googleapis.com"
  disable_on_destroy = false
}
