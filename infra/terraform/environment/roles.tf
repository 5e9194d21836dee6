# Roles of our own, each with the one permission that a card's wide role is asked for. modules/door grants them.

locals {
  roles = {
    connection_secrets_create = google_project_iam_custom_role.this["connection_secrets_create"].name
    connection_secrets_manage = google_project_iam_custom_role.this["connection_secrets_manage"].name
    messages_send             = google_project_iam_custom_role.this["messages_send"].name
  }
  role_permissions = {
    # A secret that does not exist yet has no name to restrict the right to.
    connection_secrets_create = {
      title       = "Make secrets of connections"
      permissions = ["secretmanager.secrets.create"]
    }
    connection_secrets_manage = {
      title = "Keep and forget secrets of connections"
      permissions = [
        "secretmanager.secrets.delete",
        "secretmanager.secrets.get",
        "secretmanager.versions.access",
        "secretmanager.versions.add",
      ]
    }
    messages_send = {
      title       = "Send notices to phones"
      permissions = ["cloudmessaging.messages.create"]
    }
  }
}

resource "google_project_iam_custom_role" "this" {
  for_each = local.role_permissions

  project     = var.project.id
  role_id     = "retailscan_${each.key}"
  title       = each.value.title
  permissions = each.value.permissions
}
