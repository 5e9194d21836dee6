# The cards of this repository, without any provider. What a wrong card is told is in tests/infra/terraform.

variables {
  functions_dir = "../../../../functions"
  tenants       = ["fresko", "nordmarkt"]
}

run "the_cards_fit_together" {
  command = plan

  assert {
    condition     = length(output.mistakes) == 0
    error_message = join("\n", output.mistakes)
  }
}

run "services_are_named_after_room_and_door" {
  command = plan

  assert {
    condition     = output.doors["price-ingest"].room == "price_ingest" && output.doors["price-ingest"].name == "http"
    error_message = "The http door has the room's name, with dashes."
  }
  assert {
    condition     = output.doors["price-ingest-apply"].name == "apply"
    error_message = "Another door adds its own."
  }
}

run "a_topic_of_tenants_exists_for_each_and_leads_to_its_own_path" {
  command = plan

  assert {
    condition     = output.subscriptions["price-ingest-apply-price-updates-nordmarkt"].path == "/push/price-updates/nordmarkt"
    error_message = "A message's tenant is the subscription that it came through."
  }
  assert {
    condition     = output.topics["price-updates-fresko"].inbound && !output.topics["price-updates-dead-fresko"].inbound
    error_message = "A tenant's systems publish to its topics, not to their dead letters."
  }
}

run "without_rooms_there_are_secrets_and_topics_but_no_doors" {
  command = plan

  variables {
    rooms = []
  }

  assert {
    condition     = length(output.doors) == 0 && length(output.jobs) == 0 && length(output.secrets) > 2 && length(output.topics) > 2
    error_message = "The first apply comes before images and values of secrets."
  }
}

run "a_tenant_without_a_proper_id_is_refused" {
  command = plan

  variables {
    tenants = ["Fresko GmbH"]
  }

  expect_failures = [var.tenants]
}

run "a_room_that_is_not_there_is_refused" {
  command = plan

  variables {
    rooms = ["scam"]
  }

  expect_failures = [output.doors]
}
