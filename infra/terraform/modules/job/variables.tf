variable "account" {
  description = "The account that it runs as: its address and its full name."
  type        = object({ email = string, name = string })
  nullable    = false
}

variable "binary_authorization" {
  description = "Run only images that the project's Binary Authorization policy lets in."
  type        = bool
  default     = true
  nullable    = false
}

variable "deletion_protection" {
  description = "Refuse to delete the job."
  type        = bool
  default     = true
  nullable    = false
}

variable "environment" {
  description = "The environment variables of the job that are no secrets."
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

variable "job" {
  description = "What the card says of the job, or what follows from it; see modules/topology."
  type = object({
    room      = string
    name      = string
    args      = list(string)
    cpu       = number
    memory    = string
    timeout   = number
    retries   = number
    secrets   = map(string)
    cron      = optional(string)
    time_zone = string
  })
  nullable = false
}

variable "kms_key" {
  description = "The key that encrypts the job's images and metadata; null for Google's own."
  type        = string
  default     = null
}

variable "name" {
  description = "The job's name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,24}[a-z0-9]$", var.name))
    error_message = "A job's name has at most 26 letters, digits and dashes: its account is called job-<name>."
  }
}

variable "network" {
  description = "The network and subnetwork through which everything that the job sends goes."
  type        = object({ network = string, subnetwork = string })
  nullable    = false
}

variable "project" {
  description = "The project: its id, and its number."
  type        = object({ id = string, number = string })
  nullable    = false
}

variable "region" {
  description = "The region of the job."
  type        = string
  nullable    = false
}

variable "runner" {
  description = "Who starts the job from the pipeline; null for nobody but the schedule."
  type        = string
  default     = null
}

variable "secret_versions" {
  description = "The version of each secret by its id in Secret Manager, a number."
  type        = map(string)
  default     = {}
  nullable    = false
}
