mock_provider "google" {}

variables {
  project  = "retail"
  domain   = "api.example.com"
  redis    = "retailscan"
  channels = { page = ["projects/retail/notificationChannels/1"], ticket = ["projects/retail/notificationChannels/2"] }
  doors = {
    scan  = { room = "scan", public = true, kind = "http", max_instances = 100, routes = ["/v1/stores/{storeId}/scans", "/v1/scan", "/v1/basket"] }
    apply = { room = "prices", public = false, kind = "events", max_instances = 20, routes = [] }
    exit  = { room = "gate", public = true, kind = "http", max_instances = 1, routes = ["/v1/stores/{storeId}/exits"] }
  }
  queues             = { apply-replay = "prices" }
  dead_subscriptions = ["archive-dead"]
  subscriptions = {
    apply-prices-fresko = { room = "prices", service = "apply", tenant = "fresko", dead = false }
    apply-dead-fresko   = { room = "prices", service = "apply", tenant = "fresko", dead = true }
  }
}

run "what_wakes_somebody_goes_to_who_is_woken" {
  command = plan

  assert {
    condition     = google_monitoring_alert_policy.this["dead_letters"].notification_channels == tolist(["projects/retail/notificationChannels/1"])
    error_message = "Dead letters wake somebody."
  }
  assert {
    condition     = google_monitoring_alert_policy.this["slow"].notification_channels == tolist(["projects/retail/notificationChannels/2"])
    error_message = "Slowness is read in the morning; what burns the objective wakes by itself."
  }
}

run "only_services_that_are_there_have_objectives" {
  command = plan

  assert {
    condition     = toset(keys(google_monitoring_slo.requests)) == toset(["scan-availability", "scan-latency"])
    error_message = "No checkout, no objective of it."
  }
  assert {
    condition     = length(google_monitoring_alert_policy.burn) == 6
    error_message = "Fast and slow, for two of scan and one of fresh prices."
  }
}

run "fresh_prices_are_those_of_messages_that_are_not_dead" {
  command = plan

  assert {
    condition     = strcontains(google_monitoring_slo.freshness[0].windows_based_sli[0].metric_mean_in_range[0].time_series, "\"apply-prices-.*\"")
    error_message = "Every tenant's, and no dead letter."
  }
}

run "a_door_is_asked_by_a_route_that_can_be_asked" {
  command = plan

  assert {
    condition     = toset(keys(google_monitoring_uptime_check_config.this)) == toset(["scan"])
    error_message = "A route with a placeholder alone cannot be asked."
  }
  assert {
    condition     = google_monitoring_uptime_check_config.this["scan"].http_check[0].path == "/v1/scan"
    error_message = "The first of the card's that is written out."
  }
}

run "each_room_has_a_board" {
  command = plan

  assert {
    condition     = toset(keys(google_monitoring_dashboard.this)) == toset(["scan", "prices", "gate"])
    error_message = "One each."
  }
  assert {
    condition     = strcontains(google_monitoring_dashboard.this["prices"].dashboard_json, "Tasks that wait") && !strcontains(google_monitoring_dashboard.this["scan"].dashboard_json, "Tasks that wait")
    error_message = "With what the room has."
  }
}

run "alerts_that_reach_nobody_are_refused" {
  command = plan

  variables {
    channels = { page = [], ticket = [] }
  }

  expect_failures = [var.channels]
}

run "a_promise_of_everything_is_refused" {
  command = plan

  variables {
    slos = { scan = { availability = 1, latency = { seconds = 1, share = 0.99 } } }
  }

  expect_failures = [var.slos]
}
