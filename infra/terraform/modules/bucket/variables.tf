variable "kms_key" {
  description = "The key that encrypts the objects; null for Google's own."
  type        = string
  default     = null
}

variable "labels" {
  description = "Labels of the bucket."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "location" {
  description = "Where the objects are kept."
  type        = string
  nullable    = false
}

variable "log_bucket" {
  description = "The bucket that receives the access logs; null for none."
  type        = string
  default     = null
}

variable "name" {
  description = "The bucket's name."
  type        = string
  nullable    = false
}

variable "origins" {
  description = "The web pages that may upload straight into the bucket by a signed URL."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "project" {
  description = "The project's id."
  type        = string
  nullable    = false
}

variable "public" {
  description = "Anybody may read objects whose name they know, nobody may list them: for the static files behind the load balancer."
  type        = bool
  default     = false
  nullable    = false
}

variable "retention" {
  description = "After how many days objects go (null: never), and how many days a deleted or replaced one can be brought back."
  type        = object({ days = optional(number), deleted_days = optional(number, 7) })
  nullable    = false
}
