# The cards of the rooms as typed maps, by the same names that functions/common/cards.py gives them. No provider is needed
# to understand them, so this module is tested alone and at once.

locals {
  schema = jsondecode(file("${var.functions_dir}/common/card.schema.json"))

  # Terraform would drop a key that it does not know without a word: mistakes.tf asks the schema for the known ones.
  known_keys = merge(
    { card = keys(local.schema.properties) },
    { for name, each in local.schema["$defs"] : name => keys(each.properties) if can(keys(each.properties)) },
  )

  cards = {
    for path in fileset(var.functions_dir, "*/function.yaml") :
    dirname(path) => yamldecode(file("${var.functions_dir}/${path}"))
  }
  chosen = { for room, card in local.cards : room => card if var.rooms == null || try(contains(var.rooms, room), false) }

  # Cloud Run refuses underscores, Python refuses dashes.
  service_prefix = { for room in keys(local.cards) : room => replace(room, "_", "-") }

  all_doors = merge([
    for room, card in local.cards : {
      for name, door in try(card.doors, {}) :
      (name == "http" ? local.service_prefix[room] : "${local.service_prefix[room]}-${name}") =>
      { room = room, name = name, card = door }
    }
  ]...)

  all_topics = merge([
    for room, card in local.cards : { for name, topic in try(card.topics, {}) : name => { room = room, card = topic } }
  ]...)

  all_subscriptions = merge([
    for service, door in local.all_doors : {
      for name, each in try(door.card.subscriptions, {}) : "${service}-${name}" => {
        room = door.room, service = service, name = name, card = each
      }
    }
  ]...)

  dead_topics = toset([for each in local.all_subscriptions : each.card.deadLetter if can(each.card.deadLetter)])

  per_tenant = { for name, topic in local.all_topics : name => try(topic.card.perTenant, false) }

  # Where a topic exists once for each tenant, its id ends in the tenant's.
  topic_ids = {
    for name, per_tenant in local.per_tenant :
    name => per_tenant ? { for tenant in var.tenants : tenant => "${name}-${tenant}" } : { "" = name }
  }
}

locals {
  # An event `noun.happened` goes to `noun-events`, or to the topic of events that one of its publishers owns.
  published  = { for room, card in local.cards : room => try(card.events.publishes, []) }
  event_type = toset(flatten(values(local.published)))
  event_topics = {
    for type in local.event_type : type => (
      contains(keys(local.all_topics), "${split(".", type)[0]}-events") ? ["${split(".", type)[0]}-events"] : [
        for name, topic in local.all_topics : name
        if endswith(name, "-events") && contains(local.published[topic.room], type)
      ]
    )
  }

  # A room may publish to its own topics, except those that only Pub/Sub fills, and to the topics of its events.
  room_publishes = {
    for room in keys(local.cards) : room => setunion(
      [for name, topic in local.all_topics : name if topic.room == room && !contains(local.dead_topics, name)],
      flatten([for type in local.published[room] : local.event_topics[type]]),
    )
  }
  room_queues = {
    for room in keys(local.cards) : room => flatten([
      for service, door in local.all_doors : [for name in keys(try(door.card.queues, {})) : "${service}-${name}"]
      if door.room == room
    ])
  }

  # MONGODB_URI is each room's own, every other secret has one value for all who name it.
  secret_ids = {
    for name in toset(flatten(concat(
      [for door in local.all_doors : try(door.card.secrets, [])],
      [for card in local.cards : [for job in try(card.jobs, {}) : try(job.secrets, [])]],
      ["MONGODB_URI"],
    ))) : name => lower(replace(name, "_", "-"))
  }
}

