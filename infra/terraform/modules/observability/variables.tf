variable "channels" {
  description = "The notification channels (full names) that alerts go to: those that wake somebody, and those that are read in the morning."
  type        = object({ page = list(string), ticket = list(string) })
  nullable    = false

  validation {
    condition     = length(var.channels.page) > 0
    error_message = "An alert that reaches nobody is none: name at least one channel that wakes somebody."
  }
}

variable "dead_subscriptions" {
  description = "Subscriptions that people read by hand when something arrives."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "domain" {
  description = "The name by which the suite is reached; checked from outside."
  type        = string
  nullable    = false
}

variable "doors" {
  description = "Every service: its room, whether it is public, where its messages come from and how far it grows."
  type = map(object({
    room          = string
    public        = bool
    kind          = string
    max_instances = number
    routes        = list(string)
  }))
  nullable = false
}

variable "project" {
  description = "The project's id."
  type        = string
  nullable    = false
}

variable "queues" {
  description = "The queues with the room that each belongs to."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "redis" {
  description = "The name of the Redis instance."
  type        = string
  nullable    = false
}

variable "slos" {
  description = "What is promised of a service: the share of good requests over 28 days, and of those that are answered in time. Services that are not deployed are left out."
  type = map(object({
    availability = number
    latency      = object({ seconds = number, share = number })
  }))
  default = {
    scan     = { availability = 0.9995, latency = { seconds = 0.3, share = 0.99 } }
    checkout = { availability = 0.9995, latency = { seconds = 2, share = 0.99 } }
    sessions = { availability = 0.999, latency = { seconds = 1, share = 0.99 } }
  }
  nullable = false

  validation {
    condition = alltrue([
      for slo in values(var.slos) :
      slo.availability > 0 && slo.availability < 1 && slo.latency.share > 0 && slo.latency.share < 1
    ])
    error_message = "A share lies between 0 and 1: 1 leaves nothing to fail, and no budget to burn."
  }
}

variable "subscriptions" {
  description = "The push subscriptions: the room that takes the messages, the tenant, and whether it reads dead letters."
  type = map(object({
    room    = string
    service = string
    tenant  = optional(string)
    dead    = bool
  }))
  default  = {}
  nullable = false
}

variable "freshness" {
  description = "How old the oldest price that waits may be, in seconds, for which share of all minutes of 28 days."
  type        = object({ seconds = number, share = number })
  default     = { seconds = 10, share = 0.995 }
  nullable    = false
}
