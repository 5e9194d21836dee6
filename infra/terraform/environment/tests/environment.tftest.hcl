# Each environment's own file comes from outside: terraform test -var-file=../environments/prod.tfvars -var-file=images.json

mock_provider "google" {}
mock_provider "mongodbatlas" {}

run "every_door_has_a_service_every_tenant_its_topics_every_dead_letter_a_reader" {
  command = plan

  assert {
    condition     = length(output.services) == length(module.topology.doors) && length(output.services) > 0
    error_message = "A door without a service, or a service without a door."
  }
  assert {
    condition     = alltrue([for tenant, topics in output.topics_of_tenants : contains(topics, "projects/${var.project.id}/topics/price-updates-${tenant}")])
    error_message = "A tenant has nowhere to publish."
  }

  assert {
    condition     = length(output.dead_letters) > 0 && alltrue([for topic, readers in output.dead_letters : length(readers) > 0])
    error_message = "Messages would be lost in ${join(", ", [for topic, readers in output.dead_letters : topic if length(readers) == 0])}."
  }
}
