mock_provider "google" {}

variables {
  account = { email = "door-work@retail.iam.gserviceaccount.com", name = "projects/retail/serviceAccounts/door-work@retail.iam.gserviceaccount.com" }
  caller  = "call-work@retail.iam.gserviceaccount.com"
  acts_as = "projects/retail/serviceAccounts/call-work@retail.iam.gserviceaccount.com"
  image   = "registry/work@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  network = { network = "retail", subnetwork = "doors" }
  project = { id = "retail", number = "42" }
  region  = "europe-west1"
  roles = {
    connection_secrets_create = "projects/retail/roles/retailscan_connection_secrets_create"
    connection_secrets_manage = "projects/retail/roles/retailscan_connection_secrets_manage"
    logs_read                 = "projects/retail/roles/retailscan_logs_read"
    messages_send             = "projects/retail/roles/retailscan_messages_send"
    metrics_read              = "projects/retail/roles/retailscan_metrics_read"
  }
  secret_versions = { redis-url = "3" }
  service         = "work"
  door = {
    room          = "work"
    name          = "events"
    kind          = "events"
    target        = "work"
    public        = false
    cpu           = 1
    memory        = "256Mi"
    concurrency   = 8
    min_instances = 0
    max_instances = 4
    timeout       = 60
    secrets       = { REDIS_URL = "redis-url" }
    roles         = []
    publishes     = []
    enqueues      = []
  }
}

run "a_private_door_is_open_to_its_caller_alone" {
  command = plan

  assert {
    condition     = google_cloud_run_v2_service.this.ingress == "INGRESS_TRAFFIC_INTERNAL_ONLY"
    error_message = "Nobody reaches it from outside."
  }
  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.public) == 0
    error_message = "It is not open to everybody."
  }
  assert {
    condition     = google_cloud_run_v2_service_iam_member.caller[0].member == "serviceAccount:call-work@retail.iam.gserviceaccount.com"
    error_message = "The room's caller calls it."
  }
}

run "a_public_door_is_open_behind_the_load_balancer" {
  command = plan

  variables {
    service = "shop"
    door = {
      room          = "shop", name = "http", kind = "http", target = "shop", public = true, cpu = 2, memory = "1Gi", concurrency = 80
      min_instances = 2, max_instances = 9, timeout = 12, secrets = {}, roles = [], publishes = [], enqueues = []
    }
  }

  assert {
    condition     = google_cloud_run_v2_service.this.ingress == "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER" && google_cloud_run_v2_service.this.default_uri_disabled
    error_message = "Only the load balancer leads to it."
  }
  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.caller) == 0
    error_message = "Nothing pushes to it."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].containers[0].resources[0].cpu_idle == false
    error_message = "A warm door keeps its CPU between requests: it listens."
  }
}

run "the_second_generation_gets_the_memory_that_it_needs" {
  command = plan

  assert {
    condition     = google_cloud_run_v2_service.this.template[0].containers[0].resources[0].limits.memory == "512Mi"
    error_message = "256Mi is too little for the second generation."
  }
}

run "a_secret_is_read_by_the_number_of_its_version" {
  command = plan

  assert {
    condition = one([
      for env in google_cloud_run_v2_service.this.template[0].containers[0].env :
      env.value_source[0].secret_key_ref[0].version if env.name == "REDIS_URL"
    ]) == "3"
    error_message = "The version that secret_versions names."
  }
  assert {
    condition     = google_secret_manager_secret_iam_member.secrets["REDIS_URL"].secret_id == "redis-url"
    error_message = "The door may read this secret, not all."
  }
}

run "the_latest_version_of_a_secret_is_refused" {
  command = plan

  variables {
    secret_versions = { redis-url = "latest" }
  }

  expect_failures = [var.secret_versions]
}

run "a_secret_without_a_version_is_refused" {
  command = plan

  variables {
    secret_versions = {}
  }

  expect_failures = [google_cloud_run_v2_service.this]
}

