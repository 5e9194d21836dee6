output "doors" {
  description = "Every Cloud Run service by its name: size, route, environment, secrets and what it may reach."
  value       = local.doors

  precondition {
    condition     = length(local.mistakes) == 0
    error_message = join("\n", concat(["The cards do not fit together:"], local.mistakes))
  }
}

output "mistakes" {
  description = "What is wrong with the cards, a sentence each; none means nothing."
  value       = local.mistakes
}

output "rooms" {
  description = "Every deployed room: its services by door, and those that queues, schedules and messages lead to."
  value = {
    for room in keys(local.chosen) : room => {
      purpose  = local.cards[room].purpose
      services = sort([for service, door in local.doors : service if door.room == room])
      private  = sort([for service, door in local.doors : service if door.room == room && door.kind == "events"])
    }
  }
}

output "topics" {
  description = "Every Pub/Sub topic by its id, a tenant's own among them."
  value       = local.topics
}

output "subscriptions" {
  description = "Every push subscription by its id, with the tenant filled in."
  value       = local.subscriptions
}

output "queues" {
  description = "Every Cloud Tasks queue by its id."
  value       = local.queues
}

output "schedules" {
  description = "Every Cloud Scheduler job that calls a door, by its id."
  value       = local.schedules
}

output "jobs" {
  description = "Every Cloud Run job by its name."
  value       = local.jobs
}

output "routes" {
  description = "The public routes in the order in which they are to be tried; service is null where they lead nowhere."
  value       = local.routes
}

output "secrets" {
  description = "Every secret that a card names: variable to id in Secret Manager."
  value       = local.secret_ids
}

output "databases" {
  description = "For every room the collections it owns, writes and only reads."
  value       = local.databases
}

output "buckets" {
  description = "The environment variables that name a bucket; a bucket is made for each."
  value       = toset(flatten([for door in local.doors : [for name in door.env : name if endswith(name, "_BUCKET")]]))
}

output "events" {
  description = "The topic of each event."
  value       = { for type, topics in local.event_topics : type => one(topics) if length(topics) == 1 }
}
