locals {
  member = "serviceAccount:${var.account.email}"

  # Known before it exists, so that a door can be told its own address and others can be told it as well.
  url = "https://${var.service}-${var.project.number}.${var.region}.run.app"

  min_instances = coalesce(var.instances.min, var.door.min_instances)
  max_instances = max(coalesce(var.instances.max, var.door.max_instances), local.min_instances, 1)

  # The second generation needs 512 MiB.
  memory = can(regex("^([1-9]|[1-9][0-9]|[1-4][0-9][0-9]|50[0-9]|51[01])Mi$", var.door.memory)) ? "512Mi" : var.door.memory
}
