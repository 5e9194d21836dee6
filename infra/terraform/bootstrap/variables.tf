variable "approvers" {
  description = "Who may let a release go to production (user:..., group:...)."
  type        = list(string)
  nullable    = false

  validation {
    condition     = alltrue([for member in var.approvers : can(regex("^(user|group):", member))])
    error_message = "An approver is a person or a group of people: no machine approves what a machine has built."
  }
}

variable "billing_account" {
  description = "The billing account of the projects, on which environments keep their budgets; null where they have none. Needs the right to give roles on it."
  type        = string
  default     = null
}

variable "ci" {
  description = "The repository whose builds may sign in from outside, without a key: issuer of their tokens, repository and branch as the tokens say them, and their subject where it is not repo:<repository>:ref:<branch>. Null for none."
  type = object({
    issuer     = optional(string, "https://token.actions.githubusercontent.com")
    repository = string
    branch     = optional(string, "refs/heads/main")
    subject    = optional(string)
  })
  default = null

  validation {
    condition     = var.ci == null || can(regex("^[^/ ]+/[^ ]+$", var.ci.repository)) && startswith(var.ci.branch, "refs/heads/")
    error_message = "The repository is written owner/name and the branch refs/heads/main: a condition on less lets in everybody's builds."
  }
}

variable "environments" {
  description = "The projects of the environments. One of them may be the operations project itself, for a trial."
  type        = map(object({ project_id = string, project_number = string }))
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.environments), ["dev", "staging", "prod"])) == 0
    error_message = "There are three environments: dev, staging and prod."
  }
}

variable "project" {
  description = "The operations project: state, images, signatures, pipeline."
  type        = object({ id = string, number = string })
  nullable    = false
}

variable "region" {
  description = "The region of everything."
  type        = string
  nullable    = false
}

variable "scan_location" {
  description = "Where images are scanned: europe, us or asia."
  type        = string
  default     = "europe"
  nullable    = false
}

variable "source_repository" {
  description = "The repository as Cloud Build knows it (projects/.../connections/.../repositories/...), connected once by hand, and its branch. Null makes no triggers."
  type        = object({ id = string, branch = optional(string, "main") })
  default     = null
}

variable "tools" {
  description = "The images that the pipeline runs in, by digest, from your own mirror: cloudbuild.yaml's _PYTHON, _DOCKER, _CLOUD_SDK, _TERRAFORM."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([
      for name, image in var.tools :
      contains(["_PYTHON", "_DOCKER", "_CLOUD_SDK", "_TERRAFORM"], name) && can(regex("@sha256:[0-9a-f]{64}$", image))
    ])
    error_message = "A tool is one of _PYTHON, _DOCKER, _CLOUD_SDK, _TERRAFORM and named by its digest."
  }
}
