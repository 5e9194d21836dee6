variable "deletion_protection" {
  description = "Refuse to delete a secret."
  type        = bool
  default     = true
  nullable    = false
}

variable "given" {
  description = "The secrets whose value this configuration knows (addresses of Redis and MongoDB): id to version, a number to raise by one when the value changes."
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for version in values(var.given) : version >= 1 && floor(version) == version])
    error_message = "A version is a whole number from 1."
  }
}

variable "given_values" {
  description = "The values of `given`, by id. They are written and forgotten: neither plan nor state holds them."
  type        = map(string)
  default     = {}
  nullable    = false
  ephemeral   = true
  sensitive   = true
}

variable "kms_key" {
  description = "The key that encrypts the secrets; null for Google's own."
  type        = string
  default     = null
}

variable "project" {
  description = "The project's id."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Where the secrets are kept."
  type        = string
  nullable    = false
}

variable "secrets" {
  description = "The ids of all secrets, with the variable that each is read as. Values that people bring are added by gcloud, never here."
  type        = map(string)
  nullable    = false
}
