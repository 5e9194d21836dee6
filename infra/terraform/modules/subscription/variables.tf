variable "caller" {
  description = "The account that signs the pushes."
  type        = string
  nullable    = false
}

variable "endpoint" {
  description = "The door's address and the path; also the audience of the tokens."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^https://[^{}]+$", var.endpoint))
    error_message = "The endpoint is an https URL in which the tenant is filled in."
  }
}

variable "id" {
  description = "The subscription's id."
  type        = string
  nullable    = false
}

variable "labels" {
  description = "Labels of the subscription."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "project" {
  description = "The project: its id, and its number."
  type        = object({ id = string, number = string })
  nullable    = false
}

variable "subscription" {
  description = "What the card says of the subscription; see modules/topology. A subscription without a dead letter reads one."
  type = object({
    topic                 = string
    filter                = string
    ordering              = bool
    ack_deadline          = number
    min_backoff           = number
    max_backoff           = number
    max_delivery_attempts = optional(number)
    dead_letter_topic     = optional(string)
  })
  nullable = false

  validation {
    condition     = (var.subscription.dead_letter_topic == null) == (var.subscription.max_delivery_attempts == null)
    error_message = "A dead-letter topic and a number of attempts go together."
  }
}
