output "promises" {
  description = "The alert policies by the promise that each watches."
  value = {
    for policy in concat(
      values(google_monitoring_alert_policy.this),
      values(google_monitoring_alert_policy.burn),
      values(google_monitoring_alert_policy.down),
    ) : policy.user_labels.promise => policy.display_name...
  }
}

output "dashboards" {
  description = "The rooms that have a dashboard."
  value       = keys(google_monitoring_dashboard.this)
}
