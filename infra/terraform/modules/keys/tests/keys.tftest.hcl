mock_provider "google" {}

variables {
  project = "retail"
  region  = "europe-west1"
  name    = "retailscan"
  agents  = { pubsub = ["service-42@gcp-sa-pubsub.iam.gserviceaccount.com"], mongo = [] }
}

run "a_key_is_used_by_its_own_service_alone_and_renewed" {
  command = plan

  assert {
    condition     = keys(google_kms_crypto_key_iam_member.agents) == ["pubsub/service-42@gcp-sa-pubsub.iam.gserviceaccount.com"]
    error_message = "One agent, one key."
  }
  assert {
    condition     = alltrue([for key in google_kms_crypto_key.this : key.rotation_period == "7776000s"])
    error_message = "Every ninety days."
  }
}
