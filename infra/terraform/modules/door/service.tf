resource "google_cloud_run_v2_service" "this" {
  project              = var.project.id
  name                 = var.service
  location             = var.region
  deletion_protection  = var.deletion_protection
  invoker_iam_disabled = false
  labels               = { room = replace(var.door.room, "_", "-"), door = var.door.name }

  # People come through the load balancer, with its rate limits and rules; the address of Cloud Run would go around it.
  # Pub/Sub, Cloud Tasks and Cloud Scheduler of this project call that address, which counts as internal.
  ingress              = var.door.public ? "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER" : "INGRESS_TRAFFIC_INTERNAL_ONLY"
  default_uri_disabled = var.door.public

  dynamic "binary_authorization" {
    for_each = var.binary_authorization ? [""] : []
    content {
      use_default = true
    }
  }

  template {
    service_account                  = var.account.email
    timeout                          = "${var.door.timeout}s"
    max_instance_request_concurrency = var.door.concurrency
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"
    encryption_key                   = var.kms_key
    labels                           = { room = replace(var.door.room, "_", "-"), door = var.door.name }

    scaling {
      min_instance_count = local.min_instances
      max_instance_count = local.max_instances
    }

    vpc_access {
      egress = "ALL_TRAFFIC"
      network_interfaces {
        network    = var.network.network
        subnetwork = var.network.subnetwork
        tags       = ["door", var.service]
      }
    }

    containers {
      image = var.image

      ports {
        container_port = 8080
      }

      resources {
        limits = { cpu = tostring(var.door.cpu), memory = local.memory }
        # A warm door listens to invalidations between its requests, which it could not without a CPU.
        cpu_idle          = local.min_instances == 0
        startup_cpu_boost = true
      }

      # Alive, not ready: a door whose database is away still answers what it can, and must not be restarted for it.
      startup_probe {
        initial_delay_seconds = 0
        period_seconds        = 1
        timeout_seconds       = 1
        failure_threshold     = 30
        http_get {
          path = "/health"
          port = 8080
        }
      }

      liveness_probe {
        period_seconds    = 10
        timeout_seconds   = 5
        failure_threshold = 3
        http_get {
          path = "/health"
          port = 8080
        }
      }

      env {
        name  = "FUNCTION_TARGET"
        value = var.door.target
      }
      env {
        name  = "SERVICE_URL"
        value = local.url
      }

      dynamic "env" {
        for_each = var.environment
        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = var.door.secrets
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

  lifecycle {
    # The pipeline brings new images and moves traffic to them step by step; Terraform must not move it back.
    ignore_changes = [
      template[0].containers[0].image,
      template[0].revision,
      traffic,
      client,
      client_version,
    ]

    precondition {
      condition     = alltrue([for secret in values(var.door.secrets) : contains(keys(var.secret_versions), secret)])
      error_message = "${var.service}: secret_versions lacks one of ${join(", ", values(var.door.secrets))}."
    }
  }

  # A revision that cannot read its secrets does not start.
  depends_on = [google_secret_manager_secret_iam_member.secrets]
}