run "an_image_by_its_tag_is_refused" {
  command = plan

  variables {
    image = "registry/work:latest"
  }

  expect_failures = [var.image]
}

run "a_public_door_of_events_is_refused" {
  command = plan

  variables {
    door = {
      room        = "work", name = "events", kind = "events", target = "work", public = true, cpu = 1, memory = "512Mi"
      concurrency = 8, min_instances = 0, max_instances = 4, timeout = 60, secrets = {}, roles = [], publishes = [], enqueues = []
    }
  }

  expect_failures = [var.door]
}

run "wide_roles_of_a_card_are_granted_narrowly" {
  command = plan

  variables {
    buckets = { IMPORT_BUCKET = "retail-import" }
    door = {
      room        = "work", name = "events", kind = "events", target = "work", public = false, cpu = 1, memory = "512Mi"
      concurrency = 8, min_instances = 0, max_instances = 4, timeout = 60, secrets = {}
      roles       = ["roles/storage.objectUser", "roles/secretmanager.admin", "roles/pubsub.publisher", "roles/cloudtasks.enqueuer"]
      publishes   = ["events"]
      enqueues    = ["work-publish"]
    }
  }

  assert {
    condition     = google_storage_bucket_iam_member.buckets["IMPORT_BUCKET/roles/storage.objectUser"].bucket == "retail-import"
    error_message = "On its bucket."
  }
  assert {
    condition     = google_project_iam_member.connection_secrets_manage[0].role == "projects/retail/roles/retailscan_connection_secrets_manage" && strcontains(google_project_iam_member.connection_secrets_manage[0].condition[0].expression, "projects/42/secrets/import_")
    error_message = "On the secrets that it makes itself."
  }
  assert {
    condition     = length(google_pubsub_topic_iam_member.publishes) == 1 && length(google_cloud_tasks_queue_iam_member.enqueues) == 1 && length(google_service_account_iam_member.acts_as) == 1
    error_message = "On its topic, its queue, and to sign its tasks as the room's caller."
  }
}

run "an_environment_may_be_smaller" {
  command = plan

  variables {
    instances = { min = 1, max = 2 }
  }

  assert {
    condition     = google_cloud_run_v2_service.this.template[0].scaling[0].min_instance_count == 1 && google_cloud_run_v2_service.this.template[0].scaling[0].max_instance_count == 2
    error_message = "Overridden by the environment."
  }
}

run "googles_figures_are_read_by_a_door_that_is_told_to" {
  command = plan

  variables {
    environment = { OPERATIONS_SOURCE = "google" }
    door = {
      room          = "shop", name = "http", kind = "http", target = "shop", public = true, cpu = 2, memory = "1Gi", concurrency = 80
      min_instances = 2, max_instances = 9, timeout = 12, secrets = {}, publishes = [], enqueues = []
      roles         = ["roles/monitoring.viewer", "roles/logging.viewer"]
    }
  }

  assert {
    condition     = one(google_project_iam_member.metrics_read).role == "projects/retail/roles/retailscan_metrics_read"
    error_message = "By the one permission that is used."
  }
  assert {
    condition     = one(google_project_iam_member.logs_read).role == "projects/retail/roles/retailscan_logs_read"
    error_message = "By the one permission that is used."
  }
}

run "googles_figures_are_nobody_elses" {
  command = plan

  variables {
    environment = { OPERATIONS_SOURCE = "none" }
    door = {
      room          = "shop", name = "http", kind = "http", target = "shop", public = true, cpu = 2, memory = "1Gi", concurrency = 80
      min_instances = 2, max_instances = 9, timeout = 12, secrets = {}, publishes = [], enqueues = []
      roles         = ["roles/monitoring.viewer", "roles/logging.viewer"]
    }
  }

  assert {
    condition     = length(google_project_iam_member.metrics_read) + length(google_project_iam_member.logs_read) == 0
    error_message = "What asks nobody needs no right to ask."
  }
}
