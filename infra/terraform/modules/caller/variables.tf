variable "project" {
  description = "The project: its id, and its number, which names Google's own service agents."
  type        = object({ id = string, number = string })
  nullable    = false
}

variable "room" {
  description = "The room (with dashes) whose doors this account may call."
  type        = string
  nullable    = false
}
