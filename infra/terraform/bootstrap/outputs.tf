output "deployers" {
  description = "For each environment's tfvars: deployer."
  value       = local.deployers
}

output "attestor" {
  description = "For each environment's tfvars: attestor."
  value       = local.substitutions._ATTESTOR
}

output "state_bucket" {
  description = "For each environment's .gcs.tfbackend: bucket."
  value       = module.state.name
}

output "repository" {
  description = "Where images are pushed."
  value       = local.substitutions._REPOSITORY
}

output "substitutions" {
  description = "What the triggers set in cloudbuild.yaml."
  value       = local.substitutions
}

output "workload_identity_provider" {
  description = "What CI outside of Google signs in by; null when there is none."
  value       = try("projects/${var.project.number}/locations/global/workloadIdentityPools/${google_iam_workload_identity_pool.ci[0].workload_identity_pool_id}/providers/${google_iam_workload_identity_pool_provider.repository[0].workload_identity_pool_provider_id}", null)
}

output "next" {
  description = "What to do now, line by line."
  value = concat(
    [
      "# Firebase, once for each project of an environment, for sign-in and notices:",
    ],
    [for environment in var.environments : "firebase projects:addfirebase ${environment.project_id}"],
    [
      "# This state, into its bucket:",
      "printf 'terraform {\\n  backend \"gcs\" {\\n    bucket = \"${module.state.name}\"\\n    prefix = \"bootstrap\"\\n  }\\n}\\n' > backend.tf",
      "terraform init -migrate-state",
      "# What only people have:",
    ],
    [for id in sort(keys(local.secrets)) : "gcloud secrets versions add ${id} --project=${var.project.id} --data-file=-"],
  )
}
