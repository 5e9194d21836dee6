mock_provider "google" {}

variables {
  project  = "retail"
  region   = "europe-west1"
  fetchers = { import-publish-work = ["22"] }
}

run "nothing_comes_in_and_little_goes_out" {
  command = plan

  assert {
    condition     = one(google_compute_firewall.deny_in.deny).protocol == "all" && one(google_compute_firewall.deny_out.deny).protocol == "all"
    error_message = "What is not named is refused."
  }
  assert {
    condition     = google_compute_firewall.fetchers["import-publish-work"].target_tags == toset(["import-publish-work"])
    error_message = "SFTP is for who fetches files."
  }
}

run "others_see_addresses_that_stay" {
  command = plan

  variables {
    nat_addresses = 2
  }

  assert {
    condition     = length(google_compute_address.nat) == 2 && google_compute_router_nat.this.nat_ip_allocate_option == "MANUAL_ONLY"
    error_message = "They can let these in."
  }
}

run "a_range_that_is_none_is_refused" {
  command = plan

  variables {
    ranges = { doors = "10.20.0.0" }
  }

  expect_failures = [var.ranges]
}
