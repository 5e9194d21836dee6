resource "google_redis_instance" "this" {
  project                 = var.project
  region                  = var.region
  name                    = var.name
  tier                    = "STANDARD_HA"
  memory_size_gb          = var.size.memory_gb
  replica_count           = var.size.replicas
  read_replicas_mode      = var.size.memory_gb >= 5 ? "READ_REPLICAS_ENABLED" : "READ_REPLICAS_DISABLED"
  redis_version           = "REDIS_7_2"
  connect_mode            = "PRIVATE_SERVICE_ACCESS"
  authorized_network      = var.network.id
  reserved_ip_range       = var.network.range
  auth_enabled            = true
  transit_encryption_mode = "SERVER_AUTHENTICATION"
  customer_managed_key    = var.kms_key
  deletion_protection     = var.deletion_protection

  redis_configs = {
    # Everything in it has a life; what would end soonest goes first, and a full cache refuses nobody.
    maxmemory-policy = "volatile-ttl"
    # A fifth of the memory stays free for replication and for writes during a snapshot.
    maxmemory-gb = tostring(floor(var.size.memory_gb * 0.8 * 10) / 10)
  }

  # A restored cache is an old one, but versions keep old prices from being served; it saves the database a cold start.
  persistence_config {
    persistence_mode    = "RDB"
    rdb_snapshot_period = "TWELVE_HOURS"
  }

  maintenance_policy {
    weekly_maintenance_window {
      day = var.maintenance.day
      start_time {
        hours   = var.maintenance.hour
        minutes = 0
        seconds = 0
        nanos   = 0
      }
    }
  }
}
