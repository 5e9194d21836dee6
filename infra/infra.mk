# What brings the suite into the cloud. Included by the Makefile, which knows $(PYTHON) and how to make the environment.

.PHONY: infra-check
infra-check: venv ## everything about infra/terraform: form, schemas, mocks, plans of all environments, policies, scanners
	@infra/providers.sh status 2>/dev/null || echo "infra-check: what is missing above is skipped below; make infra-tools builds it, once"
	$(PYTHON) -m pytest tests/infra/terraform $(ARGS)

.PHONY: infra-tools
infra-tools: ## build Terraform's providers, tflint and checkov outside the repository; tens of minutes the first time
	infra/providers.sh
