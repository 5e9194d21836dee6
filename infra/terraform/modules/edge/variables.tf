variable "blocked_ranges" {
  description = "Addresses that are let nowhere."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.blocked_ranges) <= 10
    error_message = "One rule of Cloud Armor takes ten ranges: block larger sets upstream."
  }
}

variable "candidates" {
  description = "Also answer under candidate.<domain>, by each service's revision with the tag `candidate`: so that the pipeline can ask a new revision before any shopper does."
  type        = bool
  default     = false
  nullable    = false
}

variable "domain" {
  description = "The name by which apps and systems reach the suite."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "A domain is written like api.example.com."
  }
}

variable "log_sample" {
  description = "The share of requests that the load balancer logs, 0 to 1."
  type        = number
  default     = 0.1
  nullable    = false
}

variable "name" {
  description = "The prefix of everything in here."
  type        = string
  default     = "retailscan"
  nullable    = false
}

variable "project" {
  description = "The project's id."
  type        = string
  nullable    = false
}

variable "rate_limits" {
  description = "How many requests a minute one address may send before it is answered with 429, and after how many it is shut out for ten minutes: to all routes of a service together, or to a route with all below it where the route is named. A whole store may share one address, so these stop floods; the doors have limits per person and tenant of their own."
  type = object({
    default  = optional(object({ per_minute = number, ban_per_minute = number }), { per_minute = 1200, ban_per_minute = 12000 })
    services = optional(map(object({ per_minute = number, ban_per_minute = number })), {})
    routes   = optional(map(object({ per_minute = number, ban_per_minute = number })), {})
  })
  default  = {}
  nullable = false
}

variable "region" {
  description = "The region of the services."
  type        = string
  nullable    = false
}

variable "routes" {
  description = "The routes of the cards in the order in which they are tried; a null service leads nowhere. See modules/topology."
  type = list(object({
    priority = number
    path     = string
    service  = optional(string)
    template = bool
  }))
  nullable = false

  validation {
    condition     = length(var.routes) <= 200
    error_message = "A URL map takes 200 rules a host: let a room claim one route with all of its own below it."
  }
}

variable "static_bucket" {
  description = "The bucket of static files: whatever is on no route is looked for there."
  type        = string
  nullable    = false
}

variable "waf_preview" {
  description = "Only log what the rules against known attacks would have refused."
  type        = bool
  default     = false
  nullable    = false
}
