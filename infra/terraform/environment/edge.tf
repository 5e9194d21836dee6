module "static" {
  source = "../modules/bucket"

  project    = var.project.id
  name       = "${var.project.id}-static"
  location   = var.region.data
  public     = true
  retention  = {}
  log_bucket = module.logs.name
}

module "edge" {
  source = "../modules/edge"

  project       = var.project.id
  region        = var.region.google
  domain        = var.domain
  static_bucket = module.static.name
  rate_limits   = var.rate_limits
  waf_preview   = var.waf_preview
  candidates    = var.candidates
  routes = [
    for route in module.topology.routes : merge(route, {
      service = route.service == null ? null : module.doors[route.service].service
    })
  ]
}

locals {
  limited = setunion(keys(var.rate_limits.services), keys(var.rate_limits.routes))
  reached = flatten([for route in module.topology.routes : [route.path, route.service] if route.service != null])
}

check "rate_limits" {
  assert {
    condition     = var.rooms != null || length(setsubtract(local.limited, local.reached)) == 0
    error_message = "rate_limits names what nobody reaches: ${join(", ", setsubtract(local.limited, local.reached))}."
  }
}
