locals {
  # A token made for another cluster, or for anything else, opens nothing here.
  audience = "https://${var.name}.${var.project}.retailscan"

  srv = mongodbatlas_advanced_cluster.this.connection_strings.private_endpoint[0].srv_connection_string
}

output "uri" {
  description = "MONGODB_URI: by the private endpoint, and without a password."
  value = join("", [
    local.srv,
    "/?authMechanism=MONGODB-OIDC&authMechanismProperties=ENVIRONMENT:gcp,TOKEN_RESOURCE:${urlencode(local.audience)}",
    "&retryWrites=true&w=majority",
  ])
  depends_on = [mongodbatlas_privatelink_endpoint_service.this, mongodbatlas_database_user.this]
}

output "cluster" {
  description = "The Atlas project and the cluster."
  value       = { project_id = mongodbatlas_project.this.id, name = mongodbatlas_advanced_cluster.this.name }
}
