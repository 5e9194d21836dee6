# All that the door may do: nothing in the project as a whole, except where Google offers no
# smaller thing to grant it on, and then by a role of our own with the few permissions that are needed.

locals {
  storage_roles = toset([for role in var.door.roles : role if startswith(role, "roles/storage.")])
  bucket_grants = {
    for pair in setproduct(keys(var.buckets), local.storage_roles) : "${pair[0]}/${pair[1]}" => {
      bucket = var.buckets[pair[0]]
      role   = pair[1]
    }
  }

  # The secrets that a room makes itself (of connections to other systems) have this prefix.
  connections = "projects/${var.project.number}/secrets/import_"

  watches = lookup(var.environment, "OPERATIONS_SOURCE", "none") == "google"
}

# The load balancer carries no identity of its own, so a public door is open to everybody who comes through it; the
# door itself looks at the token. A private one is open to the room's caller.
resource "google_cloud_run_v2_service_iam_member" "public" {
  count = var.door.public ? 1 : 0

  project  = var.project.id
  location = var.region
  name     = google_cloud_run_v2_service.this.name
  role     = "roles/run.invoker"
  member   = "allUsers"
}

resource "google_cloud_run_v2_service_iam_member" "caller" {
  count = var.door.kind == "events" ? 1 : 0

  project  = var.project.id
  location = var.region
  name     = google_cloud_run_v2_service.this.name
  role     = "roles/run.invoker"
  member   = "serviceAccount:${var.caller}"
}

resource "google_secret_manager_secret_iam_member" "secrets" {
  for_each = var.door.secrets

  project   = var.project.id
  secret_id = each.value
  role      = "roles/secretmanager.secretAccessor"
  member    = local.member
}

resource "google_pubsub_topic_iam_member" "publishes" {
  for_each = var.door.publishes

  project = var.project.id
  topic   = each.value
  role    = "roles/pubsub.publisher"
  member  = local.member
}

resource "google_cloud_tasks_queue_iam_member" "enqueues" {
  for_each = var.door.enqueues

  project  = var.project.id
  location = var.region
  name     = each.value
  role     = "roles/cloudtasks.enqueuer"
  member   = local.member
}

# A task carries the signature of the room's caller, and only who may act as it may ask for that.
resource "google_service_account_iam_member" "acts_as" {
  count = length(var.door.enqueues) > 0 ? 1 : 0

  service_account_id = var.acts_as
  role               = "roles/iam.serviceAccountUser"
  member             = local.member
}

resource "google_storage_bucket_iam_member" "buckets" {
  for_each = local.bucket_grants

  bucket = each.value.bucket
  role   = each.value.role
  member = local.member
}

# Signs URLs as itself, without a key.
resource "google_service_account_iam_member" "signs" {
  count = contains(var.door.roles, "roles/iam.serviceAccountTokenCreator") ? 1 : 0

  service_account_id = var.account.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.member
}

resource "google_project_iam_member" "connection_secrets_create" {
  count = contains(var.door.roles, "roles/secretmanager.admin") ? 1 : 0

  project = var.project.id
  role    = var.roles.connection_secrets_create
  member  = local.member
}

resource "google_project_iam_member" "connection_secrets_manage" {
  count = contains(var.door.roles, "roles/secretmanager.admin") ? 1 : 0

  project = var.project.id
  role    = var.roles.connection_secrets_manage
  member  = local.member

  condition {
    title       = "secrets_of_connections"
    description = "Only the secrets that the room made itself."
    expression  = "resource.name.startsWith(\"${local.connections}\")"
  }
}

resource "google_project_iam_member" "connection_secrets_read" {
  count = contains(var.door.roles, "roles/secretmanager.secretAccessor") ? 1 : 0

  project = var.project.id
  role    = "roles/secretmanager.secretAccessor"
  member  = local.member

  condition {
    title       = "secrets_of_connections"
    description = "Only the secrets that the room made itself."
    expression  = "resource.name.startsWith(\"${local.connections}\")"
  }
}

resource "google_project_iam_member" "messages_send" {
  count = contains(var.door.roles, "roles/firebasecloudmessaging.admin") ? 1 : 0

  project = var.project.id
  role    = var.roles.messages_send
  member  = local.member
}

# Only a door that is told to look at Google's figures may.
resource "google_project_iam_member" "metrics_read" {
  count = contains(var.door.roles, "roles/monitoring.viewer") && local.watches ? 1 : 0

  project = var.project.id
  role    = var.roles.metrics_read
  member  = local.member
}

resource "google_project_iam_member" "logs_read" {
  count = contains(var.door.roles, "roles/logging.viewer") && local.watches ? 1 : 0

  project = var.project.id
  role    = var.roles.logs_read
  member  = local.member
}
