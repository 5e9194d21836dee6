# Rules are tried by number and the first that fits decides, so attacks are looked for before requests are counted.

locals {
  # Rules of the OWASP core rule set by kind, five at most in one expression of Cloud Armor.
  core = {
    injections = ["sqli-v33-stable", "xss-v33-stable", "rce-v33-stable", "lfi-v33-stable", "rfi-v33-stable"]
    protocols  = ["protocolattack-v33-stable", "sessionfixation-v33-stable", "scannerdetection-v33-stable"]
  }
  waf = merge(
    {
      for kind, sets in local.core : kind => join(" || ", [
        for set in sets : "evaluatePreconfiguredWaf('${set}', {'sensitivity': 1})"
      ])
    },
    # Holes that are used before everybody has mended them: Log4j and the like.
    { vulnerabilities = "evaluatePreconfiguredExpr('cve-canary')" },
  )

  patterns = {
    for route in var.routes :
    route.path => replace(replace(route.path, "/\\{[A-Za-z]+\\}/", "[^/]+"), ".", "[.]") if route.service != null
  }

  # Routes with a limit of their own are counted each by itself. All others are counted by the service that they lead to, in
  # the order of the URL map: rules with expressions are few in a project, and each has its price.
  counted = merge(
    {
      for service in local.services : service => {
        order = 2000 + min([for route in var.routes : route.priority if route.service == service]...)
        limit = lookup(var.rate_limits.services, service, var.rate_limits.default)
        paths = [
          for route in var.routes : local.patterns[route.path]
          if route.service == service && !contains(keys(var.rate_limits.routes), route.path)
        ]
      }
    },
    {
      for route in var.routes : route.path => {
        order = 1500 + route.priority
        limit = var.rate_limits.routes[route.path]
        paths = [local.patterns[route.path]]
      } if route.service != null && contains(keys(var.rate_limits.routes), route.path)
    },
  )
}

resource "google_compute_security_policy" "this" {
  project     = var.project
  name        = var.name
  description = "Who floods or attacks is stopped before a door is woken."

  adaptive_protection_config {
    layer_7_ddos_defense_config {
      enable = true
    }
  }

  advanced_options_config {
    json_parsing = "STANDARD"
    log_level    = "NORMAL"
  }

  dynamic "rule" {
    for_each = length(var.blocked_ranges) > 0 ? [""] : []
    content {
      action      = "deny(403)"
      priority    = 100
      description = "Addresses that are let nowhere."
      match {
        versioned_expr = "SRC_IPS_V1"
        config {
          src_ip_ranges = var.blocked_ranges
        }
      }
    }
  }

  dynamic "rule" {
    for_each = keys(local.waf)
    iterator = kind
    content {
      action      = "deny(403)"
      priority    = 1000 + kind.key
      preview     = var.waf_preview
      description = "Known attacks: ${kind.value}."
      match {
        expr {
          expression = local.waf[kind.value]
        }
      }
    }
  }

  dynamic "rule" {
    for_each = { for name, each in local.counted : name => each if length(each.paths) > 0 }
    iterator = each
    content {
      action      = "rate_based_ban"
      priority    = each.value.order
      description = "Requests of one address to ${each.key}."
      match {
        expr {
          expression = "request.path.matches('^(?:${join("|", each.value.paths)})(?:/|$)')"
        }
      }
      rate_limit_options {
        conform_action   = "allow"
        exceed_action    = "deny(429)"
        enforce_on_key   = "IP"
        ban_duration_sec = 600
        rate_limit_threshold {
          count        = each.value.limit.per_minute
          interval_sec = 60
        }
        ban_threshold {
          count        = each.value.limit.ban_per_minute
          interval_sec = 60
        }
      }
    }
  }

  rule {
    action      = "allow"
    priority    = 2147483647
    description = "Everything else."
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
  }
}
