mock_provider "google" {}

variables {
  project       = "retail"
  region        = "europe-west1"
  domain        = "api.example.com"
  static_bucket = "retail-static"
  routes = [
    { priority = 1, path = "/v1/stores/{storeId}/exits", service = "exit-gate", template = true },
    { priority = 2, path = "/v1/stores/staff", service = null, template = false },
    { priority = 3, path = "/v1/stores", service = "catalog", template = false },
  ]
}

run "a_route_is_matched_as_itself_and_as_what_is_below_it" {
  command = plan

  assert {
    condition = [
      for match in google_compute_url_map.this.path_matcher[0].route_rules[2].match_rules : coalesce(match.full_path_match, match.prefix_match)
    ] == ["/v1/stores", "/v1/stores/"]
    error_message = "A prefix of the load balancer does not stop at a slash."
  }
  assert {
    condition = [
      for match in google_compute_url_map.this.path_matcher[0].route_rules[0].match_rules : match.path_template_match
    ] == ["/v1/stores/*/exits", "/v1/stores/*/exits/**"]
    error_message = "A placeholder stands for one segment."
  }
}

run "a_private_route_has_a_rule_but_no_backend" {
  command = plan

  assert {
    condition     = length(google_compute_url_map.this.path_matcher[0].route_rules) == 3 && length(google_compute_backend_service.this) == 2
    error_message = "It leads nowhere and hides no other."
  }
}

run "requests_are_counted_by_where_they_lead" {
  command = plan

  assert {
    condition = one([
      for rule in google_compute_security_policy.this.rule : rule.match[0].expr[0].expression if rule.description == "Requests of one address to exit-gate."
    ]) == "request.path.matches('^(?:/v1/stores/[^/]+/exits)(?:/|$)')"
    error_message = "By the route's own pattern."
  }
  assert {
    condition = one([
      for rule in google_compute_security_policy.this.rule : rule.priority if rule.description == "Requests of one address to exit-gate."
      ]) < one([
      for rule in google_compute_security_policy.this.rule : rule.priority if rule.description == "Requests of one address to catalog."
    ])
    error_message = "The narrower route first: the first rule that fits decides."
  }
}

run "a_route_may_have_a_limit_of_its_own" {
  command = plan

  variables {
    rate_limits = { routes = { "/v1/stores/{storeId}/exits" = { per_minute = 60, ban_per_minute = 600 } } }
  }

  assert {
    condition = one([
      for rule in google_compute_security_policy.this.rule : rule if rule.description == "Requests of one address to /v1/stores/{storeId}/exits."
    ]).rate_limit_options[0].rate_limit_threshold[0].count == 60
    error_message = "Its own."
  }
  assert {
    condition     = length([for rule in google_compute_security_policy.this.rule : rule if startswith(rule.description, "Requests of")]) == 2
    error_message = "It is counted once: the service has no other route."
  }
}

run "attacks_may_be_only_looked_at" {
  command = plan

  variables {
    waf_preview = true
  }

  assert {
    condition     = alltrue([for rule in google_compute_security_policy.this.rule : rule.preview if startswith(rule.description, "Known attacks")])
    error_message = "In preview nothing is refused."
  }
}

run "candidates_answer_under_a_name_of_their_own" {
  command = plan

  variables {
    candidates = true
  }

  assert {
    condition     = google_compute_region_network_endpoint_group.this["candidate-catalog"].cloud_run[0].tag == "candidate" && google_compute_backend_service.this["candidate-catalog"].enable_cdn == false
    error_message = "By the revision with the tag, and never from a cache."
  }
  assert {
    condition     = toset(google_certificate_manager_certificate.this.managed[0].domains) == toset(["api.example.com", "candidate.api.example.com"])
    error_message = "With a certificate."
  }
}

run "plain_http_is_sent_to_https" {
  command = plan

  assert {
    condition     = google_compute_url_map.redirect.default_url_redirect[0].https_redirect && google_compute_ssl_policy.this.min_tls_version == "TLS_1_2"
    error_message = "And nothing older than TLS 1.2."
  }
}

run "a_url_is_no_domain" {
  command = plan

  variables {
    domain = "https://api.example.com"
  }

  expect_failures = [var.domain]
}
