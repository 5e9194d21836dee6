# One account for each environment, by which the pipeline builds and applies there. It has no key: Cloud Build runs as it.
# It may make what the environment's configuration holds, and nothing in any other project.

locals {
  deployers = {
    for environment in keys(var.environments) :
    environment => "serviceAccount:${google_service_account.deploy[environment].account_id}@${var.project.id}.iam.gserviceaccount.com"
  }
  builders = { for environment, member in local.deployers : environment => member if environment != "prod" }

  # One for each kind of thing in the configuration. None of them may read a secret's value, a message or an object by right
  # of being an administrator of something else; IAM of the project it may change only for our own roles (below).
  deploys = [
    "roles/bigquery.dataOwner",
    "roles/binaryauthorization.policyEditor",
    "roles/certificatemanager.owner",
    "roles/cloudkms.admin",
    "roles/cloudscheduler.admin",
    "roles/cloudtasks.admin",
    "roles/compute.loadBalancerAdmin",
    "roles/compute.networkAdmin",
    "roles/compute.securityAdmin",
    "roles/iam.roleAdmin",
    "roles/iam.serviceAccountAdmin",
    "roles/iam.serviceAccountUser",
    "roles/identityplatform.admin",
    "roles/logging.configWriter",
    "roles/monitoring.editor",
    "roles/pubsub.admin",
    "roles/redis.admin",
    "roles/run.admin",
    "roles/secretmanager.admin",
    "roles/servicenetworking.networksAdmin",
    "roles/serviceusage.apiKeysAdmin",
    "roles/serviceusage.serviceUsageConsumer",
    "roles/storage.admin",
  ]
  grants = merge([
    for environment, each in var.environments : {
      for role in local.deploys : "${environment}/${role}" => { environment = environment, project = each.project_id, role = role }
    }
  ]...)

  # What a build does in the operations project besides.
  builds = ["roles/containeranalysis.notes.attacher", "roles/containeranalysis.occurrences.editor", "roles/logging.logWriter", "roles/ondemandscanning.admin"]
  build_grants = merge([
    for environment in keys(var.environments) : { for role in local.builds : "${environment}/${role}" => { environment = environment, role = role } }
  ]...)
}

resource "google_service_account" "deploy" {
  for_each = var.environments

  project      = var.project.id
  account_id   = "deploy-${each.key}"
  display_name = "Builds and deploys ${each.key}"

  depends_on = [google_project_service.this]
}

resource "google_project_iam_member" "deploys" {
  for_each = local.grants

  project = each.value.project
  role    = each.value.role
  member  = local.deployers[each.value.environment]
}

# The rights of doors in the project as a whole are three roles of our own and reading secrets under a condition: these
# the deployer may give and take, and no other, so that it can make nobody an owner, itself least of all.
resource "google_project_iam_member" "grants" {
  for_each = var.environments

  project = each.value.project_id
  role    = "roles/resourcemanager.projectIamAdmin"
  member  = local.deployers[each.key]

  condition {
    title       = "only_roles_of_doors"
    description = "Gives and takes only the roles that doors have."
    expression = format(
      "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([%s])",
      join(", ", [
        for role in [
          "projects/${each.value.project_id}/roles/retailscan_connection_secrets_create",
          "projects/${each.value.project_id}/roles/retailscan_connection_secrets_manage",
          "projects/${each.value.project_id}/roles/retailscan_logs_read",
          "projects/${each.value.project_id}/roles/retailscan_messages_send",
          "projects/${each.value.project_id}/roles/retailscan_metrics_read",
          "roles/secretmanager.secretAccessor",
        ] : "'${role}'"
      ]),
    )
  }
}

# An environment's budget stands on the billing account.
resource "google_billing_account_iam_member" "budgets" {
  for_each = var.billing_account == null ? {} : local.deployers

  billing_account_id = var.billing_account
  role               = "roles/billing.costsManager"
  member             = each.value
}

resource "google_project_iam_member" "builds" {
  for_each = local.build_grants

  project = var.project.id
  role    = each.value.role
  member  = local.deployers[each.value.environment]
}

# Its own state, not the others'.
resource "google_storage_bucket_iam_member" "state" {
  for_each = local.deployers

  bucket = module.state.name
  role   = "roles/storage.objectUser"
  member = each.value

  condition {
    title       = "own_state"
    description = "Only the state of ${each.key}."
    expression  = "resource.name.startsWith(\"projects/_/buckets/${module.state.name}/objects/environments/${each.key}/\")"
  }
}

resource "google_storage_bucket_iam_member" "releases" {
  for_each = local.deployers

  bucket = module.releases.name
  role   = "roles/storage.objectUser"
  member = each.value
}

resource "google_artifact_registry_repository_iam_member" "reads" {
  for_each = local.deployers

  project    = var.project.id
  location   = var.region
  repository = google_artifact_registry_repository.this.name
  role       = "roles/artifactregistry.reader"
  member     = each.value
}

# The environments' policy names the attestor.
resource "google_binary_authorization_attestor_iam_member" "deployers" {
  for_each = local.deployers

  project  = var.project.id
  attestor = google_binary_authorization_attestor.pipeline.name
  role     = "roles/binaryauthorization.attestorsVerifier"
  member   = each.value
}
