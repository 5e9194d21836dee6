# Topics, and what leads from them to the doors. A topic of a tenant belongs to that tenant's ERP alone: which topic a
# message came through says whose it is, whatever stands in it.

module "topics" {
  source   = "../modules/topic"
  for_each = module.topology.topics

  project        = var.project.id
  id             = each.key
  regions        = [var.region.google]
  kms_key        = local.kms.pubsub
  labels         = merge({ room = replace(each.value.room, "_", "-") }, each.value.tenant == null ? {} : { tenant = each.value.tenant })
  schema         = each.value.schema == null ? null : file("${var.functions_dir}/${each.value.room}/${each.value.schema}")
  enforce_schema = var.enforce_schemas
  publishers = merge(
    !each.value.inbound ? {} : {
      for account in var.tenants[each.value.tenant].erp_service_accounts : account => "serviceAccount:${account}"
    },
    each.value.dead ? { pubsub = "serviceAccount:${local.agents.pubsub}" } : {},
  )
}

module "subscriptions" {
  source   = "../modules/subscription"
  for_each = module.topology.subscriptions

  project  = var.project
  id       = each.key
  caller   = module.callers[each.value.room].email
  endpoint = "${module.doors[each.value.service].url}${each.value.path}"
  labels   = merge({ room = replace(each.value.room, "_", "-") }, each.value.tenant == null ? {} : { tenant = each.value.tenant })
  subscription = merge(each.value, {
    topic             = module.topics[each.value.topic].name
    dead_letter_topic = each.value.dead_letter_topic == null ? null : module.topics[each.value.dead_letter_topic].name
  })
}

module "queues" {
  source   = "../modules/queue"
  for_each = module.topology.queues

  project  = var.project.id
  region   = var.region.google
  id       = each.key
  queue    = each.value
  caller   = module.callers[each.value.room].email
  endpoint = "${local.door_urls[each.value.service]}${each.value.path}"
}

module "schedules" {
  source   = "../modules/schedule"
  for_each = module.topology.schedules

  project  = var.project.id
  region   = var.region.google
  id       = each.key
  schedule = each.value
  caller   = module.callers[each.value.room].email
  endpoint = "${module.doors[each.value.service].url}${each.value.path}"
}

module "archive" {
  source = "../modules/archive"
  count  = var.archive_days == null ? 0 : 1

  project             = var.project
  location            = var.region.data
  regions             = [var.region.google]
  retention_days      = var.archive_days
  kms_keys            = { bigquery = local.kms.bigquery, pubsub = local.kms.pubsub }
  deletion_protection = var.deletion_protection
  topics              = toset([for id, topic in module.topology.topics : module.topics[id].name if !topic.dead])
}
