"""Our own policies over Terraform's plan: what scanners do not know of Cloud Run v2, Pub/Sub, Tasks, Atlas and alerts.

python -m infra.policies plan.json   (from `terraform show -json`); one sentence for each breach, 1 when there is any
"""
