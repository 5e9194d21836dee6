output "url" {
  description = "Where apps and systems reach the suite."
  value       = module.edge.url
}

output "api_key" {
  description = "What apps and pages sign in with; it is no secret."
  value       = module.identity.api_key
}

output "candidate_url" {
  description = "Where the pipeline asks new revisions before they get traffic; null where it does not."
  value       = module.edge.candidate_url
}

output "dns" {
  description = "The records that the domain needs: its address, and the proof for the certificate."
  value       = { address = module.edge.address, certificates = module.edge.certificate_records }
}

output "services" {
  description = "Every service, with the address that Pub/Sub, Cloud Tasks and Cloud Scheduler call."
  value       = { for service, door in module.doors : service => door.url }
}

output "routes" {
  description = "What the load balancer does with a path, in order: the first route that it lies under; a null service answers nobody."
  value       = module.topology.routes
}

output "topics_of_tenants" {
  description = "Where the ERP of each tenant publishes."
  value = {
    for tenant in keys(var.tenants) : tenant => sort([
      for id, topic in module.topology.topics : "projects/${var.project.id}/topics/${id}"
      if topic.tenant == tenant && topic.inbound
    ])
  }
}

output "dead_letters" {
  description = "Every dead-letter topic with the subscriptions that read it."
  value = {
    for id, topic in module.topology.topics : id => sort([
      for name, each in module.topology.subscriptions : name if each.topic == id
    ]) if topic.dead
  }
}

output "migrations" {
  description = "The jobs that the pipeline runs before traffic moves: room to job."
  value       = { for name, job in module.topology.jobs : job.room => module.jobs[name].name if job.name == "migrate" }
}

output "egress_addresses" {
  description = "The addresses that other systems see; they may let these in."
  value       = module.network.egress_addresses
}

output "secrets_to_bring" {
  description = "The secrets whose values only people have. Each line adds a version; the number then goes into secret_versions."
  value = [
    for id in sort(tolist(setsubtract(values(module.topology.secrets), local.given_secrets))) :
    "gcloud secrets versions add ${id} --project=${var.project.id} --data-file=-"
  ]
}

output "promises" {
  description = "What is watched: promise to alerts."
  value       = module.observability.promises
}

output "to_try" {
  description = "Commands to begin with."
  value = concat(
    [
      "curl -fsS ${module.edge.url}/v1/jwks.json",
      "gcloud run services list --project=${var.project.id} --region=${var.region.google}",
    ],
    [
      for tenant in keys(var.tenants) :
      "gcloud pubsub topics publish price-updates-${tenant} --project=${var.project.id} --message='{\"storeId\":\"...\",\"barcode\":\"4006381333931\",\"price\":199}'"
    ],
  )
}
