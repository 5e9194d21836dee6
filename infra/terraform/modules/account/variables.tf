variable "description" {
  description = "Who runs as it."
  type        = string
  nullable    = false
}

variable "id" {
  description = "The account's id."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.id))
    error_message = "A service account's id has 6 to 30 lower-case letters, digits and dashes."
  }
}

variable "project" {
  description = "The project's id."
  type        = string
  nullable    = false
}
