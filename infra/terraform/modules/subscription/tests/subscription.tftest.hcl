mock_provider "google" {}

variables {
  id       = "work-prices-fresko"
  caller   = "call-work@retail.iam.gserviceaccount.com"
  endpoint = "https://work-42.europe-west1.run.app/push/prices/fresko"
  project  = { id = "retail", number = "42" }
  subscription = {
    topic                 = "prices-fresko", filter = "", ordering = false, ack_deadline = 60, min_backoff = 0.5, max_backoff = 60
    max_delivery_attempts = 5, dead_letter_topic = "prices-dead-fresko"
  }
}

run "a_push_is_signed_for_its_own_address" {
  command = plan

  assert {
    condition     = google_pubsub_subscription.this.push_config[0].oidc_token[0].audience == "https://work-42.europe-west1.run.app/push/prices/fresko"
    error_message = "One tenant's token opens no other tenant's path."
  }
}

run "what_fails_five_times_goes_where_it_is_read" {
  command = plan

  assert {
    condition     = google_pubsub_subscription.this.dead_letter_policy[0].dead_letter_topic == "projects/retail/topics/prices-dead-fresko"
    error_message = "To the card's dead letter."
  }
  assert {
    condition     = google_pubsub_subscription_iam_member.forwards[0].member == "serviceAccount:service-42@gcp-sa-pubsub.iam.gserviceaccount.com" && google_pubsub_subscription_iam_member.forwards[0].role == "roles/pubsub.subscriber"
    error_message = "Pub/Sub's agent takes it away, with a right to."
  }
}

run "it_never_expires_and_tries_again_slowly" {
  command = plan

  assert {
    condition     = google_pubsub_subscription.this.expiration_policy[0].ttl == "" && google_pubsub_subscription.this.retry_policy[0].minimum_backoff == "0.5s"
    error_message = "As the card says, and for ever."
  }
}

run "who_reads_dead_letters_has_none" {
  command = plan

  variables {
    subscription = { topic = "prices-dead-fresko", filter = "", ordering = false, ack_deadline = 60, min_backoff = 10, max_backoff = 600 }
  }

  assert {
    condition     = length(google_pubsub_subscription.this.dead_letter_policy) == 0 && length(google_pubsub_subscription_iam_member.forwards) == 0
    error_message = "It would go round in circles."
  }
}

run "attempts_without_an_end_are_refused" {
  command = plan

  variables {
    subscription = {
      topic                 = "prices-fresko", filter = "", ordering = false, ack_deadline = 60, min_backoff = 1, max_backoff = 60
      max_delivery_attempts = 5
    }
  }

  expect_failures = [var.subscription]
}

run "a_path_without_its_tenant_is_refused" {
  command = plan

  variables {
    endpoint = "https://work-42.europe-west1.run.app/push/prices/{tenantId}"
  }

  expect_failures = [var.endpoint]
}
