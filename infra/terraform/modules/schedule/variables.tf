variable "caller" {
  description = "The account that signs the calls."
  type        = string
  nullable    = false
}

variable "endpoint" {
  description = "What is called; the audience of the token."
  type        = string
  nullable    = false
}

variable "id" {
  description = "The job's id."
  type        = string
  nullable    = false
}

variable "paused" {
  description = "Keep the job, but do not call."
  type        = bool
  default     = false
  nullable    = false
}

variable "project" {
  description = "The project's id."
  type        = string
  nullable    = false
}

variable "region" {
  description = "The region of the job."
  type        = string
  nullable    = false
}

variable "schedule" {
  description = "When (five fields of cron, in the time zone), and how long the door may take, in seconds."
  type        = object({ cron = string, time_zone = string, timeout = number })
  nullable    = false

  validation {
    condition     = can(regex("^(\\S+ ){4}\\S+$", var.schedule.cron))
    error_message = "A schedule has the five fields of cron."
  }
}
