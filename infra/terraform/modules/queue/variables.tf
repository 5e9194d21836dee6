variable "caller" {
  description = "The account that signs the tasks."
  type        = string
  nullable    = false
}

variable "endpoint" {
  description = "Where the queue's tasks are posted; the audience of their tokens."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^https://[^{}]+$", var.endpoint))
    error_message = "The endpoint is an https URL without placeholders: all tasks of a queue go to one path."
  }
}

variable "id" {
  description = "The queue's id."
  type        = string
  nullable    = false
}

variable "project" {
  description = "The project's id."
  type        = string
  nullable    = false
}

variable "queue" {
  description = "What the card says of the queue; times in seconds."
  type = object({
    max_dispatches_per_second = number
    max_concurrent_dispatches = number
    max_attempts              = number
    min_backoff               = number
    max_backoff               = number
  })
  nullable = false
}

variable "region" {
  description = "The region of the queue."
  type        = string
  nullable    = false
}
