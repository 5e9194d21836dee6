variable "deletion_protection" {
  description = "Refuse to delete the table."
  type        = bool
  default     = true
  nullable    = false
}

variable "kms_keys" {
  description = "The keys that encrypt the table and the topic of what could not be written; null for Google's own."
  type        = object({ bigquery = optional(string), pubsub = optional(string) })
  default     = {}
  nullable    = false
}

variable "location" {
  description = "Where BigQuery keeps the messages."
  type        = string
  nullable    = false
}

variable "project" {
  description = "The project: its id, and its number."
  type        = object({ id = string, number = string })
  nullable    = false
}

variable "regions" {
  description = "Where messages may be kept on their way."
  type        = set(string)
  nullable    = false
}

variable "retention_days" {
  description = "After how many days a message goes."
  type        = number
  default     = 400
  nullable    = false
}

variable "topics" {
  description = "The ids of the topics whose every message is kept."
  type        = set(string)
  nullable    = false
}
