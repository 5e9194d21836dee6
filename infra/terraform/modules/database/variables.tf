variable "alerts_to" {
  description = "The addresses that MongoDB Atlas writes to."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.alerts_to) > 0
    error_message = "An alert that reaches nobody is none: name at least one address."
  }
}

variable "backup" {
  description = "How long backups are kept, in days, and how far back to the second."
  type = object({
    point_in_time_days = optional(number, 7)
    daily_days         = optional(number, 30)
    weekly_weeks       = optional(number, 12)
    monthly_months     = optional(number, 12)
    copy_region        = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.backup.daily_days >= 7 && var.backup.point_in_time_days >= 1
    error_message = "At least a week of daily backups and a day to the second: less does not keep the promise of an hour."
  }
}

variable "cluster" {
  description = "The cluster: instance size (M10 and up), largest size that it may grow to, disk, nodes and shards."
  type = object({
    size          = string
    max_size      = string
    disk_gb       = number
    nodes         = optional(number, 3)
    shards        = optional(number, 1)
    mongo_version = optional(string, "8.0")
  })
  nullable = false

  validation {
    condition     = can(regex("^M[1-9][0-9]+$", var.cluster.size)) && can(regex("^M[1-9][0-9]+$", var.cluster.max_size))
    error_message = "A size is M10 or larger: smaller ones have neither private endpoints nor backups to the second."
  }
  validation {
    condition     = contains([3, 5, 7], var.cluster.nodes)
    error_message = "3, 5 or 7 nodes: an even number or a single one elects nobody when one is lost."
  }
}

variable "database" {
  description = "The name of the database."
  type        = string
  default     = "retailscan"
  nullable    = false
}

variable "identity_provider" {
  description = "Atlas' federation settings id; doors sign in with their service account's own short-lived token, no password exists."
  type        = object({ federation_settings_id = string })
  nullable    = false
}

variable "kms_key_version" {
  description = "The version of the key that encrypts MongoDB's disks (projects/.../cryptoKeyVersions/1); null for Atlas' own."
  type        = string
  default     = null
}

variable "labels" {
  description = "Tags of the Atlas project and cluster."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "name" {
  description = "The name of the Atlas project and cluster."
  type        = string
  nullable    = false
}

variable "network" {
  description = "Where the private endpoint lives: the network's id, the subnetwork's id and an address in it."
  type        = object({ network = string, subnetwork = string, address = string })
  nullable    = false
}

variable "org_id" {
  description = "The Atlas organisation."
  type        = string
  nullable    = false
}

variable "project" {
  description = "The Google project of the private endpoint."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Google's name of the region, and Atlas' name of it."
  type        = object({ google = string, atlas = string })
  nullable    = false
}

variable "rooms" {
  description = "What each room may do: collections it writes and only reads. See modules/topology."
  type        = map(object({ owns = set(string), write = set(string), read = set(string) }))
  nullable    = false
}

variable "termination_protection" {
  description = "Refuse to delete the cluster."
  type        = bool
  default     = true
  nullable    = false
}

variable "users" {
  description = "Who signs in: for each door and job, by its name, the unique id of its service account, its room and its rights (room: as the room's doors; migrate: collections, indexes and validators of the room; read: everything, only reading)."
  type        = map(object({ unique_id = string, room = string, rights = string }))
  nullable    = false

  validation {
    condition     = alltrue([for user in values(var.users) : contains(["room", "migrate", "read"], user.rights)])
    error_message = "Rights are room, migrate or read."
  }
}
