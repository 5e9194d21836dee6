variable "fetchers" {
  description = "The network tags (names of services) that reach other systems on more ports than 443: tag to ports."
  type        = map(list(string))
  default     = {}
  nullable    = false
}

variable "name" {
  description = "The name of the network and the prefix of what is in it."
  type        = string
  default     = "retailscan"
  nullable    = false
}

variable "nat_addresses" {
  description = "How many fixed addresses the doors appear from; other systems may allow these. Each carries 64,512 connections to one target."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.nat_addresses >= 1
    error_message = "Without an address nothing reaches the outside."
  }
}

variable "project" {
  description = "The project's id."
  type        = string
  nullable    = false
}

variable "ranges" {
  description = "The addresses of the doors (each instance takes one, and one more while it is replaced), of Google's private services (Redis), and of MongoDB's private endpoint."
  type = object({
    doors    = optional(string, "10.20.0.0/20")
    services = optional(string, "10.30.0.0/20")
    mongo    = optional(string, "10.40.0.0/28")
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for range in values(var.ranges) : can(cidrhost(range, 1))])
    error_message = "A range is written as 10.20.0.0/20."
  }
}

variable "region" {
  description = "The region of the subnetworks."
  type        = string
  nullable    = false
}
