variable "deletion_protection" {
  description = "Refuse to delete the instance."
  type        = bool
  default     = true
  nullable    = false
}

variable "kms_key" {
  description = "The key that encrypts the data at rest; null for Google's own."
  type        = string
  default     = null
}

variable "maintenance" {
  description = "When Google may maintain the instance (UTC)."
  type        = object({ day = string, hour = number })
  default     = { day = "TUESDAY", hour = 2 }
  nullable    = false
}

variable "name" {
  description = "The instance's name."
  type        = string
  default     = "retailscan"
  nullable    = false
}

variable "network" {
  description = "The network it is reached from, and the range it takes an address of."
  type        = object({ id = string, range = string })
  nullable    = false
}

variable "project" {
  description = "The project's id."
  type        = string
  nullable    = false
}

variable "region" {
  description = "The region of the instance."
  type        = string
  nullable    = false
}

variable "size" {
  description = "Memory in GB and the number of replicas."
  type        = object({ memory_gb = number, replicas = optional(number, 1) })
  nullable    = false

  validation {
    condition     = var.size.memory_gb >= 1 && var.size.replicas >= 1 && var.size.replicas <= 5
    error_message = "At least 1 GB and 1 to 5 replicas: without a replica a cache that dies takes the database's calm with it."
  }
  validation {
    condition     = var.size.replicas == 1 || var.size.memory_gb >= 5
    error_message = "More than one replica needs at least 5 GB."
  }
}
