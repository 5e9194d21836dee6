# MongoDB Atlas: a project, one cluster, reached by a private endpoint alone.

resource "mongodbatlas_project" "this" {
  name                         = var.name
  org_id                       = var.org_id
  tags                         = var.labels
  with_default_alerts_settings = true
  is_data_explorer_enabled     = false
}

resource "mongodbatlas_advanced_cluster" "this" {
  project_id                     = mongodbatlas_project.this.id
  name                           = var.name
  cluster_type                   = var.cluster.shards > 1 ? "SHARDED" : "REPLICASET"
  mongo_db_major_version         = var.cluster.mongo_version
  backup_enabled                 = true
  pit_enabled                    = true
  termination_protection_enabled = var.termination_protection
  retain_backups_enabled         = true
  encryption_at_rest_provider    = var.kms_key_version == null ? "NONE" : "GCP"
  redact_client_log_data         = true
  tags                           = var.labels

  # One entry a shard. What grows has unique indexes that begin with the store, so `{storeId: "hashed"}` is the key to
  # shard by; begin when the working set no longer fits the memory of the largest size (infra/README.md, Shard).
  replication_specs = [for shard in range(var.cluster.shards) : {
    zone_name = "Zone 1"
    region_configs = [{
      provider_name = "GCP"
      region_name   = var.region.atlas
      priority      = 7
      electable_specs = {
        instance_size = var.cluster.size
        node_count    = var.cluster.nodes
        disk_size_gb  = var.cluster.disk_gb
      }
      auto_scaling = {
        disk_gb_enabled            = true
        compute_enabled            = true
        compute_scale_down_enabled = true
        compute_min_instance_size  = var.cluster.size
        compute_max_instance_size  = var.cluster.max_size
      }
    }]
  }]

  advanced_configuration = {
    javascript_enabled                                             = false
    minimum_enabled_tls_protocol                                   = "TLS1_2"
    default_write_concern                                          = "majority"
    oplog_min_retention_hours                                      = 48
    transaction_lifetime_limit_seconds                             = 30
    sample_size_bi_connector                                       = null
    change_stream_options_pre_and_post_images_expire_after_seconds = -1
  }

  lifecycle {
    # It grows by itself between size and max_size.
    ignore_changes = [
      replication_specs[0].region_configs[0].electable_specs.instance_size,
      replication_specs[0].region_configs[0].electable_specs.disk_size_gb,
    ]
  }

  depends_on = [mongodbatlas_encryption_at_rest.this]
}
