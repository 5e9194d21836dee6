variable "account" {
  description = "The account that it runs as: its address and its full name."
  type        = object({ email = string, name = string })
  nullable    = false
}

variable "acts_as" {
  description = "The full name of the account whose signature the tasks carry that this door enqueues; null when it enqueues none."
  type        = string
  default     = null
}

variable "binary_authorization" {
  description = "Run only images that the project's Binary Authorization policy lets in."
  type        = bool
  default     = true
  nullable    = false
}

variable "buckets" {
  description = "The buckets that roles/storage.* of the card stand for: variable to name."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "caller" {
  description = "The address of the account that may call this door; null for a door that people call."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Refuse to delete the service."
  type        = bool
  default     = true
  nullable    = false
}

variable "door" {
  description = "What the card says of the door; see modules/topology."
  type = object({
    room          = string
    name          = string
    kind          = string
    target        = string
    public        = bool
    cpu           = number
    memory        = string
    concurrency   = number
    min_instances = number
    max_instances = number
    timeout       = number
    secrets       = map(string)
    roles         = set(string)
    publishes     = set(string)
    enqueues      = set(string)
  })
  nullable = false

  validation {
    condition     = var.door.kind == "http" || !var.door.public
    error_message = "Only an http door may be public: nobody but the platform calls a door of events."
  }
}

variable "environment" {
  description = "The environment variables of the door that are no secrets."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "image" {
  description = "The room's image by digest. Later images come from the pipeline, not from here."
  type        = string
  nullable    = false

  validation {
    condition = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = (
      var.image == ""
      ? "There is no image of this room: build it and name it in images (infra/README.md), or leave the room out by rooms."
      : "An image is named by its digest (name@sha256:...), so that what was signed and tried is what runs."
    )
  }
}

variable "instances" {
  description = "Overrides the card's least and most instances where an environment is smaller than production."
  type        = object({ min = optional(number), max = optional(number) })
  default     = {}
  nullable    = false
}

variable "kms_key" {
  description = "The key that encrypts the service's images and metadata; null for Google's own."
  type        = string
  default     = null
}

variable "network" {
  description = "The network and subnetwork through which everything that the door sends goes."
  type        = object({ network = string, subnetwork = string })
  nullable    = false
}

variable "project" {
  description = "The project: its id, and its number."
  type        = object({ id = string, number = string })
  nullable    = false
}

variable "region" {
  description = "The region of the service."
  type        = string
  nullable    = false
}

variable "roles" {
  description = "The project's own roles that stand for wide ones of a card: see the environment's roles.tf."
  type = object({
    connection_secrets_create = string
    connection_secrets_manage = string
    logs_read                 = string
    messages_send             = string
    metrics_read              = string
  })
  nullable = false
}

variable "secret_versions" {
  description = "The version of each secret by its id in Secret Manager, a number."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for version in values(var.secret_versions) : can(regex("^[1-9][0-9]*$", version))])
    error_message = "A secret's version is a number: with `latest` a new version would go live without anybody deploying it."
  }
}

variable "service" {
  description = "The name of the service."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,23}[a-z0-9]$", var.service))
    error_message = "A service's name has at most 25 letters, digits and dashes: its account is called door-<service>."
  }
}
