variable "functions_dir" {
  description = "The folder that holds the rooms: one folder each, with its card in function.yaml."
  type        = string
  nullable    = false

  validation {
    condition     = fileexists("${var.functions_dir}/common/card.schema.json")
    error_message = "There is no common/card.schema.json in functions_dir: name the folder that holds the rooms."
  }
}

variable "rooms" {
  description = "The rooms to deploy; null means all. Topics and secrets of the others exist all the same."
  type        = set(string)
  default     = null
}

variable "tenants" {
  description = "The tenants: each has topics and subscriptions of its own where a card says perTenant."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for tenant in var.tenants : can(regex("^[a-z][a-z0-9-]{1,30}$", tenant))])
    error_message = "A tenant's id is 2 to 31 lower-case letters, digits and dashes, and begins with a letter."
  }
}
