# Named, typed, described, used.
plugin "terraform" {
  enabled = true
  preset  = "all"
}

# main.tf, variables.tf and outputs.tf everywhere; what belongs together stands together, under a name that says it.
rule "terraform_standard_module_structure" {
  enabled = false
}