locals {
  doors = {
    for service, door in local.all_doors : service => {
      room          = door.room
      name          = door.name
      kind          = try(door.card.kind, null)
      target        = try(door.card.target, null)
      public        = try(door.card.public, null)
      cpu           = try(door.card.cpu, null)
      memory        = try(door.card.memory, null)
      concurrency   = try(door.card.concurrency, null)
      min_instances = try(door.card.minInstances, null)
      max_instances = try(door.card.maxInstances, null)
      timeout       = try(door.card.timeout, null)
      routes        = try(door.card.routes, [])
      env           = toset(try(door.card.env, []))
      secrets       = { for name in try(door.card.secrets, []) : name => local.secret_ids[name] }
      roles         = toset(try(door.card.roles, []))
      publishes = toset(!contains(try(door.card.roles, []), "roles/pubsub.publisher") ? [] : flatten([
        for topic in local.room_publishes[door.room] : values(local.topic_ids[topic])
      ]))
      enqueues = toset(!contains(try(door.card.roles, []), "roles/cloudtasks.enqueuer") ? [] : local.room_queues[door.room])
      buckets = toset(!anytrue([for role in try(door.card.roles, []) : startswith(role, "roles/storage.")]) ? [] : [
        for name in try(door.card.env, []) : name if endswith(name, "_BUCKET")
      ])
    } if contains(keys(local.chosen), door.room)
  }

  topics = merge([
    for name, topic in local.all_topics : {
      for tenant, id in local.topic_ids[name] : id => {
        room        = topic.room
        topic       = name
        tenant      = tenant == "" ? null : tenant
        description = try(topic.card.description, null)
        schema      = try(topic.card.schema, null)
        dead        = contains(local.dead_topics, name)
        # What a tenant's own systems may publish to.
        inbound = tenant != "" && !contains(local.dead_topics, name)
      }
    }
  ]...)

  subscriptions = merge([
    for key, each in local.all_subscriptions : {
      for tenant, topic in try(local.topic_ids[each.card.topic], {}) : (tenant == "" ? key : "${key}-${tenant}") => {
        room                  = each.room
        service               = each.service
        topic                 = topic
        tenant                = tenant == "" ? null : tenant
        path                  = replace(try(each.card.path, ""), "{tenantId}", tenant)
        filter                = try(each.card.filter, "")
        ordering              = try(each.card.ordering, false)
        ack_deadline          = try(each.card.ackDeadline, null)
        min_backoff           = try(each.card.minBackoff, null)
        max_backoff           = try(each.card.maxBackoff, null)
        max_delivery_attempts = try(each.card.maxDeliveryAttempts, null)
        dead_letter_topic     = try(local.topic_ids[each.card.deadLetter][tenant], null)
      }
    } if contains(keys(local.chosen), each.room)
  ]...)

  queues = merge([
    for service, door in local.all_doors : {
      for name, queue in try(door.card.queues, {}) : "${service}-${name}" => {
        room                      = door.room
        service                   = service
        path                      = try(queue.path, null)
        max_dispatches_per_second = try(queue.maxDispatchesPerSecond, null)
        max_concurrent_dispatches = try(queue.maxConcurrentDispatches, null)
        max_attempts              = try(queue.maxAttempts, null)
        min_backoff               = try(queue.minBackoff, null)
        max_backoff               = try(queue.maxBackoff, null)
      }
    } if contains(keys(local.chosen), door.room)
  ]...)

  schedules = merge([
    for service, door in local.all_doors : {
      for name, schedule in try(door.card.schedules, {}) : "${service}-${name}" => {
        room      = door.room
        service   = service
        path      = try(schedule.path, null)
        cron      = try(schedule.cron, local.crons[schedule.every], null)
        time_zone = try(schedule.timeZone, "Etc/UTC")
        timeout   = try(door.card.timeout, null)
      }
    } if contains(keys(local.chosen), door.room)
  ]...)

  # Every so many minutes, hours or days, as long as they divide the next larger unit: anything else would drift in cron.
  crons = merge(
    { for n in [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30] : n * 60 => n == 1 ? "* * * * *" : "*/${n} * * * *" },
    { for n in [1, 2, 3, 4, 6, 8, 12] : n * 3600 => n == 1 ? "0 * * * *" : "0 */${n} * * *" },
    { 86400 = "0 0 * * *" },
  )
}

locals {
  # Cloud Run jobs: those that a card declares, and one for each room that owns collections, which brings them about.
  jobs = merge(
    {
      for room, card in local.chosen : "${local.service_prefix[room]}-migrate" => {
        room      = room
        name      = "migrate"
        purpose   = "Brings about the collections, indexes and validators of this room."
        args      = ["migrate"]
        cpu       = 1
        memory    = "512Mi"
        timeout   = 3600
        retries   = 1
        secrets   = { MONGODB_URI = local.secret_ids["MONGODB_URI"] }
        cron      = null
        time_zone = "Etc/UTC"
        database  = "migrate"
      } if length(try(card.collections, [])) > 0
    },
    merge([
      for room, card in local.chosen : {
        for name, job in try(card.jobs, {}) : "${local.service_prefix[room]}-${name}" => {
          room      = room
          name      = name
          purpose   = try(job.purpose, null)
          args      = try(job.args, null)
          cpu       = try(job.cpu, null)
          memory    = try(job.memory, null)
          timeout   = try(job.timeout, null)
          retries   = 0
          secrets   = { for secret in try(job.secrets, []) : secret => local.secret_ids[secret] }
          cron      = try(job.cron, local.crons[job.every], null)
          time_zone = try(job.timeZone, "Etc/UTC")
          database  = try(job.database, null)
        }
      }
    ]...),
  )

  # What a room may do in MongoDB: everything with its own collections and with what the ground floor keeps, and with
  # others' only what its card says.
  shared_collections = ["dead_letters", "idempotency"]
  databases = {
    for room, card in local.chosen : room => {
      owns  = toset(try(card.collections, []))
      write = toset(concat(try(card.collections, []), local.shared_collections, try(card.uses.write, [])))
      read  = setsubtract(toset(try(card.uses.read, [])), try(card.uses.write, []))
    }
  }

  # The load balancer takes the first route that fits, so they are sorted as the local gateway looks for them: most
  # segments first, then the one whose names are written out.
  all_routes = merge([
    for service, door in local.all_doors : {
      for path in try(door.card.routes, []) : path => { service = service, public = try(door.card.public, false) }
    } if contains(keys(local.chosen), door.room)
  ]...)
  route_order = {
    for path in keys(local.all_routes) : join(" ", [
      format("%02d", 99 - length(split("/", trim(path, "/")))),
      join("", [for segment in split("/", trim(path, "/")) : startswith(segment, "{") ? "1" : "0"]),
      path,
    ]) => path
  }
  routes = [
    for index, key in sort(keys(local.route_order)) : {
      priority = index + 1
      path     = local.route_order[key]
      # A private door's route leads nowhere from outside, and hides no other.
      service  = local.all_routes[local.route_order[key]].public ? local.all_routes[local.route_order[key]].service : null
      template = strcontains(local.route_order[key], "{")
    }
  ]
}
