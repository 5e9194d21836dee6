# One identity for one door or job, and no key for it: Cloud Run runs as it, nobody else can.
resource "google_service_account" "this" {
  project      = var.project
  account_id   = var.id
  display_name = var.description
}
