# What no environment takes, whatever its values.

mock_provider "google" {}
mock_provider "mongodbatlas" {}

run "without_images_one_is_told_which" {
  command = plan

  variables {
    rooms  = []
    images = {}
  }

  assert {
    condition     = length(output.services) == 0 && length(output.secrets_to_bring) > 0
    error_message = "The first apply makes what lies under the doors, and says what to bring."
  }
}

run "an_image_by_its_tag_is_refused" {
  command = plan

  variables {
    images = { scan = "registry/scan:latest" }
    rooms  = []
  }

  expect_failures = [var.images]
}

run "keys_of_our_own_are_where_the_data_is" {
  command = plan

  variables {
    cmek   = true
    region = { google = "europe-west1", atlas = "WESTERN_EUROPE", data = "US" }
    rooms  = []
  }

  expect_failures = [var.region]
}

run "an_erp_that_is_a_person_is_refused" {
  command = plan

  variables {
    tenants = { fresko = { erp_service_accounts = ["somebody@fresko.example"] } }
    rooms   = []
  }

  expect_failures = [var.tenants]
}

run "a_project_without_a_number_is_refused" {
  command = plan

  variables {
    project = { id = "retailscan", number = "retailscan" }
    rooms   = []
  }

  expect_failures = [var.project]
}
