# The whole suite of one environment: what the cards ask for, and what lies under it.

module "topology" {
  source = "../modules/topology"

  functions_dir = var.functions_dir
  rooms         = var.rooms
  tenants       = keys(var.tenants)
}

locals {
  agents = {
    pubsub   = "service-${var.project.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
    run      = "service-${var.project.number}@serverless-robot-prod.iam.gserviceaccount.com"
    secrets  = "service-${var.project.number}@gcp-sa-secretmanager.iam.gserviceaccount.com"
    redis    = "service-${var.project.number}@cloud-redis.iam.gserviceaccount.com"
    storage  = "service-${var.project.number}@gs-project-accounts.iam.gserviceaccount.com"
    bigquery = "bq-${var.project.number}@bigquery-encryption.iam.gserviceaccount.com"
  }

  # Without keys of our own every consumer gets null, and Google's keys are used.
  kms = { for name in ["pubsub", "run", "secrets", "redis", "storage", "bigquery", "mongo"] :
  name => var.cmek ? module.keys[0].keys[name] : null }
}

module "keys" {
  source = "../modules/keys"
  count  = var.cmek ? 1 : 0

  project = var.project.id
  region  = var.region.google
  name    = "retailscan"
  # Atlas' own account for MongoDB's key is made by Atlas: modules/database lets it in.
  agents = merge({ for name, agent in local.agents : name => [agent] }, { mongo = [] })
}

module "network" {
  source = "../modules/network"

  project       = var.project.id
  region        = var.region.google
  nat_addresses = var.nat_addresses
  # Files of products come from other people's servers, by SFTP and on ports of their choice.
  fetchers = {
    for service, door in module.topology.doors : service => ["22", "80", "2222", "8443"]
    if contains(door.env, "IMPORT_ALLOWED_HOSTS")
  }
}

module "cache" {
  source = "../modules/cache"

  project             = var.project.id
  region              = var.region.google
  size                = var.redis
  network             = { id = module.network.network.id, range = module.network.services_range }
  kms_key             = local.kms.redis
  deletion_protection = var.deletion_protection
}

module "database" {
  source = "../modules/database"

  name                   = "retailscan-${var.environment}"
  org_id                 = var.atlas.org_id
  identity_provider      = { federation_settings_id = var.atlas.federation_settings_id }
  project                = var.project.id
  region                 = { google = var.region.google, atlas = var.region.atlas }
  cluster                = var.atlas.cluster
  backup                 = var.atlas.backup
  alerts_to              = var.alerts_to.page
  termination_protection = var.deletion_protection
  kms_key_version        = local.kms.mongo == null ? null : "${local.kms.mongo}/cryptoKeyVersions/1"
  labels                 = { app = "retailscan", environment = var.environment }
  rooms                  = module.topology.databases
  network = {
    network    = module.network.network.id
    subnetwork = module.network.mongo_subnetwork.id
    address    = module.network.mongo_subnetwork.address
  }
  users = merge(
    {
      for service, door in module.topology.doors : "door-${service}" => {
        unique_id = module.accounts["door-${service}"].unique_id
        room      = door.room
        rights    = "room"
      } if contains(keys(door.secrets), "MONGODB_URI")
    },
    {
      for name, job in module.topology.jobs : "job-${name}" => {
        unique_id = module.accounts["job-${name}"].unique_id
        room      = job.room
        rights    = job.database
      }
    },
  )
}

module "secrets" {
  source = "../modules/secrets"

  project             = var.project.id
  region              = var.region.google
  kms_key             = local.kms.secrets
  deletion_protection = var.deletion_protection
  secrets             = { for name, id in module.topology.secrets : id => name }
  given               = { for id in local.given_secrets : id => lookup(var.secret_versions, id, 1) }
  given_values = {
    mongodb-uri = module.database.uri
    redis-url   = module.cache.url
  }
}

locals {
  # What Terraform knows the value of; everything else a person brings, with gcloud.
  given_secrets = setintersection(["mongodb-uri", "redis-url"], values(module.topology.secrets))

  secret_versions = {
    for id in values(module.topology.secrets) : id => tostring(lookup(var.secret_versions, id, 1))
  }
}

module "identity" {
  source = "../modules/identity"

  project = var.project.id
  domains = [var.domain, "${var.project.id}.firebaseapp.com"]
}
