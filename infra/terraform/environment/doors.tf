# Every door of every card as a Cloud Run service, and the jobs of the rooms.

locals {
  # By name and number, so that a door can be told the addresses of its room's others before they exist.
  door_urls = {
    for service in keys(module.topology.doors) : service => "https://${service}-${var.project.number}.${var.region.google}.run.app"
  }

  # What every door is told; docs/settings.md says what each means.
  common = {
    ENVIRONMENT                 = var.environment
    GOOGLE_CLOUD_PROJECT        = var.project.id
    CLOUD_TASKS_LOCATION        = var.region.google
    MONGODB_DATABASE            = "retailscan"
    IDENTITY_ISSUER             = module.identity.issuer.issuer
    IDENTITY_AUDIENCE           = module.identity.issuer.audience
    IDENTITY_JWKS               = module.identity.issuer.jwks
    SESSION_JWKS                = "https://${var.domain}/v1/jwks.json"
    PUSH_JWKS                   = "https://www.googleapis.com/oauth2/v3/certs"
    OTEL_EXPORTER_OTLP_ENDPOINT = var.telemetry.endpoint
    OTEL_TRACES_SAMPLE          = tostring(var.telemetry.traces_share)
    LOG_LEVEL                   = var.telemetry.log_level
  }

  # Variables that a card names by themselves, and what they are here.
  own = merge(
    {
      PUBLIC_API_URL    = "https://${var.domain}"
      FIREBASE_API_KEY  = module.identity.api_key
      OPERATIONS_SOURCE = "google"
    },
    var.settings,
    { for variable, bucket in module.buckets : variable => bucket.name },
  )

  environments = {
    for service, door in module.topology.doors : service => merge(
      local.common,
      {
        PUSH_SERVICE_ACCOUNTS = try(module.callers[door.room].email, "")
        # Only the room's own: another room's doors are nobody's business, and adding a room restarts no other.
        DOOR_URLS = jsonencode({
          for other in module.topology.rooms[door.room].services : other => local.door_urls[other]
        })
      },
      { for name in door.env : name => local.own[name] if contains(keys(local.own), name) },
    )
  }

  missing_images = setsubtract(keys(module.topology.rooms), keys(var.images))
}

# One account for each room by which Google's services call its private doors.
module "callers" {
  source   = "../modules/caller"
  for_each = { for room, each in module.topology.rooms : room => each if length(each.private) > 0 }

  project = var.project
  room    = replace(each.key, "_", "-")
}

# Who each door and each job is: to Google, and to MongoDB.
module "accounts" {
  source = "../modules/account"
  for_each = merge(
    { for service in keys(module.topology.doors) : "door-${service}" => "The door ${service}" },
    { for name in keys(module.topology.jobs) : "job-${name}" => "The job ${name}" },
  )

  project     = var.project.id
  id          = each.key
  description = each.value
}

module "doors" {
  source   = "../modules/door"
  for_each = module.topology.doors

  project     = var.project
  region      = var.region.google
  service     = each.key
  account     = module.accounts["door-${each.key}"]
  image       = lookup(var.images, each.value.room, "")
  environment = local.environments[each.key]
  instances = {
    for bound in ["min", "max"] : bound => try(
      coalesce(try(var.instances[each.key][bound], null), try(var.instances["default"][bound], null)), null,
    )
  }
  network              = module.network.doors
  caller               = try(module.callers[each.value.room].email, null)
  acts_as              = try(module.callers[each.value.room].name, null)
  kms_key              = local.kms.run
  deletion_protection  = var.deletion_protection
  binary_authorization = true
  secret_versions      = local.secret_versions
  buckets              = { for variable in each.value.buckets : variable => module.buckets[variable].name }
  roles                = local.roles
  door = merge(each.value, {
    # From the things themselves, so that a door comes after what it needs.
    secrets   = { for variable, id in each.value.secrets : variable => module.secrets.ids[id] }
    publishes = toset([for topic in each.value.publishes : module.topics[topic].name])
    enqueues  = toset([for queue in each.value.enqueues : module.queues[queue].name])
  })
}

module "jobs" {
  source   = "../modules/job"
  for_each = module.topology.jobs

  project              = var.project
  region               = var.region.google
  name                 = each.key
  account              = module.accounts["job-${each.key}"]
  image                = lookup(var.images, each.value.room, "")
  environment          = { for name in ["ENVIRONMENT", "GOOGLE_CLOUD_PROJECT", "MONGODB_DATABASE", "LOG_LEVEL"] : name => local.common[name] }
  network              = module.network.doors
  kms_key              = local.kms.run
  deletion_protection  = var.deletion_protection
  binary_authorization = true
  runner               = each.value.cron == null ? var.deployer : null
  secret_versions      = local.secret_versions
  job = merge(each.value, {
    secrets = { for variable, id in each.value.secrets : variable => module.secrets.ids[id] }
  })
}

module "buckets" {
  source   = "../modules/bucket"
  for_each = module.topology.buckets

  project    = var.project.id
  name       = "${var.project.id}-${replace(lower(trimsuffix(each.value, "_BUCKET")), "_", "-")}"
  location   = var.region.data
  kms_key    = local.kms.storage
  origins    = distinct(concat(["https://${var.domain}"], var.upload_origins))
  retention  = { days = 30 }
  log_bucket = module.logs.name
}

module "logs" {
  source = "../modules/bucket"

  project   = var.project.id
  name      = "${var.project.id}-access-logs"
  location  = var.region.data
  kms_key   = local.kms.storage
  retention = { days = 90 }
}

check "images" {
  assert {
    condition     = length(local.missing_images) == 0
    error_message = "No image for ${join(", ", local.missing_images)}: build them and name them in images (infra/README.md), or leave the rooms out by rooms."
  }
}

check "settings" {
  assert {
    # The first apply makes no door yet: then they wait.
    condition = length(module.topology.doors) == 0 || length(setsubtract(keys(var.settings), flatten([
      for door in module.topology.doors : tolist(door.env)
    ]))) == 0
    error_message = "settings names variables that no card asks for: they reach nobody."
  }
}
