variable "agents" {
  description = "For each key, by its name, Google's service agents that encrypt and decrypt with it."
  type        = map(set(string))
  nullable    = false
}

variable "name" {
  description = "The name of the key ring."
  type        = string
  nullable    = false
}

variable "project" {
  description = "The project's id."
  type        = string
  nullable    = false
}

variable "protection_level" {
  description = "SOFTWARE or HSM."
  type        = string
  default     = "SOFTWARE"
  nullable    = false

  validation {
    condition     = contains(["SOFTWARE", "HSM"], var.protection_level)
    error_message = "A key is kept in SOFTWARE or in an HSM."
  }
}

variable "region" {
  description = "The region of the keys: that of the data they encrypt."
  type        = string
  nullable    = false
}

variable "rotation_days" {
  description = "After how many days a key gets a new version. Old versions go on decrypting."
  type        = number
  default     = 90
  nullable    = false
}
