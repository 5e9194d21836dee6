# Roles of our own, each with the one permission that a card's wide role is asked for. modules/door grants them.

locals {
  roles = {
    connection_secrets_create = "projects/${var.project.id}/roles/${google_project_iam_custom_role.this["connection_secrets_create"].role_id}"
    connection_secrets_manage = "projects/${var.project.id}/roles/${google_project_iam_custom_role.this["connection_secrets_manage"].role_id}"
    logs_read                 = "projects/${var.project.id}/roles/${google_project_iam_custom_role.this["logs_read"].role_id}"
    messages_send             = "projects/${var.project.id}/roles/${google_project_iam_custom_role.this["messages_send"].role_id}"
    metrics_read              = "projects/${var.project.id}/roles/${google_project_iam_custom_role.this["metrics_read"].role_id}"
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
    # Google offers no smaller thing than the project to read lines and figures of; what may be shown of them the door decides.
    logs_read = {
      title       = "Read log lines"
      permissions = ["logging.logEntries.list"]
    }
    messages_send = {
      title       = "Send notices to phones"
      permissions = ["cloudmessaging.messages.create"]
    }
    metrics_read = {
      title       = "Read figures of Cloud Monitoring"
      permissions = ["monitoring.timeSeries.list"]
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
