variable "enforce_schema" {
  description = "Refuse messages that do not follow the schema, instead of keeping them as dead letters with a reason."
  type        = bool
  default     = false
  nullable    = false
}

variable "id" {
  description = "The topic's id."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,99}$", var.id))
    error_message = "A topic's id is 3 to 100 lower-case letters, digits and dashes."
  }
}

variable "kms_key" {
  description = "The key that encrypts the messages; null for Google's own."
  type        = string
  default     = null
}

variable "labels" {
  description = "Labels of the topic."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "project" {
  description = "The project's id."
  type        = string
  nullable    = false
}

variable "publishers" {
  description = "The members that may publish besides doors (an ERP's service account, Pub/Sub's own agent to a dead letter), by a name of their own."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([
      for member in values(var.publishers) : can(regex("^(serviceAccount|principal|principalSet):.+", member))
    ])
    error_message = "A publisher is a service account or a federated principal; nobody publishes as allUsers or as a person."
  }
}

variable "regions" {
  description = "Where messages may be kept."
  type        = set(string)
  nullable    = false
}

variable "retention" {
  description = "How long the topic keeps every message, in seconds, so that a subscription can be sought back."
  type        = number
  default     = 604800
  nullable    = false
}

variable "schema" {
  description = "The Protocol Buffers definition of the messages; null for none."
  type        = string
  default     = null
}
