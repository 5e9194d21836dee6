# Every door and job signs in as its own service account, with a token that Google signs for an hour; there is no password
# to leak or to rotate. What it may do is what its room's role says.

locals {
  reading = ["FIND", "LIST_INDEXES", "COLL_STATS"]
  writing = ["INSERT", "UPDATE", "REMOVE"]
  making  = ["CREATE_COLLECTION", "CREATE_INDEX", "COLL_MOD", "LIST_INDEXES"]

  # Of MongoDB's own rights only these: no room drops anything, reads another database or runs code in the server.
  roles = merge(
    {
      for room, rights in var.rooms : "room-${room}" => merge(
        { for action in local.reading : action => setunion(rights.write, rights.read) },
        { for action in local.writing : action => rights.write },
      )
    },
    {
      for room, rights in var.rooms : "migrate-${room}" => merge(
        { for action in local.making : action => setunion(rights.owns, ["dead_letters", "idempotency"]) },
        { LIST_COLLECTIONS = [""] },
      ) if length(rights.owns) > 0
    },
    { read = merge({ for action in local.reading : action => [""] }, { LIST_COLLECTIONS = [""] }) },
  )

  role_of = {
    for name, user in var.users : name => user.rights == "read" ? "read" : "${user.rights}-${user.room}"
  }
}

resource "mongodbatlas_custom_db_role" "this" {
  for_each = local.roles

  project_id = mongodbatlas_project.this.id
  role_name  = each.key

  dynamic "actions" {
    for_each = { for action, collections in each.value : action => collections if length(collections) > 0 }
    content {
      action = actions.key
      dynamic "resources" {
        for_each = actions.value
        content {
          database_name   = var.database
          collection_name = resources.value
        }
      }
    }
  }
}

# Google as an issuer whose tokens the cluster takes, if they were made for this cluster.
resource "mongodbatlas_federated_settings_identity_provider" "google" {
  federation_settings_id = var.identity_provider.federation_settings_id
  name                   = "${var.name}-workloads"
  description            = "Service accounts of ${var.project}"
  protocol               = "OIDC"
  idp_type               = "WORKLOAD"
  authorization_type     = "USER"
  issuer_uri             = "https://accounts.google.com"
  audience               = local.audience
  user_claim             = "sub"
}

resource "mongodbatlas_database_user" "this" {
  for_each = var.users

  project_id         = mongodbatlas_project.this.id
  username           = "${mongodbatlas_federated_settings_identity_provider.google.idp_id}/${each.value.unique_id}"
  oidc_auth_type     = "USER"
  auth_database_name = "$external"
  description        = each.key

  roles {
    role_name     = mongodbatlas_custom_db_role.this[local.role_of[each.key]].role_name
    database_name = "admin"
  }

  scopes {
    name = mongodbatlas_advanced_cluster.this.name
    type = "CLUSTER"
  }
}
