output "name" {
  description = "The instance's name."
  value       = google_redis_instance.this.name
}

output "url" {
  description = "REDIS_URL: with the password, and with the certificate that Google's own authority signed the server's with."
  value = format(
    "rediss://:%s@%s:%s/0?ssl_ca_data=%s",
    google_redis_instance.this.auth_string,
    google_redis_instance.this.host,
    google_redis_instance.this.port,
    urlencode(join("\n", google_redis_instance.this.server_ca_certs[*].cert)),
  )
  sensitive = true
}
