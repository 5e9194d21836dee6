mock_provider "google" {}
mock_provider "mongodbatlas" {}

variables {
  name              = "retailscan-prod"
  org_id            = "0"
  project           = "retail"
  identity_provider = { federation_settings_id = "1" }
  region            = { google = "europe-west1", atlas = "WESTERN_EUROPE" }
  network           = { network = "n", subnetwork = "s", address = "10.40.0.2" }
  alerts_to         = ["on-call@example.com"]
  cluster           = { size = "M30", max_size = "M60", disk_gb = 100 }
  rooms = {
    scan   = { owns = [], write = ["idempotency"], read = ["products"] }
    prices = { owns = ["batches"], write = ["batches", "products", "idempotency"], read = ["stores"] }
  }
  users = {
    door-scan  = { unique_id = "111", room = "scan", rights = "room" }
    job-audit  = { unique_id = "222", room = "prices", rights = "read" }
    job-making = { unique_id = "333", room = "prices", rights = "migrate" }
  }
}

run "backups_reach_back_to_the_second" {
  command = plan

  assert {
    condition     = mongodbatlas_advanced_cluster.this.pit_enabled && mongodbatlas_cloud_backup_schedule.this.restore_window_days == 7
    error_message = "A week, to the second."
  }
  assert {
    condition     = mongodbatlas_cloud_backup_schedule.this.policy_item_daily[0].retention_value == 30
    error_message = "A month, by day."
  }
}

run "a_room_writes_its_own_and_reads_what_it_says" {
  command = plan

  assert {
    condition     = { for action in mongodbatlas_custom_db_role.this["room-scan"].actions : action.action => toset(action.resources[*].collection_name) }["FIND"] == toset(["idempotency", "products"])
    error_message = "It reads both."
  }
  assert {
    condition     = { for action in mongodbatlas_custom_db_role.this["room-scan"].actions : action.action => toset(action.resources[*].collection_name) }["UPDATE"] == toset(["idempotency"])
    error_message = "It writes what the ground floor keeps, and no product."
  }
}

run "who_makes_collections_reads_no_document_of_them" {
  command = plan

  assert {
    condition     = !contains(mongodbatlas_custom_db_role.this["migrate-prices"].actions[*].action, "FIND") && !contains(keys(mongodbatlas_custom_db_role.this), "migrate-scan")
    error_message = "A migration changes indexes and validators; a room without collections has none."
  }
}

run "everybody_signs_in_without_a_password" {
  command = plan

  assert {
    condition     = alltrue([for user in mongodbatlas_database_user.this : user.oidc_auth_type == "USER" && user.auth_database_name == "$external"])
    error_message = "By the token that Google signs for the service account."
  }
}

run "shards_are_entries" {
  command = plan

  variables {
    cluster = { size = "M30", max_size = "M60", disk_gb = 100, shards = 3 }
  }

  assert {
    condition     = mongodbatlas_advanced_cluster.this.cluster_type == "SHARDED" && length(mongodbatlas_advanced_cluster.this.replication_specs) == 3
    error_message = "One entry a shard."
  }
}

run "a_cluster_too_small_for_a_private_endpoint_is_refused" {
  command = plan

  variables {
    cluster = { size = "M0", max_size = "M10", disk_gb = 10 }
  }

  expect_failures = [var.cluster]
}

run "an_even_number_of_nodes_is_refused" {
  command = plan

  variables {
    cluster = { size = "M30", max_size = "M60", disk_gb = 10, nodes = 4 }
  }

  expect_failures = [var.cluster]
}

run "backups_that_do_not_keep_the_promise_are_refused" {
  command = plan

  variables {
    backup = { daily_days = 2 }
  }

  expect_failures = [var.backup]
}
