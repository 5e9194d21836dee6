variable "alerts_to" {
  description = "The e-mail addresses that alerts go to: those that wake somebody, and those that are read in the morning. For anything else name notification channels that exist."
  type = object({
    page     = list(string)
    ticket   = optional(list(string), [])
    channels = optional(object({ page = optional(list(string), []), ticket = optional(list(string), []) }), {})
  })
  nullable = false

  validation {
    condition     = length(var.alerts_to.page) > 0
    error_message = "An alert that reaches nobody is none: name at least one address that wakes somebody."
  }
}

variable "archive_days" {
  description = "After how many days an archived event goes; null keeps no archive."
  type        = number
  default     = 400
}

variable "atlas" {
  description = "MongoDB Atlas: organisation, its federation settings, and the cluster (see modules/database)."
  type = object({
    org_id                 = string
    federation_settings_id = string
    cluster = object({
      size     = string
      max_size = string
      disk_gb  = number
      nodes    = optional(number, 3)
      shards   = optional(number, 1)
    })
    backup = optional(object({
      point_in_time_days = optional(number, 7)
      daily_days         = optional(number, 30)
      weekly_weeks       = optional(number, 12)
      monthly_months     = optional(number, 12)
      copy_region        = optional(string)
    }), {})
  })
  nullable = false
}

variable "budget" {
  description = "What a month may cost (in the billing account's currency), and the account; null for no budget."
  type        = object({ billing_account = string, amount = number })
  default     = null
}

variable "candidates" {
  description = "Also answer under candidate.<domain> by new revisions that have no traffic yet, so that the pipeline can ask them first."
  type        = bool
  default     = true
  nullable    = false
}

variable "cmek" {
  description = "Encrypt with keys of our own wherever Google and Atlas offer it."
  type        = bool
  default     = true
  nullable    = false
}

variable "deletion_protection" {
  description = "Refuse to delete what holds data or serves people. To tear down, apply once with false (infra/README.md)."
  type        = bool
  default     = true
  nullable    = false
}

variable "deployer" {
  description = "The account by which the pipeline deploys here; it may run the migration jobs. Bootstrap says it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^serviceAccount:.+@.+\\.iam\\.gserviceaccount\\.com$", var.deployer))
    error_message = "The deployer is a service account, written serviceAccount:name@project.iam.gserviceaccount.com."
  }
}

variable "domain" {
  description = "The name by which apps and systems reach the suite."
  type        = string
  nullable    = false
}

variable "enforce_schemas" {
  description = "Let Pub/Sub refuse what does not follow a topic's schema, instead of keeping it as a dead letter with its reason (docs/decisions/0009-pubsub-schema.md)."
  type        = bool
  default     = false
  nullable    = false
}

variable "environment" {
  description = "dev, staging or prod."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["dev", "staging", "prod"], var.environment)
    error_message = "There are three environments: dev, staging and prod."
  }
}

variable "functions_dir" {
  description = "The folder of the rooms, from here."
  type        = string
  default     = "../../../functions"
  nullable    = false
}

variable "images" {
  description = "The image of each room by digest. The pipeline writes them to images.auto.tfvars.json; afterwards it moves doors to new ones by itself."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for image in values(var.images) : can(regex("@sha256:[0-9a-f]{64}$", image))])
    error_message = "An image is named by its digest (name@sha256:...), so that what was signed and tried is what runs."
  }
}

variable "instances" {
  description = "Overrides a card's least and most instances where this environment is smaller or larger: service to numbers; `default` for all others."
  type        = map(object({ min = optional(number), max = optional(number) }))
  default     = {}
  nullable    = false
}

variable "nat_addresses" {
  description = "How many fixed addresses other systems see."
  type        = number
  default     = 1
  nullable    = false
}

variable "project" {
  description = "The Google Cloud project: its id, and its number, which names service agents and the addresses of doors."
  type        = object({ id = string, number = string })
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project.id)) && can(regex("^[0-9]+$", var.project.number))
    error_message = "A project has an id of 6 to 30 characters and a number: gcloud projects describe says both."
  }
}

variable "rate_limits" {
  description = "Requests a minute from one address to a service, or to a route, before 429, and before it is shut out for ten minutes (see modules/edge)."
  type = object({
    default  = optional(object({ per_minute = number, ban_per_minute = number }), { per_minute = 1200, ban_per_minute = 12000 })
    services = optional(map(object({ per_minute = number, ban_per_minute = number })), {})
    routes   = optional(map(object({ per_minute = number, ban_per_minute = number })), {})
  })
  default  = {}
  nullable = false
}

variable "redis" {
  description = "Redis: memory in GB and replicas."
  type        = object({ memory_gb = number, replicas = optional(number, 1) })
  nullable    = false
}

variable "region" {
  description = "The region, by Google's name and by Atlas'; and where BigQuery and buckets keep data."
  type        = object({ google = string, atlas = string, data = string })
  nullable    = false

  validation {
    condition     = !var.cmek || lower(var.region.data) == lower(var.region.google)
    error_message = "Keys of our own live in one region, so what they encrypt must as well: make data the same as google, or cmek false."
  }
}

variable "rooms" {
  description = "The rooms to deploy; null means all. With none ([]) everything under the doors is made: the first apply, before there are images and values of secrets."
  type        = set(string)
  default     = null
}

variable "secret_versions" {
  description = "Which version of a secret the doors read, by its id; 1 where nothing is said. To rotate: add a version, raise the number, apply."
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for version in values(var.secret_versions) : version >= 1 && floor(version) == version])
    error_message = "A secret's version is a whole number from 1: with `latest` a new one would go live without anybody deploying it."
  }
}

variable "settings" {
  description = "Environment variables that cards name and that differ by environment, nothing secret: STORE_CODE_JWKS, SCAN_LOW_STOCK, STRIPE_PUBLISHABLE_KEY, ... See docs/settings.md."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "telemetry" {
  description = "Where traces and metrics go (an OTLP collector inside the network), which share of traces, and from which severity lines are logged."
  type        = object({ endpoint = optional(string, ""), traces_share = optional(number, 0.1), log_level = optional(string, "INFO") })
  default     = {}
  nullable    = false
}

variable "tenants" {
  description = "The retail chains: for each, by its id, the service accounts of its ERP, which may publish to its own topics and to no other's."
  type        = map(object({ erp_service_accounts = optional(list(string), []) }))
  default     = {}
  nullable    = false

  validation {
    condition = alltrue(flatten([
      for tenant in values(var.tenants) : [
        for account in tenant.erp_service_accounts : can(regex("^[^:@]+@[^:@]+\\.iam\\.gserviceaccount\\.com$", account))
      ]
    ]))
    error_message = "An ERP publishes as a service account: name@project.iam.gserviceaccount.com. People and keys do not publish."
  }
}

variable "upload_origins" {
  description = "The web pages, besides the dashboard's own, from which files of imports are uploaded straight into their bucket."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "waf_preview" {
  description = "Only log what the rules against known attacks would have refused: for the first weeks of an environment."
  type        = bool
  default     = false
  nullable    = false
}
