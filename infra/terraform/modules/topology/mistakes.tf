# What is wrong with the cards, a sentence each: the same that the contract tests say of them, for whoever only plans.

locals {
  required = { for name, each in local.schema["$defs"] : name => try(each.required, []) }
  parts = flatten([
    for room, card in local.cards : [
      [for name, each in try(card.topics, {}) : { at = "functions/${room}: topics.${name}", kind = "topic", keys = keys(each) }],
      [for name, each in try(card.jobs, {}) : { at = "functions/${room}: jobs.${name}", kind = "job", keys = keys(each) }],
      [for name, door in try(card.doors, {}) : concat(
        [{ at = "functions/${room}: doors.${name}", kind = "door", keys = keys(door) }],
        flatten([for kind in ["subscription", "queue", "schedule"] : [
          for own, each in try(door["${kind}s"], {}) :
          { at = "functions/${room}: doors.${name}.${kind}s.${own}", kind = kind, keys = keys(each) }
        ]]),
      )],
    ]
  ])
  unknown_keys = concat(
    flatten([for room, card in local.cards : [
      [for key in setsubtract(keys(card), local.known_keys.card) : "functions/${room}: the card has the unknown key ${key}"],
      [for part in ["events", "uses"] : [
        for key in setsubtract(keys(try(card[part], {})), keys(local.schema.properties[part].properties)) :
        "functions/${room}: ${part} has the unknown key ${key}"
      ]],
    ]]),
    flatten([for part in local.parts : [
      for key in setsubtract(part.keys, local.known_keys[part.kind]) : "${part.at} has the unknown key ${key}"
    ]]),
  )
  missing_keys = flatten([for part in local.parts : [
    for key in setsubtract(local.required[part.kind], part.keys) : "${part.at} lacks ${key}"
  ]])

  wrong_names = concat(
    [for room, card in local.cards : "functions/${room}: the card calls the room ${try(card.room, "nothing")}"
    if try(card.room, "") != room],
    [for service in keys(local.all_doors) : "${service}: a service account's name has at most 30 characters, so a service's at most 25"
    if length(service) > 25],
    flatten([for room, card in local.cards : [
      for name in keys(try(card.jobs, {})) :
      "the job ${name} of ${room}: a service account's name has at most 30 characters, so a job's with its room at most 26"
      if length("${local.service_prefix[room]}-${name}") > 26
    ]]),
    [for room in setsubtract(coalesce(var.rooms, []), keys(local.cards)) :
    "there is no room ${room}"],
  )

  topic_owners = {
    for name in toset(flatten([for card in local.cards : keys(try(card.topics, {}))])) :
    name => [for room, card in local.cards : room if contains(keys(try(card.topics, {})), name)]
  }
  wrong_topics = concat(
    flatten([
      for room, card in local.cards : [
        for name, topic in try(card.topics, {}) :
        "the topic ${name} has the schema ${try(topic.schema, "")}, which is not in functions/${room}"
        if !fileexists("${var.functions_dir}/${room}/${try(topic.schema, "function.yaml")}")
      ]
    ]),
    [for name, owners in local.topic_owners : "${join(" and ", owners)} both own the topic ${name}" if length(owners) > 1],
    flatten([
      for key, each in local.all_subscriptions : [
        for topic in compact([try(each.card.topic, ""), try(each.card.deadLetter, "")]) :
        "the subscription ${key} uses the topic ${topic}, which nobody owns" if !contains(keys(local.all_topics), topic)
      ]
    ]),
    # A tenant's systems publish to its own topics and Pub/Sub to dead letters; everything else needs a room that does.
    [
      for key, each in local.all_subscriptions :
      "the subscription ${key} listens to the topic ${each.card.topic}, to which nobody publishes"
      if contains(keys(local.all_topics), try(each.card.topic, "")) && !contains(local.dead_topics, try(each.card.topic, "")) &&
      !try(local.per_tenant[each.card.topic], false) && !contains(flatten(values(local.event_topics)), try(each.card.topic, ""))
    ],
    [
      for name in local.dead_topics : "the dead-letter topic ${name} has no subscription: its messages would be lost"
      if !contains([for each in local.all_subscriptions : try(each.card.topic, "")], name)
    ],
    [
      for key, each in local.all_subscriptions :
      "the subscription ${key} has no dead letter: what cannot be applied would come back for ever"
      if !can(each.card.deadLetter) && !contains(local.dead_topics, try(each.card.topic, ""))
    ],
    [
      for key, each in local.all_subscriptions :
      "the subscription ${key}: a topic per tenant goes with {tenantId} in the path, any other without"
      if contains(keys(local.all_topics), try(each.card.topic, "")) &&
      try(local.per_tenant[each.card.topic], false) != strcontains(try(each.card.path, ""), "{tenantId}")
    ],
  )

  wrong_events = concat(
    [for type, topics in local.event_topics : "the event ${type} has ${length(topics)} topics it could go to, not one"
    if length(topics) != 1],
    flatten([
      for room, card in local.cards : [
        for type in try(card.events.consumes, []) : "${room} consumes ${type}, which nobody publishes"
        if !contains(local.event_type, type)
      ]
    ]),
  )

  route_owners = {
    for path in toset(flatten([for door in local.all_doors : try(door.card.routes, [])])) :
    path => [for service, door in local.all_doors : service if contains(try(door.card.routes, []), path)]
  }
  wrong_routes = [
    for path, owners in local.route_owners : "${join(" and ", owners)} both claim the route ${path}" if length(owners) > 1
  ]

  wrong_times = concat(
    flatten([for service, door in local.all_doors : [
      for name, schedule in try(door.card.schedules, {}) :
      "the schedule ${service}-${name}: every ${schedule.every} seconds divides neither an hour nor a day; write it as cron"
      if can(schedule.every) && !contains(keys(local.crons), try(tostring(schedule.every), ""))
    ]]),
    flatten([for room, card in local.cards : [
      for name, job in try(card.jobs, {}) :
      "the job ${name} of ${room}: every ${job.every} seconds divides neither an hour nor a day; write it as cron"
      if can(job.every) && !contains(keys(local.crons), try(tostring(job.every), ""))
    ]]),
  )

  # What a card may ask for, and where modules/door grants it. A role that is not here would be granted nowhere.
  known_roles = {
    "roles/pubsub.publisher"               = "on each topic of the room and of its events"
    "roles/cloudtasks.enqueuer"            = "on each queue of the room"
    "roles/storage.objectUser"             = "on the buckets that the door's environment names"
    "roles/storage.objectViewer"           = "on the buckets that the door's environment names"
    "roles/secretmanager.admin"            = "on the secrets of connections alone"
    "roles/secretmanager.secretAccessor"   = "on the secrets of connections alone"
    "roles/iam.serviceAccountTokenCreator" = "on the door's own service account"
    "roles/firebasecloudmessaging.admin"   = "in the project, as the one permission to send"
    "roles/monitoring.viewer"              = "in the project, as the one permission to read figures, where OPERATIONS_SOURCE is google"
    "roles/logging.viewer"                 = "in the project, as the one permission to read log lines, where OPERATIONS_SOURCE is google"
  }
  wrong_roles = flatten([
    for service, door in local.all_doors : [
      for role in try(door.card.roles, []) : "${service} asks for ${role}, which modules/door does not know how to grant"
      if !contains(keys(local.known_roles), role)
    ]
  ])

  mistakes = concat(
    local.unknown_keys, local.missing_keys, local.wrong_names, local.wrong_topics, local.wrong_events, local.wrong_routes,
    local.wrong_times, local.wrong_roles,
  )
}
