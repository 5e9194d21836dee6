# Who calls the private doors of a room: Pub/Sub, Cloud Tasks and Cloud Scheduler sign their requests as this account, and
# the doors let nobody else in. No door runs as it.

locals {
  name  = "call-${var.room}"
  email = "${google_service_account.this.account_id}@${var.project.id}.iam.gserviceaccount.com"

  signers = {
    pubsub    = "gcp-sa-pubsub"
    tasks     = "gcp-sa-cloudtasks"
    scheduler = "gcp-sa-cloudscheduler"
  }
}

resource "google_service_account" "this" {
  project      = var.project.id
  account_id   = local.name
  display_name = "Calls the private doors of ${var.room}"
}

# Without it Google's services could not sign as the account. Older projects do not grant it by themselves.
resource "google_service_account_iam_member" "signers" {
  for_each = local.signers

  service_account_id = google_service_account.this.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = "serviceAccount:service-${var.project.number}@${each.value}.iam.gserviceaccount.com"
}
