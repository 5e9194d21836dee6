mock_provider "google" {}

variables {
  project = "retail"
  region  = "europe-west1"
  network = { id = "projects/retail/global/networks/retail", range = "services" }
  size    = { memory_gb = 5 }
}

run "it_is_private_encrypted_and_has_a_replica" {
  command = plan

  assert {
    condition     = google_redis_instance.this.auth_enabled && google_redis_instance.this.transit_encryption_mode == "SERVER_AUTHENTICATION" && google_redis_instance.this.tier == "STANDARD_HA"
    error_message = "A password, TLS, a replica."
  }
}

run "it_says_what_it_forgets_and_keeps_room_for_a_snapshot" {
  command = plan

  assert {
    condition     = google_redis_instance.this.redis_configs["maxmemory-policy"] == "volatile-ttl" && google_redis_instance.this.redis_configs["maxmemory-gb"] == "4"
    error_message = "What ends soonest; four fifths."
  }
}

run "many_replicas_of_little_are_refused" {
  command = plan

  variables {
    size = { memory_gb = 1, replicas = 2 }
  }

  expect_failures = [var.size]
}

run "none_is_refused" {
  command = plan

  variables {
    size = { memory_gb = 1, replicas = 0 }
  }

  expect_failures = [var.size]
}
