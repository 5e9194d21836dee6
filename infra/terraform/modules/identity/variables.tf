variable "domains" {
  description = "The domains that may begin a sign-in."
  type        = list(string)
  nullable    = false
}

variable "project" {
  description = "The project's id."
  type        = string
  nullable    = false
}
