locals {
  member = "serviceAccount:${var.account.email}"
}

resource "google_cloud_run_v2_job" "this" {
  project             = var.project.id
  name                = var.name
  location            = var.region
  deletion_protection = var.deletion_protection
  labels              = { room = replace(var.job.room, "_", "-"), job = var.job.name }

  dynamic "binary_authorization" {
    for_each = var.binary_authorization ? [""] : []
    content {
      use_default = true
    }
  }

  template {
    task_count  = 1
    parallelism = 1
    labels      = { room = replace(var.job.room, "_", "-"), job = var.job.name }

    template {
      service_account       = var.account.email
      timeout               = "${var.job.timeout}s"
      max_retries           = var.job.retries
      execution_environment = "EXECUTION_ENVIRONMENT_GEN2"
      encryption_key        = var.kms_key

      vpc_access {
        egress = "ALL_TRAFFIC"
        network_interfaces {
          network    = var.network.network
          subnetwork = var.network.subnetwork
          tags       = ["door", var.name]
        }
      }

      containers {
        image   = var.image
        command = ["python", "-m", "retailscan"]
        args    = var.job.args

        resources {
          limits = { cpu = tostring(var.job.cpu), memory = var.job.memory }
        }

        dynamic "env" {
          for_each = merge(var.environment, { K_SERVICE = var.name })
          content {
            name  = env.key
            value = env.value
          }
        }

        dynamic "env" {
          for_each = var.job.secrets
          content {
            name = env.key
            value_source {
              secret_key_ref {
                secret  = env.value
                version = lookup(var.secret_versions, env.value, "")
              }
            }
          }
        }
      }
    }
  }

  lifecycle {
    ignore_changes = [template[0].template[0].containers[0].image, client, client_version]
  }

  depends_on = [google_secret_manager_secret_iam_member.secrets]
}
